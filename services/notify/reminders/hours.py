"""When people may be disturbed: outside the quiet hours, on working days. No store, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_FURTHEST = 60  # of days off in a row there are fewer, and a search without end must end


class Calendar(Protocol):
    """What is asked about days; injected."""

    def works(self, day: date) -> bool:
        """Whether ``day`` is a working day."""


@dataclass(frozen=True)
class QuietHours:
    """From ``begin`` to ``end`` on the campus clock nobody is disturbed; it may span midnight."""

    begin: time
    end: time

    def ends_for(self, instant: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours around ``instant`` end, in UTC; None outside them."""
        local = instant.astimezone(zone)
        clock = local.time()
        if self.begin <= self.end:
            quiet = self.begin <= clock < self.end
            tomorrow = False
        else:
            quiet = clock >= self.begin or clock < self.end
            tomorrow = clock >= self.begin
        if not quiet:
            return None
        day = local.date() + timedelta(days=1 if tomorrow else 0)
        return datetime.combine(day, self.end, zone).astimezone(UTC)


@dataclass(frozen=True)
class Hours:
    """When something may go out. ``quiet`` None: at any hour; ``calendar`` None: on any day."""

    quiet: QuietHours | None
    calendar: Calendar | None

    def wait(self, instant: datetime, zone: ZoneInfo) -> tuple[datetime, str] | None:
        """Until when nothing goes out at ``instant``, in UTC, and why; None where it may."""
        opens = self.opens(instant, zone)
        if opens == instant:
            return None
        return opens, "quiet_hours" if self._works(instant.astimezone(zone).date()) else "not_working_day"

    def opens(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The first instant from ``instant`` on at which something may go out, in UTC."""
        at = instant
        for _ in range(2 * _FURTHEST):
            day = at.astimezone(zone).date()
            if not self._works(day):
                at = datetime.combine(day + _DAY, time(), zone).astimezone(UTC)
                continue
            ends = self.quiet.ends_for(at, zone) if self.quiet else None
            if ends is None:
                return at
            at = ends
        return at

    def next_day(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The first instant of a later campus day at which something may go out, in UTC."""
        tomorrow = datetime.combine(instant.astimezone(zone).date() + _DAY, time(), zone)
        return self.opens(tomorrow.astimezone(UTC), zone)

    def day_before(self, day: date) -> date:
        """``day``, or the last working day before it."""
        for back in range(_FURTHEST):
            if self._works(day - back * _DAY):
                return day - back * _DAY
        return day

    def _works(self, day: date) -> bool:
        return self.calendar is None or self.calendar.works(day)
