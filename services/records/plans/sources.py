"""Tasks that nobody enters: what an activity decided to be done by a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis.bundles import BundledDocuments
from services.chassis.clock import Clock
from services.chassis.envelope import Event
from services.chassis.errors import Retryable
from services.chassis.identity import derived_id
from services.records.activities.reading import ActivityReading
from services.records.directory.store import found_by
from services.records.plans import beginnings as rules


class Sources:
    """Any order and any repetition of the same events has one effect: a decision is one task.

    It is known by activity and words. Approved again after an amendment, a task that is there stays as it is,
    and what is decided anew is another.
    """

    def __init__(self, activities: ActivityReading, tasks: BundledDocuments, clock: Clock) -> None:
        self._activities = activities
        self._tasks = tasks
        self._clock = clock

    def follow(self, events: Sequence[Event]) -> None:
        """Make the tasks that approved activities decided."""
        # Of those imported nobody knows what was decided.
        known = {event.data["activity"] for event in events if not event.data["imported"]}
        held = found_by(self._activities.documents, "_id", known)
        if len(held) < len(known):
            raise Retryable("unknown_activity")
        wanted = {
            decided_id(each.id, decision["text"]): (each, decision)
            for each in held
            for decision in dated(each.state["decisions"])
        }
        met = {each.id for each in found_by(self._tasks, "_id", wanted)}
        today = self._clock.today()
        written = []
        for task, (activity, decision) in wanted.items():
            if task not in met:
                # Who may not read what was said does not learn it by what is to be done.
                confined = self._activities.kinds[activity.state["kind"]].visibility != "open"
                change = rules.decided(
                    task, decision, activity.id, activity.state, confined=confined, today=today
                )
                written.append((task, change.state, change.events))
        self._tasks.create_many(written)  # what another replica made meanwhile stays


def dated(decisions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of ``decisions`` that are to be done by a day; the others ask for nothing."""
    return [each for each in decisions if each["due_on"]]


def decided_id(activity: str, text: str) -> str:
    """The one task that a decision of an activity is."""
    return derived_id("decided task", activity, text)
