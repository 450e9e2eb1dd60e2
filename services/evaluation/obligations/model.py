"""Obligations: who owes what in which period, what fulfils it, and how its state turns. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from services.chassis.contract import EventContract, NewEvent
from services.chassis.identity import derived_id
from services.contracts.evaluation_events import (
    ObligationDueSoon,
    ObligationExempted,
    ObligationFulfilled,
    ObligationMissed,
    ObligationOpened,
    ObligationOverdue,
    ObligationReopened,
)
from services.evaluation.evidence.model import Evidence

OPEN, DUE_SOON, OVERDUE = "open", "due_soon", "overdue"
FULFILLED, FULFILLED_LATE = "fulfilled", "fulfilled_late"
EXEMPTED, MISSED = "exempted", "missed"
OUTSTANDING = (OPEN, DUE_SOON, OVERDUE)

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Rule:
    """What a pack says an organisation owes. Its ``id`` is the kind of activity that fulfils it.

    ``owed_by``: ``branch``, ``branch_with_committee`` or ``group``. ``every``: ``month``, ``quarter`` or
    ``year``. All days are calendar days: ``grace_days`` after the period a record still counts as on time,
    ``make_up_days`` more and it counts as made up.
    """

    id: str
    owed_by: str
    every: str
    needed: int
    grace_days: int
    make_up_days: int
    due_soon_days: int
    pack: str
    article: str
    hardness: str


@dataclass(frozen=True)
class Period:
    """A month, a quarter or a year of the campus calendar; both days are in it."""

    label: str
    first: date
    last: date


@dataclass(frozen=True)
class Organisation:
    """An organisation as far as its obligations depend on it."""

    id: str
    kind: str
    has_committee: bool
    founded_on: date
    active: bool


@dataclass(frozen=True, slots=True)
class Obligation:
    """What one organisation owes in one period, and the records taken for it (oldest first)."""

    rule: Rule
    organisation: str
    period: Period
    state: str
    taken: tuple[str, ...] = ()
    fulfilled_on: date | None = None

    @property
    def id(self) -> str:
        return obligation_id(self.organisation, self.rule.id, self.period.label)

    @property
    def due_on(self) -> date:
        return due_on(self.rule, self.period)

    @property
    def make_up_until(self) -> date:
        return make_up_until(self.rule, self.period)


@lru_cache(maxsize=100_000)
def obligation_id(organisation: str, rule: str, period: str) -> str:
    """The same on every replica and after every rebuild."""
    return derived_id("obligation", organisation, rule, period)


def due_on(rule: Rule, period: Period) -> date:
    """The last day on which a record is on time."""
    return period.last + timedelta(days=rule.grace_days)


def make_up_until(rule: Rule, period: Period) -> date:
    """The last day on which a record can still make up for it."""
    return due_on(rule, period) + timedelta(days=rule.make_up_days)


def period_of(every: str, day: date) -> Period:
    """The period that ``day`` lies in."""
    length = _MONTHS[every]
    start = (day.month - 1) // length * length + 1
    after = start + length
    last = date(day.year + (after > 12), (after - 1) % 12 + 1, 1) - timedelta(days=1)
    label = {
        "month": f"{day.year}-{start:02}",
        "quarter": f"{day.year}-Q{start // 3 + 1}",
        "year": f"{day.year}",
    }[every]
    return Period(label, date(day.year, start, 1), last)


@lru_cache(maxsize=1_000)
def periods(every: str, since: date, today: date) -> tuple[Period, ...]:
    """The periods that begin from ``since`` to ``today``, both included, oldest first."""
    return tuple(_periods(every, since, today))


def _periods(every: str, since: date, today: date) -> Iterator[Period]:
    period = period_of(every, since)
    while period.first <= today:
        if period.first >= since:
            yield period
        period = period_of(every, period.last + timedelta(days=1))


def owes(rule: Rule, organisation: Organisation) -> bool:
    """Whether the rule applies to the organisation as it is now."""
    if not organisation.active:
        return False
    if rule.owed_by == "branch_with_committee":
        return organisation.kind == "branch" and organisation.has_committee
    return organisation.kind == rule.owed_by


def obligations(
    rule: Rule,
    organisation: str,
    *,
    since: date,
    today: date,
    evidence: Iterable[Evidence],
    exempted: Collection[str] = (),
) -> list[Obligation]:
    """What ``organisation`` owes under ``rule`` in each period that began from ``since`` to ``today``.

    A pure function of its arguments; the order of ``evidence`` does not matter. Each record is taken
    once: by the period it was held in, else by an older one within its grace days, else to make up for
    the oldest period that lacks one. Where a period has a choice, it leaves the one before what still
    counts there on time. ``exempted`` holds labels of periods that are owed no more.
    """
    records = sorted(
        (each.held_on, each.activity)
        for each in evidence
        if each.counts and each.kind == rule.id and each.organisation == organisation
    )
    owed = periods(rule.every, since, today)
    taken = _allocate(rule, owed, records)
    return [
        _obligation(rule, organisation, period, taken[period.label], today, period.label in exempted)
        for period in owed
    ]


def _allocate(
    rule: Rule, owed: Sequence[Period], records: Sequence[tuple[date, str]]
) -> Mapping[str, list[tuple[date, str]]]:
    free = list(records)
    taken: dict[str, list[tuple[date, str]]] = {period.label: [] for period in owed}

    def take(period: Period, after: date, until: date) -> None:
        mine = taken[period.label]
        if not free or len(mine) == rule.needed:
            return
        for record in [each for each in free if after < each[0] <= until]:
            if len(mine) == rule.needed:
                return
            mine.append(record)
            free.remove(record)

    for period in owed:
        before = period.first - timedelta(days=1)
        grace = before + timedelta(days=rule.grace_days)
        take(period, grace, period.last)
        take(period, before, min(grace, period.last))
    for period in owed:
        take(period, period.last, due_on(rule, period))
    for period in owed:
        take(period, due_on(rule, period), make_up_until(rule, period))
    return {label: sorted(mine) for label, mine in taken.items()}


def _obligation(
    rule: Rule,
    organisation: str,
    period: Period,
    taken: Sequence[tuple[date, str]],
    today: date,
    exempted: bool,
) -> Obligation:
    days = [day for day, _ in taken]
    activities = tuple(activity for _, activity in taken)
    state = state_of(rule, period, days, today)
    if exempted and len(taken) < rule.needed:
        state = EXEMPTED
    fulfilled_on = days[-1] if state in (FULFILLED, FULFILLED_LATE) else None
    return Obligation(rule, organisation, period, state, activities, fulfilled_on)


def state_of(rule: Rule, period: Period, days: Sequence[date], today: date) -> str:
    """The state of an obligation whose records were held on ``days`` (sorted), as of ``today``.

    The day of the activity decides what is late, not the day of its approval.
    """
    due = due_on(rule, period)
    if len(days) >= rule.needed:
        return FULFILLED if days[rule.needed - 1] <= due else FULFILLED_LATE
    if today > make_up_until(rule, period):
        return MISSED
    if today > due:
        return OVERDUE
    if today > due - timedelta(days=rule.due_soon_days):
        return DUE_SOON
    return OPEN


def turned(before: str | None, now: Obligation) -> list[NewEvent]:
    """The events that tell the way from the state ``before`` (``None``: not yet opened) to ``now``.

    The same state again tells nothing, so recomputing is free. Withdrawn evidence reopens.
    """
    if before == now.state:
        return []
    told: list[NewEvent] = []
    if before is None:
        told.append(_event(ObligationOpened, now))
    elif now.state == OPEN or (before not in OUTSTANDING and now.state in (DUE_SOON, OVERDUE, MISSED)):
        told.append(_event(ObligationReopened, now))
    if now.state in (FULFILLED, FULFILLED_LATE):
        told.append(_event(ObligationFulfilled, now, late=now.state == FULFILLED_LATE))
    elif now.state in _TOLD_BY:
        told.append(_event(_TOLD_BY[now.state], now))
    return told


_TOLD_BY: Mapping[str, type[EventContract]] = {
    DUE_SOON: ObligationDueSoon,
    OVERDUE: ObligationOverdue,
    MISSED: ObligationMissed,
    EXEMPTED: ObligationExempted,
}


def _event(contract: type[EventContract], now: Obligation, **more: Any) -> NewEvent:
    return contract.of(
        obligation=now.id,
        organisation=now.organisation,
        rule=now.rule.id,
        period=now.period.label,
        due_on=now.due_on,
        pack=now.rule.pack,
        article=now.rule.article,
        **more,
    )
