"""The one clock: UTC inside, the campus time zone at the edges and in every calendar rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """What the application asks for the time; injected, never read from the system elsewhere."""

    zone: ZoneInfo

    def now(self) -> datetime:
        """The instant, aware, in UTC, to the millisecond (the store keeps no more)."""

    def today(self) -> date:
        """The date on campus."""


class SystemClock:
    """The machine's clock, moved by ``offset`` (zero but for rehearsals in the local profile)."""

    def __init__(self, zone: ZoneInfo, offset: timedelta = timedelta()) -> None:
        self.zone = zone
        self._offset = offset

    def now(self) -> datetime:
        return whole_milliseconds(datetime.now(UTC) + self._offset)

    def today(self) -> date:
        return self.now().astimezone(self.zone).date()


class FixedClock:
    """A clock for tests: stands still until it is set."""

    def __init__(self, instant: datetime, zone: ZoneInfo | None = None) -> None:
        self.zone = zone or ZoneInfo("Asia/Shanghai")
        self.instant = instant

    def now(self) -> datetime:
        return whole_milliseconds(self.instant.astimezone(UTC))

    def today(self) -> date:
        return self.instant.astimezone(self.zone).date()

    def advance(self, step: timedelta) -> None:
        self.instant += step


def whole_milliseconds(instant: datetime) -> datetime:
    """``instant`` cut to the millisecond, so that what is stored equals what was said."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
