"""Obligations: what is owed under which rule in which period, until when, and the states of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Protocol

from services.chassis.identity import derived_id
from services.evaluation.obligations.calendar import PLAIN, Calendar, Period

OPEN, DUE_SOON, OVERDUE = "open", "due_soon", "overdue"
FULFILLED, FULFILLED_LATE = "fulfilled", "fulfilled_late"
EXEMPTED, MISSED = "exempted", "missed"
OUTSTANDING = (OPEN, DUE_SOON, OVERDUE)
ORGANISATIONS = ("branch", "branch_with_committee", "group", "secondary", "leading_group")
PERSONS = (
    "activist",
    "probationary",
    "member",
    "ordinary_member",
    "leading",
    "committee_member",
    "committee_secretary",
)
OWNERS = (*ORGANISATIONS, *PERSONS)
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
    ``from_month`` is when in its period it is generally held. Of a case that begins with a post, ``months``
    say how long after its first day it is due.
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
    months: int = 0

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
