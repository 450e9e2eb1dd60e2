"""Tasks that are measures of feedback: made, moved and confirmed as that service tells."""

from __future__ import annotations

from functools import partial

from services.chassis.catalogue import Catalogue
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Documents
from services.chassis.envelope import Event
from services.contracts.feedback_events import (
    MeasureCancelled,
    MeasureChanged,
    MeasurePlanned,
    ResultPublished,
)
from services.contracts.links import task_of_measure
from services.records.plans import beginnings as begin
from services.records.plans import model as rules
from services.records.plans.model import State


class Measured:
    """One measure is one task, whose id follows from it. Events come in their order, each once.

    What is told without a title answers what was said about a head: of that there is no task.
    """

    def __init__(self, tasks: Documents, clock: Clock, catalogue: Catalogue) -> None:
        # Why a measure was given up stays where it is kept: events carry no reasons.
        self._given_up = catalogue.render("task.measure_given_up")["zh"]
        self._tasks = tasks
        self._clock = clock

    def follow(self, event: Event) -> None:
        """Apply one event of a measure; those that change nothing here are taken note of."""
        task = task_of_measure(event.data["measure"])
        known = self._tasks.find_one({"_id": task})
        if event.type == MeasurePlanned.type and "title" in event.data and known is None:
            change = begin.measured(task, event.data, today=self._clock.today())
            self._tasks.create(task, change.state, change.events)
        elif event.type == MeasureChanged.type and known is not None:
            told = {"responsible": event.data["owner"], "due_on": event.data["due_on"].isoformat()}
            self._tasks.change(task, partial(_moved, task, told=told))
        elif event.type == MeasureCancelled.type and known is not None:
            self._tasks.change(task, partial(_cancelled, task, reason=self._given_up))
        elif event.type == ResultPublished.type and known is not None:
            self._tasks.change(task, partial(_confirmed, task, on=event.data["published_on"].isoformat()))


def _moved(task: str, before: State, *, told: State) -> Change | None:
    if before["state"] != "open" or {**before, **told} == before:
        return None
    return rules.changed(task, {**before, **told, "told_overdue": False})


def _cancelled(task: str, before: State, *, reason: str) -> Change | None:
    if before["state"] not in ("open", "done"):
        return None
    return rules.cancel(task, before, reason=reason)


def _confirmed(task: str, before: State, *, on: str) -> Change | None:
    """Its result was reviewed where the measure is kept; what was cancelled here stays so."""
    if before["state"] not in ("open", "done"):
        return None
    return rules.confirmed_elsewhere(task, before, on=on)
