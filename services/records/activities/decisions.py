"""What a meeting decided: in words, and where somebody has to see to it, who and until when. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.errors import Invalid

State = Mapping[str, Any]


def decided(given: Sequence[State], held_on: date) -> list[dict[str, Any]]:
    """``given`` as ``{text, responsible, due_on}``, each of the last two None where nothing was said.

    Nothing is due before the meeting: raises ``Invalid`` at ``decisions.N.due_on`` with
    ``decision.due_before_held``, whose params name the earliest day.
    """
    problems = {
        f"decisions.{position}.due_on": ["decision.due_before_held"]
        for position, each in enumerate(given)
        if (due_on := each.get("due_on")) is not None and due_on < held_on
    }
    if problems:
        raise Invalid("decision.due_before_held", params={"earliest": held_on.isoformat()}, fields=problems)
    return [
        {
            "text": each["text"],
            "responsible": each.get("responsible"),
            "due_on": each["due_on"].isoformat() if each.get("due_on") else None,
        }
        for each in given
    ]
