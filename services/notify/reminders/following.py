"""What is followed: which event begins a watch, which ends it, and what it is a watch of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Any

from services.chassis.contract import EventContract
from services.contracts.evaluation_events import (
    AnomalyConcluded,
    AnomalyRaised,
    ObligationDueSoon,
    ObligationExempted,
    ObligationFulfilled,
    ObligationMissed,
    ObligationOverdue,
    ObligationReopened,
)
from services.contracts.feedback_events import (
    OpinionAdopted,
    OpinionDeclined,
    OpinionDueSoon,
    OpinionMerged,
    OpinionOverdue,
    OpinionPaused,
    OpinionReassigned,
)
from services.contracts.records_events import (
    ElectionDueSoon,
    ElectionEnded,
    ElectionOverdue,
    ElectionShiftDecided,
)
from services.notify.reminders.model import Reason, Watch

Told = Mapping[str, Any]


# What an event calls the thing that a watch of the kind is about, where that is not the kind's own name.
SUBJECTS: Mapping[str, str] = {"talk": "anomaly"}


class Turn(Enum):
    """What an event does to a watch."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    REOPENED = "reopened"
    MOVED = "moved"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Followed:
    """What one type of event means; where ``only_if`` is a field of it, only if that is true.

    ``since`` is the field from which the days of the ladder count, where the event names no due day.
    """

    kind: str
    turn: Turn
    reason: Reason | None = None
    only_if: str | None = None
    since: str | None = None

    def subject(self, told: Told) -> str:
        """The id of what the event is about."""
        return str(told[SUBJECTS.get(self.kind, self.kind)])

    def due_on(self, told: Told, due_in_days: int) -> date | None:
        """The day on which it is due; None for an event that only ends or moves a watch."""
        if self.since is not None:
            begun: date = told[self.since]
            return begun + timedelta(days=due_in_days)
        named: date | None = told.get("due_on")
        return named

    def counts(self, told: Told) -> bool:
        """Whether the event means anything here.

        Of what is about a head nobody is reminded: whom it is kept from is known to feedback alone.
        """
        return not told.get("restricted") and (self.only_if is None or bool(told[self.only_if]))


FOLLOWED: Mapping[type[EventContract], Followed] = {
    ObligationDueSoon: Followed("obligation", Turn.DUE_SOON),
    ObligationOverdue: Followed("obligation", Turn.OVERDUE),
    ObligationReopened: Followed("obligation", Turn.REOPENED),
    ObligationFulfilled: Followed("obligation", Turn.STOPPED, Reason.FULFILLED),
    ObligationMissed: Followed("obligation", Turn.STOPPED, Reason.MISSED),
    ObligationExempted: Followed("obligation", Turn.STOPPED, Reason.EXEMPTED),
    # Adopted: a measure answers it, and its own day counts. Paused: told of anew once the clock goes on.
    OpinionDueSoon: Followed("opinion", Turn.DUE_SOON),
    OpinionOverdue: Followed("opinion", Turn.OVERDUE),
    OpinionAdopted: Followed("opinion", Turn.STOPPED, Reason.FULFILLED),
    OpinionDeclined: Followed("opinion", Turn.STOPPED, Reason.FULFILLED),
    OpinionMerged: Followed("opinion", Turn.STOPPED, Reason.FULFILLED),
    OpinionPaused: Followed("opinion", Turn.STOPPED, Reason.REOPENED),
    OpinionReassigned: Followed("opinion", Turn.MOVED),
    # A decision on another day is told of anew when that day is near.
    ElectionDueSoon: Followed("election", Turn.DUE_SOON),
    ElectionOverdue: Followed("election", Turn.OVERDUE),
    ElectionEnded: Followed("election", Turn.STOPPED, Reason.FULFILLED),
    ElectionShiftDecided: Followed("election", Turn.STOPPED, Reason.REOPENED, only_if="approved"),
    AnomalyRaised: Followed("talk", Turn.DUE_SOON),
    AnomalyConcluded: Followed("talk", Turn.STOPPED, Reason.FULFILLED),
}
_RULES: Mapping[str, Callable[[Told], tuple[str, str]]] = {
    "obligation": lambda told: (told["rule"], told["period"]),
}


def contracts_of(kind: str) -> tuple[type[EventContract], ...]:
    """The types of events that watches of ``kind`` are told by."""
    return tuple(contract for contract, followed in FOLLOWED.items() if followed.kind == kind)


def watch_of(followed: Followed, told: Told, due_on: date) -> Watch:
    """A watch of what ``told`` is about, as if it were the first word of it."""
    rule, period = _RULES.get(followed.kind, lambda _: (followed.kind, ""))(told)
    return Watch(followed.subject(told), followed.kind, told["organisation"], rule, period, due_on)
