"""Check-in by a code that changes: which codes are taken at an instant, and how long. Pure.

A code follows from a keyed hash of the opening and of the window of time; nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.chassis.errors import Conflict, Invalid
from services.chassis.policies import Ruling

DIGITS = 6
Rulings = Mapping[str, Ruling]


@dataclass(frozen=True)
class Opening:
    """Check-in is open from ``opened_at`` until ``closes_at``; its codes follow each other by ``seconds``."""

    activity: str
    opened_at: datetime
    closes_at: datetime
    seconds: int

    def open_at(self, now: datetime) -> bool:
        """Whether codes are taken; the instant of closing no longer."""
        return self.opened_at <= now < self.closes_at

    def window(self, now: datetime) -> int:
        """The number of the window, from 0 at the opening."""
        return (now - self.opened_at) // timedelta(seconds=self.seconds)

    def taken(self, now: datetime) -> list[int]:
        """The windows whose codes are taken now: this one's, and that of the one before, which may just have
        been read out; so each code is taken for twice ``seconds`` from its beginning.
        """
        if not self.open_at(now):
            return []
        return [number for number in (self.window(now), self.window(now) - 1) if number >= 0]

    def ends(self, window: int) -> datetime:
        """When the code of a window is followed by the next, or check-in closes."""
        return min(self.opened_at + timedelta(seconds=self.seconds * (window + 1)), self.closes_at)

    def secret(self, window: int) -> str:
        """What the keyed hash of a window's code is made of; another opening has other codes."""
        return f"{self.activity}\x1f{self.opened_at.isoformat()}\x1f{window}"


def opened(
    activity: str, held_on: str, today: str, now: datetime, minutes: int | None, rulings: Rulings
) -> Opening:
    """Check-in for so many ``minutes``, or as long as is usual.

    Raises ``Conflict("check_in.not_today")`` on any day but the activity's,
    ``Invalid("check_in.too_long")`` with the most that is accepted.
    """
    if held_on != today:
        raise Conflict("check_in.not_today", params={"held_on": held_on})
    bounds = rulings["check_in_minutes"]
    lasting = minutes if minutes is not None else int(bounds.value["usual"])
    if lasting > bounds.value["most"]:
        most = int(bounds.value["most"])
        raise Invalid.at("minutes", "check_in.too_long", **bounds.cited, most=most)
    seconds = int(rulings["check_in_seconds"].value)
    return Opening(activity, now, now + timedelta(minutes=lasting), seconds)


def code_of(fingerprint: str) -> str:
    """The digits that people type, from the hexadecimal keyed hash of a window."""
    return str(int(fingerprint, 16) % 10**DIGITS).zfill(DIGITS)


def kept(opening: Opening) -> dict[str, Any]:
    """An opening as it is stored; ``restored`` is its inverse."""
    return vars(opening).copy()


def restored(state: Mapping[str, Any]) -> Opening:
    """As ``kept``."""
    return Opening(state["activity"], state["opened_at"], state["closes_at"], state["seconds"])
