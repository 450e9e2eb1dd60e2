"""Rules of the tree's history and of its reorganisation. No I/O.

The editions of an organisation follow each other without a gap and without an overlap: each ends the day
before the next begins. Of several on one day the last counts; those before it have no day of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.records.directory.model import ORGANISATION_FIELDS

State = Mapping[str, Any]

OPEN = "9999-12-31"  # the last day of an edition that goes on: one comparison finds the editions of a day
TOLD = (*ORGANISATION_FIELDS, "successors", "dissolved_on")


@dataclass(frozen=True)
class Why:
    """What a change of the tree rests on. ``change`` names it where the states alone do not tell."""

    reason: str | None = None
    document_number: str | None = None
    change: str | None = None

    @classmethod
    def of(cls, request: Mapping[str, Any], change: str | None = None) -> Why:
        """What a request says of it."""
        return cls(request.get("reason"), request.get("document_number"), change)


# -- history ---------------------------------------------------------------------------------------


def edition(organisation: str, before: State | None, after: State, why: Why, today: date) -> dict[str, Any]:
    """The edition that ``after`` begins; it goes on until ``end`` closes it."""
    return {
        "organisation": organisation,
        "edition": after["edition"],
        "since": after["since"],
        "until": OPEN,
        "change": why.change or _named(before, after),
        "reason": why.reason,
        "document_number": why.document_number,
        "recorded_on": today.isoformat(),
        **{name: after[name] for name in TOLD},
    }


def end(kept: State, next_since: str) -> dict[str, Any]:
    """``kept`` ended by an edition since ``next_since``; on the same day, an edition without a day."""
    return {**kept, "until": (date.fromisoformat(next_since) - timedelta(days=1)).isoformat()}


def on(editions: Iterable[State], day: date) -> State | None:
    """The edition of ``day``; None before the organisation's first."""
    text = day.isoformat()
    return next((each for each in editions if each["since"] <= text <= each["until"]), None)


def _named(before: State | None, after: State) -> str:
    if before is None:
        return "founded"
    if after["dissolved_on"] != before["dissolved_on"]:
        return "dissolved"
    if after["path"] != before["path"]:
        return "moved"
    return "renamed" if after["name"] != before["name"] else "changed"
