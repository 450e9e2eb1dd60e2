"""The campus calendar of obligations: terms and vacations, working days, and the periods they make. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Protocol

from services.chassis.policies import Pack, PackError

FORTNIGHT = timedelta(days=14)
LEAST = timedelta(days=7)  # less than that at the end of a term is no period of its own
_DAY = timedelta(days=1)
_FURTHEST = 400


class Works(Protocol):
    """What is asked about working days; injected."""

    def works(self, day: date) -> bool:
        """Whether ``day`` is a working day."""

    def announced(self, day: date) -> bool:
        """Whether that is certain."""


@dataclass(frozen=True)
class Period:
    """A stretch of the calendar in which something is owed; both days are in it.

    ``every`` is a length (``month``, ``quarter``, ``year``, ``fortnight``) or ``case``: one thing with a
    due date of its own.
    """

    every: str
    label: str
    first: date
    last: date


@dataclass(frozen=True)
class Term:
    """A term of lectures, both days included. The ``usual`` one stands for a year that is not announced."""

    label: str
    first: date
    last: date
    usual: bool = False


@dataclass(frozen=True)
class Usual:
    """When a term of the year usually is, as month and day; one that ends before it begins ends next year."""

    number: int
    first: tuple[int, int]
    last: tuple[int, int]

    def of(self, school_year: int) -> Term:
        """The term of the school year that begins in autumn of ``school_year``."""
        year = school_year + (self.number > 1)
        after = year + (self.last < self.first)
        label = f"{school_year}-{school_year + 1}-{self.number}"
        return Term(label, date(year, *self.first), date(after, *self.last), usual=True)


class Calendar:
    """Terms as announced, else as they usually are; days counted by the calendar or as working days.

    Raises ``ValueError`` where two announced terms overlap.
    """

    def __init__(
        self, terms: Iterable[Term] = (), usual: Iterable[Usual] = (), works: Works | None = None
    ) -> None:
        self._announced = {each.label: each for each in terms}
        self._usual = tuple(usual)
        self._works = works
        ordered = sorted(self._announced.values(), key=lambda each: each.first)
        if any(before.last >= after.first for before, after in pairwise(ordered)):
            raise ValueError("two terms overlap")

    @lru_cache(maxsize=64)  # noqa: B019 - one calendar lives as long as its process
    def terms(self, first: int, last: int) -> tuple[Term, ...]:
        """The terms of the school years that begin in ``first`` to ``last``, oldest first."""
        found = [
            self._announced.get(usual.of(year).label, usual.of(year))
            for year in range(first, last + 1)
            for usual in self._usual
        ]
        return tuple(sorted(found, key=lambda each: each.first))

    def term_of(self, day: date) -> Term | None:
        """The term that ``day`` lies in; None in a vacation."""
        near = self.terms(day.year - 1, day.year)
        return next((each for each in near if each.first <= day <= each.last), None)

    @lru_cache(maxsize=1_000)  # noqa: B019 - as above
    def fortnights(self, since: date, today: date) -> tuple[Period, ...]:
        """The fortnights of terms that begin from ``since`` to ``today``; in vacations there are none.

        Each term is divided from its first day; less than a week at its end is of the last one.
        """
        return tuple(
            period
            for term in self.terms(since.year - 1, today.year)
            for period in _divided(term)
            if since <= period.first <= today
        )

    def after(self, day: date, days: int, *, working: bool = False) -> date:
        """The day that lies ``days`` after ``day``: calendar days, or working days."""
        if not working or self._works is None:
            return day + timedelta(days=days)
        return self._after_working(day, days)

    def certain(self, period: Period, until: date, *, working: bool) -> bool:
        """Whether the terms and working days that ``period`` depends on, to ``until``, are announced."""
        days = (period.first, until)
        term = self.term_of(period.first) if period.every == "fortnight" else None
        if term is not None and term.usual:
            return False
        return not working or self._works is None or all(self._works.announced(day) for day in days)

    @lru_cache(maxsize=10_000)  # noqa: B019 - as above
    def _after_working(self, day: date, days: int) -> date:
        assert self._works is not None
        for _ in range(_FURTHEST):
            if days <= 0:
                break
            day += _DAY
            days -= self._works.works(day)
        return day


def _divided(term: Term) -> Iterator[Period]:
    number, first = 1, term.first
    while first <= term.last:
        last = first + FORTNIGHT - _DAY
        if term.last - last < LEAST:  # less than a week would be left
            last = term.last
        yield Period("fortnight", f"{term.label}-{number:02}", first, last)
        number, first = number + 1, last + _DAY


PLAIN = Calendar()  # no terms; every day works


def calendar_of(packs: Sequence[Pack], works: Works | None) -> Calendar:
    """The calendar that the packs say; raises ``PackError`` for one that cannot be read wholly."""
    terms: list[Term] = []
    usual: dict[int, Usual] = {}
    for pack in packs:
        try:
            usual.update({number: _usual(number, given) for number, given in pack["usual_terms"].items()})
            terms.extend(Term(str(label), *_days(given)) for label, given in pack["announced_terms"].items())
        except (KeyError, TypeError, ValueError, AttributeError) as wrong:
            raise PackError([f"{pack.id}: a term is not given by its first and last day"]) from wrong
    known = {each.of(year).label for each in usual.values() for year in range(2000, 2100)}
    if unknown := sorted({each.label for each in terms} - known):
        raise PackError([f"{unknown[0]} is not a term: 2026-2027-1 is the first of that school year"])
    try:
        return Calendar(terms, [usual[number] for number in sorted(usual)], works)
    except ValueError as wrong:
        raise PackError([f"the calendar of terms: {wrong}"]) from None


def _days(given: Mapping[str, Any]) -> tuple[date, date]:
    first, last = given["first"], given["last"]
    if not (isinstance(first, date) and isinstance(last, date) and first <= last):
        raise ValueError
    return first, last


def _usual(number: int, given: Mapping[str, Any]) -> Usual:
    first, last = _month_and_day(given["first"]), _month_and_day(given["last"])
    return Usual(int(number), first, last)


def _month_and_day(text: str) -> tuple[int, int]:
    month, day = (int(part) for part in text.split("-"))
    date(2001, month, day)  # of a year without a leap day
    return month, day
