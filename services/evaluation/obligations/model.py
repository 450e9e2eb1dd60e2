"""Obligations: who owes what in which period, what fulfils it, and how its state turns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
OWNERS = ("branch", "branch_with_committee", "group")

MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, order=True)
class Rule:
    """What a pack says an organisation owes. Its ``id`` is the kind of activity that fulfils it.

    ``owed_by`` is one of ``OWNERS``. ``every``: ``month``, ``quarter`` or
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

    every: str
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


@dataclass(frozen=True)
class Owed:
    """A rule and a period that it applies to. ``released``: the day on which it ceased to, if it did."""

    rule: Rule
    period: Period
    released: date | None = None


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
    length = MONTHS[every]
    start = (day.month - 1) // length * length + 1
    after = start + length
    last = date(day.year + (after > 12), (after - 1) % 12 + 1, 1) - timedelta(days=1)
    label = {
        "month": f"{day.year}-{start:02}",
        "quarter": f"{day.year}-Q{start // 3 + 1}",
        "year": f"{day.year}",
    }[every]
    return Period(every, label, date(day.year, start, 1), last)


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


def obligations(
    owed: Sequence[Owed], organisation: str, *, today: date, evidence: Iterable[Evidence]
) -> list[Obligation]:
    """What became by ``today`` of what ``organisation`` owes under one rule's id, in the order of ``owed``.

    A pure function of its arguments; the order of ``evidence`` does not matter. Each record is taken
    once: by the period it was held in, else by an older one within its grace days, else to make up for
    the oldest period that lacks one. Where a period has a choice, it leaves the one before what still
    counts there on time. What could still be held on the day of release is exempted, and stays so.
    """
    kinds = {each.rule.id for each in owed}
    records = sorted(
        (each.held_on, each.activity)
        for each in evidence
        if each.counts and each.kind in kinds and each.organisation == organisation
    )
    taken = _allocate(owed, records)
    return [_obligation(each, organisation, taken[each.period.label], today) for each in owed]


def _allocate(
    owed: Sequence[Owed], records: Sequence[tuple[date, str]]
) -> Mapping[str, list[tuple[date, str]]]:
    free = list(records)
    taken: dict[str, list[tuple[date, str]]] = {each.period.label: [] for each in owed}

    def take(each: Owed, after: date, until: date) -> None:
        mine = taken[each.period.label]
        if not free or len(mine) == each.rule.needed:
            return
        for record in [one for one in free if after < one[0] <= until]:
            if len(mine) == each.rule.needed:
                return
            mine.append(record)
            free.remove(record)

    for each in owed:
        before = each.period.first - timedelta(days=1)
        grace = before + timedelta(days=each.rule.grace_days)
        take(each, grace, each.period.last)
        take(each, before, min(grace, each.period.last))
    lacking = [each for each in owed if len(taken[each.period.label]) < each.rule.needed] if free else []
    for each in lacking:
        take(each, each.period.last, due_on(each.rule, each.period))
    for each in lacking:
        take(each, due_on(each.rule, each.period), make_up_until(each.rule, each.period))
    return {label: sorted(mine) for label, mine in taken.items()}


def _obligation(owed: Owed, organisation: str, taken: Sequence[tuple[date, str]], today: date) -> Obligation:
    rule, period = owed.rule, owed.period
    days = [day for day, _ in taken]
    state = state_of(rule, period, days, today)
    if owed.released and len(taken) < rule.needed and owed.released <= make_up_until(rule, period):
        state = EXEMPTED
    fulfilled_on = days[-1] if state in (FULFILLED, FULFILLED_LATE) else None
    return Obligation(
        rule, organisation, period, state, tuple(activity for _, activity in taken), fulfilled_on
    )


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
