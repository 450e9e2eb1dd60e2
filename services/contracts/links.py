"""Ids by which what one service keeps is found in another, without asking for them."""

from __future__ import annotations

import uuid

_SPACE = uuid.UUID("5e0c6f6e-6d0f-5f43-9f0a-2b7c1c5ad1d7")


def task_of_measure(measure: str) -> str:
    """The task in records that a measure of feedback is."""
    return str(uuid.uuid5(_SPACE, f"task of measure {measure}"))
