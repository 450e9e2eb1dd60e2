"""Obligations: what is owed in which period, what fulfils it, and how its state turns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

from services.chassis.identity import derived_id
from services.evaluation.obligations.calendar import PLAIN, Calendar, Period

OPEN, DUE_SOON, OVERDUE = "open", "due_soon", "overdue"
FULFILLED, FULFILLED_LATE = "fulfilled", "fulfilled_late"
EXEMPTED, MISSED = "exempted", "missed"
OUTSTANDING = (OPEN, DUE_SOON, OVERDUE)
ORGANISATIONS = ("branch", "branch_with_committee", "group", "secondary", "leading_group")
PERSONS = ("activist", "probationary", "member", "ordinary_member", "leading", "committee_secretary")
OWNERS = (*ORGANISATIONS, *PERSONS)

MONTHS = {"month": 1, "quarter": 3, "year": 12}
LENGTHS = (*MONTHS, "fortnight")
CASE = "case"  # one thing with a due date of its own
NEVER = 36_500  # days: what can be made up for as long as it is owed


class Counted(Protocol):
    """What may fulfil an obligation: a record of an activity, or a credit, or a report."""

    @property
    def activity(self) -> str:
        """What it is named by."""

    @property
    def organisation(self) -> str:
        """Whose it is: an organisation, or a person."""

    @property
    def kind(self) -> str:
        """What it is evidence of."""

    @property
    def held_on(self) -> date:
        """The campus day that decides which period it is of."""

    @property
    def period(self) -> str:
        """The one that it was handed in for; empty where its day alone decides."""

    @property
    def counts(self) -> bool:
        """False once it was withdrawn."""

    @property
    def amount(self) -> int:
        """How much of what is needed it is: 1, or minutes."""

    @property
    def expected(self) -> int:
        """Who should have been there."""

    @property
    def present(self) -> int:
        """Who was."""


@dataclass(frozen=True, order=True)
class Rule:
    """What a pack says somebody owes.

    ``owed_by`` is one of ``OWNERS``, ``every`` one of ``LENGTHS`` or ``CASE``. ``needed`` is a number of
    records, or of minutes. ``grace_days`` after the period a record still counts as on time,
    ``make_up_days`` more and it counts as made up; both are calendar days, unless ``working``. ``kind`` of
    evidence fulfils it, where at least ``present`` of every ``of`` who were expected were there.
    ``from_month`` is when in its period it is generally held.
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
    kind: str = ""
    present: int = 0
    of: int = 1
    working: bool = False
    from_month: int = 0

    @property
    def fulfilled_by(self) -> str:
        """The kind of evidence that fulfils it: where the pack names none, its own name."""
        return self.kind or self.id

    @property
    def personal(self) -> bool:
        """Whether persons owe it."""
        return self.owed_by in (*PERSONS, "person")

    def quorate(self, record: Counted) -> bool:
        """Whether enough of those expected were there; whole numbers are compared, never fractions."""
        return self.of * record.present >= self.present * record.expected


@dataclass(frozen=True)
class Organisation:
    """An organisation as far as its obligations depend on it."""

    id: str
    kind: str
    has_committee: bool
    founded_on: date
    active: bool
    has_leading_group: bool = False


@dataclass(frozen=True)
class Owed:
    """A rule and a period that it applies to.

    ``released``: the day on which it ceased to, if it did. ``exemption``: the id of the one that covers it.
    """

    rule: Rule
    period: Period
    released: date | None = None
    exemption: str | None = None
    calendar: Calendar = PLAIN

    @property
    def due_on(self) -> date:
        return due_on(self.rule, self.period, self.calendar)

    @property
    def make_up_until(self) -> date:
        return make_up_until(self.rule, self.period, self.calendar)


@dataclass(frozen=True, slots=True)
class Obligation:
    """What an organisation or a ``person`` owes in one period, and the records taken (oldest first).

    Of a person ``organisation`` is the one they belong to. ``case`` is the bill, task, opinion, meeting or
    term that it is about. ``posts_only``: shown to who owes it and to posts, not to members.
    """

    rule: Rule
    organisation: str
    period: Period
    state: str
    taken: tuple[str, ...] = ()
    fulfilled_on: date | None = None
    exemption: str | None = None
    person: str | None = None
    case: str | None = None
    posts_only: bool = False
    calendar: Calendar = field(default=PLAIN, compare=False, repr=False)

    @property
    def owner(self) -> str:
        """Who owes it."""
        return self.person or self.organisation

    @property
    def id(self) -> str:
        return obligation_id(self.owner, self.rule.id, self.case or self.period.label)

    @property
    def due_on(self) -> date:
        return due_on(self.rule, self.period, self.calendar)

    @property
    def make_up_until(self) -> date:
        return make_up_until(self.rule, self.period, self.calendar)


@lru_cache(maxsize=100_000)
def obligation_id(owner: str, rule: str, period: str) -> str:
    """The same on every replica and after every rebuild."""
    return derived_id("obligation", owner, rule, period)


def due_on(rule: Rule, period: Period, calendar: Calendar = PLAIN) -> date:
    """The last day on which a record is on time."""
    return calendar.after(period.last, rule.grace_days, working=rule.working)


def make_up_until(rule: Rule, period: Period, calendar: Calendar = PLAIN) -> date:
    """The last day on which a record can still make up for it."""
    due = due_on(rule, period, calendar)
    return calendar.after(due, rule.make_up_days, working=rule.working and rule.make_up_days < NEVER)


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
    owed: Sequence[Owed], organisation: str, *, today: date, evidence: Iterable[Counted]
) -> list[Obligation]:
    """What became by ``today`` of what ``organisation`` owes under one rule's id, in the order of ``owed``.

    A pure function of its arguments; the order of ``evidence`` does not matter. Each record is taken
    once: by the period it was held in, else by an older one within its grace days, else to make up for
    the oldest period that lacks one. Where a period has a choice, it leaves the one before what still
    counts there on time. What could still be held on the day of release is exempted, and stays so.
    """
    kinds = {each.rule.fulfilled_by for each in owed}
    records = sorted(
        (
            each
            for each in evidence
            if each.counts and each.kind in kinds and each.organisation == organisation
        ),
        key=_by_day,
    )
    taken = _allocate(owed, records)
    return [_obligation(each, organisation, taken[each.period.label], today) for each in owed]


def _allocate(owed: Sequence[Owed], records: Sequence[Counted]) -> Mapping[str, list[Counted]]:
    free = list(records)
    taken: dict[str, list[Counted]] = {each.period.label: [] for each in owed}

    def lacks(each: Owed) -> bool:
        return sum(record.amount for record in taken[each.period.label]) < each.rule.needed

    def take(each: Owed, after: date, until: date) -> None:
        if not free or not lacks(each):
            return
        for record in [one for one in free if after < one.held_on <= until and each.rule.quorate(one)]:
            if not lacks(each):
                return
            taken[each.period.label].append(record)
            free.remove(record)

    for each in owed:
        before = each.period.first - timedelta(days=1)
        grace = before + timedelta(days=each.rule.grace_days)
        take(each, grace, each.period.last)
        take(each, before, min(grace, each.period.last))
    lacking = [each for each in owed if lacks(each)] if free else []
    for each in lacking:
        take(each, each.period.last, each.due_on)
    for each in lacking:
        take(each, each.due_on, each.make_up_until)
    return {label: sorted(mine, key=_by_day) for label, mine in taken.items()}


def _by_day(record: Counted) -> tuple[date, str]:
    return record.held_on, record.activity


def _obligation(owed: Owed, organisation: str, taken: Sequence[Counted], today: date) -> Obligation:
    rule = owed.rule
    done_on = fulfilling_day(rule, taken)
    state = state_of(owed, done_on, today)
    if done_on is None:
        released = owed.released is not None and owed.released <= owed.make_up_until
        state = EXEMPTED if owed.exemption or released else state
    return Obligation(
        rule,
        organisation,
        owed.period,
        state,
        tuple(each.activity for each in taken),
        done_on,
        exemption=owed.exemption if state == EXEMPTED else None,
        calendar=owed.calendar,
    )


def fulfilling_day(rule: Rule, taken: Iterable[Counted]) -> date | None:
    """The day of the record with which enough was there; None where it is not. ``taken``: oldest first."""
    so_far = 0
    for each in taken:
        so_far += each.amount
        if so_far >= rule.needed:
            return each.held_on
    return None


def state_of(owed: Owed, done_on: date | None, today: date) -> str:
    """The state, as of ``today``, of what was done on ``done_on``, or was not.

    The day of the activity decides what is late, not the day of its approval.
    """
    due = owed.due_on
    if done_on is not None:
        return FULFILLED if done_on <= due else FULFILLED_LATE
    if today > owed.make_up_until:
        return MISSED
    if today > due:
        return OVERDUE
    if today > due - timedelta(days=owed.rule.due_soon_days):
        return DUE_SOON
    return OPEN
