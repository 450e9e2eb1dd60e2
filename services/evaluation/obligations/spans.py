"""When an organisation owes as what: a rule applies to the periods that begin in such days. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from services.evaluation.obligations.calendar import PLAIN, Calendar, Period
from services.evaluation.obligations.model import ORGANISATIONS, Organisation
from services.evaluation.obligations.periods import LENGTHS, MONTHS, periods


@dataclass(frozen=True)
class Span:
    """Days on end, both of them included; without a ``last`` they go on."""

    first: date
    last: date | None = None


Spans = Mapping[str, tuple[Span, ...]]  # by one of ORGANISATIONS, oldest first


_LED = ("university_committee", "secondary")


def owes_as(organisation: Organisation) -> set[str]:
    """As which of ``ORGANISATIONS`` the organisation owes, as it is now."""
    if not organisation.active:
        return set()
    owing = {organisation.kind}
    if organisation.kind == "branch" and organisation.has_committee:
        owing.add("branch_with_committee")
    if organisation.kind in _LED and organisation.has_leading_group:
        owing.add("leading_group")
    return owing.intersection(ORGANISATIONS)


def spans(known: Spans, organisation: Organisation, *, begins: date, today: date) -> Spans:
    """When ``organisation`` owes as what, from what was ``known`` of it and what it is now.

    What it owes as from now on it owes from the periods that begin on ``begins`` or later; what it owes
    as no more ends ``today``. What was lost and is back on the same day was a mistake, and never ended.
    """
    now = owes_as(organisation)
    found = dict(known)
    for owner in ORGANISATIONS:
        before = known.get(owner, ())
        last = before[-1] if before else None
        if owner in now and (last is None or last.last is not None):
            mistaken = last is not None and last.last == today
            found[owner] = (*before[:-1], Span(before[-1].first)) if mistaken else (*before, Span(begins))
        elif owner not in now and last is not None and last.last is None:
            found[owner] = (*before[:-1], Span(last.first, today))
    return found


def began(known: Spans, today: date, calendar: Calendar = PLAIN) -> Iterator[tuple[str, Period, date | None]]:
    """Every period that began by ``today`` while somebody owed, as what, and when they were released."""
    for owner, each in known.items():
        for span in each:
            for period in all_periods(span.first, min(today, span.last or today), calendar):
                yield owner, period, span.last


def all_periods(since: date, today: date, calendar: Calendar) -> Iterator[Period]:
    """The periods of every length that begin from ``since`` to ``today``, both included."""
    for every in LENGTHS:
        yield from periods(every, since, today) if every in MONTHS else calendar.fortnights(since, today)
