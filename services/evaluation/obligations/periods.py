"""Months, quarters and years as periods in which something is owed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from services.evaluation.obligations.calendar import Period

MONTHS = {"month": 1, "quarter": 3, "year": 12}
LENGTHS = (*MONTHS, "fortnight")


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
