"""Who reads which activity: what is stored so that one query finds it, and what is kept back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

State = Mapping[str, Any]
OPEN = "open"
MOST_CONCERNED = 100  # persons whom an event of a restricted activity names
_RECORD: Mapping[str, Any] = {
    "minutes": None,
    "decisions": [],
    "attachments": [],
    "details": {},
    "attendance": [],
    "reviews": [],
}


def audience(state: State) -> list[str]:
    """The marks by which a reader finds an activity: ``open``; of a restricted one its organisation, which
    stands for who writes and reviews there, and each participant.
    """
    if not state["restricted"]:
        return [OPEN]
    return [state["organisation"], *state["people"]]


def marks(reader: str, confided: Iterable[str]) -> list[str]:
    """The marks that ``reader`` may look for, who writes for or reviews the organisations ``confided``."""
    return [OPEN, reader, *sorted(confided)]


def finds(state: State, reader: str, confided: Set[str]) -> bool:
    """Whether ``reader``, who may read the activities of the organisation, finds this one among them."""
    return bool(set(state["audience"]) & set(marks(reader, confided)))


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
