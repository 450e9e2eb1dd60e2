"""Who reads which activity: what is stored so that one query finds it, and what is kept back. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

State = Mapping[str, Any]
OPEN = "open"
KEPT = "kept"
MOST_CONCERNED = 100  # persons whom an event of a restricted activity names
_RECORD: Mapping[str, Any] = {
    "minutes": None,
    "decisions": [],
    "attachments": [],
    "votes": [],
    "elections": [],
    "quorum": None,
    "without_vote": 0,
    "changed": [],
    "details": {},
    "attendance": [],
    "make_ups": [],
    "remarks": [],
    "reviews": [],
    "opened_by": None,
}


def audience(state: State) -> list[str]:
    """The marks by which readers find an activity, who find it by one of them and never by two.

    An open one by its organisation, or by ``open`` where they read all there are; a restricted one by that it
    is kept there, which is for who writes or reviews, by themselves, where they took part, or by ``kept``
    where they read all there are.
    """
    organisation = state["organisation"]
    if not state["restricted"]:
        return [OPEN, organisation]
    return [
        KEPT,
        _kept(organisation),
        *state["people"],
        *(_at(organisation, each) for each in state["people"]),
    ]


def mark(organisation: str, *, restricted: bool) -> str:
    """The mark by which who writes for ``organisation`` finds what it holds."""
    return _kept(organisation) if restricted else organisation


def marks(reader: str, reach: Collection[str] | None, confided: Collection[str] | None) -> list[str]:
    """The marks that ``reader`` looks for, who reads activities of ``reach`` (None: of all organisations) and
    writes for or reviews those ``confided`` (None: all there are).

    One list of one field, since the embedded store takes no index for a question of two.
    """
    if confided is None:
        return [OPEN, KEPT] if reach is None else [*sorted(reach), *map(_kept, sorted(reach))]
    if reach is None:
        return [OPEN, reader, *(_kept(each) for each in sorted(confided))]
    kept = [_kept(each) if each in confided else _at(each, reader) for each in sorted(reach)]
    return [*sorted(reach), *kept]


def finds(state: State, reader: str, reach: Collection[str] | None, confided: Collection[str] | None) -> bool:
    """Whether ``reader`` finds the activity among those of ``reach``."""
    return not set(state["audience"]).isdisjoint(marks(reader, reach, confided))


def _kept(organisation: str) -> str:
    return f"kept:{organisation}"


def _at(organisation: str, person: str) -> str:
    return f"{person}@{organisation}"


def participants(state: State) -> list[str]:
    """Whoever is invited, observes or is listed, each once."""
    listed = [entry["person"] for entry in state["attendance"]]
    return sorted({*state["invited"], *listed})


def concerned(state: State) -> list[str]:
    """Whom an event of a restricted activity names: they are told, beside writers and reviewers."""
    return state["people"][:MOST_CONCERNED] if state["restricted"] else []


def without_record(shown: dict[str, Any]) -> dict[str, Any]:
    """An activity as it is shown to who may know that it was held, and not what was said there."""
    return {**shown, **_RECORD, "withheld": True}


def without_causes(record: State, reader: str) -> dict[str, Any]:
    """A record as it is shown to who neither writes nor reviews it: why others were missing is kept back, and
    why the level above opened its entry.
    """
    attendance = [
        entry if entry["person"] == reader else {**entry, "cause": None, "reason": None}
        for entry in record["attendance"]
    ]
    return {**record, "attendance": attendance, "opened_by": None}
