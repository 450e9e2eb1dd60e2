"""Identifiers: time-ordered, timeless, and derived."""

from __future__ import annotations

from uuid import UUID, uuid4, uuid5

from uuid6 import uuid7

_DERIVED = UUID("6f3d7e9c-2f0b-5d0e-9c1b-3a1e5b7c9d11")


def new_id() -> str:
    """A UUIDv7: sorts by the time it was made."""
    return str(uuid7())


def timeless_id() -> str:
    """A UUIDv4: says nothing of when it was made, for what must not be tied to an instant."""
    return str(uuid4())


def derived_id(*parts: str) -> str:
    """A UUIDv5 of ``parts``: the same parts give the same id on every replica and every replay."""
    return str(uuid5(_DERIVED, "\x1f".join(parts)))
