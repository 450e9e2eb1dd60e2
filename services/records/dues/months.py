"""Months as texts, ``2026-09``: they sort and compare as they are. No I/O, no clock."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import date


def month_of(day: date | str) -> str:
    """The month of a day, or of its ISO text."""
    return (day.isoformat() if isinstance(day, date) else day)[:7]


def last_day(month: str) -> date:
    """The last day of the month."""
    year, number = _parts(month)
    return date(year, number, monthrange(year, number)[1])


def quarter_of(month: str) -> tuple[str, str]:
    """The first and the last month of the quarter that ``month`` is in."""
    year, number = _parts(month)
    first = (number - 1) // 3 * 3 + 1
    return f"{year:04d}-{first:02d}", f"{year:04d}-{first + 2:02d}"


def shifted(month: str, by: int) -> str:
    """The month ``by`` months later, or earlier: ``2026-12`` and 1 give ``2027-01``."""
    year, number = _parts(month)
    count = year * 12 + number - 1 + by
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def apart(first: str, second: str) -> int:
    """How many months ``second`` is after ``first``."""
    (year, number), (later_year, later_number) = _parts(first), _parts(second)
    return (later_year - year) * 12 + later_number - number


def longest_run(months: Iterable[str]) -> list[str]:
    """The longest row of months that follow each other; of several the latest."""
    longest: list[str] = []
    run: list[str] = []
    for month in sorted(set(months)):
        run = [*run, month] if run and shifted(run[-1], 1) == month else [month]
        if len(run) >= len(longest):
            longest = run
    return longest


def _parts(month: str) -> tuple[int, int]:
    return int(month[:4]), int(month[5:7])
