"""Working days: the national calendar with a table of exceptions; a year not announced yet is provisional."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar

from services.chassis.policies import Pack

_MOST = timedelta(days=400)  # nobody asks for more, and a span without end would be counted for ever


@dataclass(frozen=True)
class WorkingDays:
    """A number of working days; provisional where a year's holidays are not announced yet."""

    count: int
    provisional: bool = False


class WorkingCalendar:
    """Counts working days. Where holidays are not announced, Monday to Friday count, provisionally.

    ``working`` and ``off`` are days that differ from the national calendar on this campus.
    """

    def __init__(self, working: Iterable[date] = (), off: Iterable[date] = ()) -> None:
        self._exceptions = {**dict.fromkeys(working, True), **dict.fromkeys(off, False)}

    @classmethod
    def of(cls, packs: Iterable[Pack]) -> WorkingCalendar:
        """The calendar with the exceptions of every pack given."""
        found = list(packs)
        return cls(
            [day for pack in found for day in pack["working"]],
            [day for pack in found for day in pack["off"]],
        )

    def between(self, first: date, last: date) -> WorkingDays:
        """Working days from ``first`` to ``last``, both counted; of years only the first 400 days."""
        last = min(last, first + _MOST)
        count, provisional, day = 0, False, first
        while day <= last:
            works, announced = self._works(day)
            count += works
            provisional = provisional or not announced
            day += timedelta(days=1)
        return WorkingDays(count, provisional)

    def works(self, day: date) -> bool:
        """Whether ``day`` is a working day, provisionally where its year is not announced."""
        return self._works(day)[0]

    def announced(self, day: date) -> bool:
        """Whether it is known for sure if ``day`` is a working day."""
        return self._works(day)[1]

    def _works(self, day: date) -> tuple[bool, bool]:
        if day in self._exceptions:
            return self._exceptions[day], True
        try:
            return bool(chinese_calendar.is_workday(day)), True
        except NotImplementedError:  # how the library says that a year is not announced
            return day.weekday() < 5, False
