"""What a record says, checked and as it is kept: what is recorded anew, or amended. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from datetime import date
from typing import Any

from services.chassis.errors import Invalid
from services.records.activities import attendance as lists
from services.records.activities import details
from services.records.activities.decisions import decided
from services.records.activities.kinds import Kind
from services.records.activities.votes import Voting, counted

State = Mapping[str, Any]
# What people enter; the rest of ``CONTENT`` follows from it.
ENTERED = (
    "held_on",
    "attendance",
    "minutes",
    "decisions",
    "attachments",
    "details",
    "votes",
    "elections",
)
MOST_NAMED = 20  # of who is not listed, in a refusal
CONTENT = (*ENTERED, "expected", "present", "excused", "has_minutes", "quorum", "without_vote")


def content(
    before: State, given: State, held_on: date, *, kind: Kind, entitled: Set[str], voting: Voting | None
) -> dict[str, Any]:
    """What ``given`` says of an activity held on ``held_on``, as ``CONTENT``; details add to those before.

    Raises ``Invalid``: ``attendance.incomplete``, ``attendance.others_unfit`` where only who took part
    belongs to it, and as ``attendance.whole``, ``details.checked``, ``decided`` and ``votes.counted``.
    """
    others = given.get("others")
    if others is not None and kind.entitled == "participants":
        raise Invalid.at("others", "attendance.others_unfit", accepted="null")
    attendance = lists.whole(given["attendance"], entitled, others)
    counting = [entry for entry in attendance if not entry["guest"]]
    missing = entitled - {entry["person"] for entry in counting}
    if missing and kind.entitled != "participants":
        who = ", ".join(sorted(missing)[:MOST_NAMED])
        raise Invalid.at("attendance", "attendance.incomplete", missing=len(missing), accepted=who)
    states = Counter(entry["state"] for entry in counting)
    minutes = given.get("minutes") or None
    return {
        "held_on": held_on.isoformat(),
        "attendance": attendance,
        "expected": len(counting),
        "present": states["present"],
        "excused": states["excused"],
        "minutes": minutes,
        "has_minutes": minutes is not None,
        "decisions": decided(given.get("decisions") or (), held_on),
        "attachments": list(given.get("attachments") or ()),
        "details": details.checked(kind, {**before["details"], **(given.get("details") or {})}, "record"),
        **counted(kind.name, given, attendance, voting),
    }


def differing(before: State, after: State) -> list[str]:
    """Which of what people enter differs between two records."""
    return [name for name in ENTERED if before[name] != after[name]]
