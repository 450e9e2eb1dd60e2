"""Who was there, who was missing and why: lists as they are given, and as they are kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from services.chassis.errors import Invalid

State = Mapping[str, Any]


def whole(given: Sequence[State], entitled: Set[str], others: str | None) -> list[dict[str, Any]]:
    """``given`` checked, and after it whoever is ``entitled`` and not named there, as ``others`` says.

    ``others`` (``present``, ``absent``) stands for everybody who is entitled and not named; None for nobody:
    no one is taken to have been present without being said so. Whoever is named and not entitled is a guest.
    An excuse has a cause of the list, ``other`` with its reason; a reason alone is ``other``. Raises
    ``Invalid``: ``attendance.twice``, ``attendance.reason_missing``.
    """
    problems: dict[str, list[str]] = {}
    seen: set[str] = set()
    attendance = []
    for position, entry in enumerate(given):
        kept = _entry(entry["person"], entry["state"], entry.get("cause"), entry.get("reason"), entitled)
        if entry["person"] in seen:
            problems[f"attendance.{position}.person"] = ["attendance.twice"]
        if kept["state"] == "excused" and kept["cause"] in (None, "other") and kept["reason"] is None:
            problems[f"attendance.{position}.reason"] = ["attendance.reason_missing"]
        seen.add(entry["person"])
        attendance.append(kept)
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    if others is not None:
        attendance += [_entry(person, others, None, None, entitled) for person in sorted(entitled - seen)]
    return attendance


def _entry(
    person: str, state: str, cause: str | None, reason: str | None, entitled: Set[str]
) -> dict[str, Any]:
    reason = reason or None
    if state == "excused" and cause is None and reason is not None:
        cause = "other"
    return {
        "person": person,
        "state": state,
        "cause": cause or None,
        "reason": reason,
        "guest": person not in entitled,
    }
