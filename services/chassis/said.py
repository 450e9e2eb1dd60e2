"""What the owner of something says of it to those who keep the newest word. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

NODES, GRANTS, MEMBERS = "authority_nodes", "authority_grants", "authority_members"


@dataclass(frozen=True)
class Word:
    """What was said of ``id``: ``state`` replaces these fields of it. 0 is a sender without sequences."""

    id: str
    state: Mapping[str, Any]
    sequence: int = 0


@dataclass(frozen=True)
class Said:
    """What the owner said ``of`` nodes, grants or members: made by the functions below."""

    of: str
    word: Word


def node_said(
    node: str,
    *,
    parent: str | None,
    path: Sequence[str] = (),
    kind: str = "",
    active: bool = True,
    sequence: int = 0,
) -> Said:
    """A node was made or changed."""
    state = {"parent": parent, "path": list(path), "kind": kind, "active": active}
    return Said(NODES, Word(node, state, sequence))


def grant_said(
    grant: str,
    *,
    person: str,
    role: str,
    node: str,
    since: date,
    until: date | None = None,
    active: bool = True,
    sequence: int = 0,
) -> Said:
    """A role was given, prolonged or withdrawn."""
    state = {
        "person": person,
        "role": role,
        "node": node,
        "since": since,
        "until": until,
        "active": active,
    }
    return Said(GRANTS, Word(grant, state, sequence))


def member_said(
    person: str, node: str, active: bool = True, *, standing: str = "", sequence: int = 0
) -> Said:
    """A person belongs to ``node`` and is of that ``standing``."""
    state = {"node": node, "active": active, "standing": standing}
    return Said(MEMBERS, Word(person, state, sequence))
