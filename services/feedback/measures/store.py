"""Measures as they are kept and as they are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Document
from services.chassis.store import Indexes
from services.feedback.measures.model import Measure

LATEST_DUE_FIRST = (("due_on", -1),)
NEWEST_RESULT_FIRST = (("published_on", -1),)


def declare(indexes: Indexes, collection: str) -> None:
    """The indexes of the three lists: what we planned, what I own, and what everyone sees."""
    indexes.declare(collection, [("organisation", 1), ("due_on", -1), ("_id", -1)])
    indexes.declare(collection, [("owner", 1), ("due_on", -1), ("_id", -1)])
    indexes.declare(collection, [("state", 1), ("published_on", -1), ("_id", -1)])


def kept(measure: Measure) -> dict[str, Any]:
    """The state of its document."""
    return {name: value for name, value in asdict(measure).items() if name != "id" and value is not None}


def read(document: Document) -> Measure:
    """The measure that ``document`` keeps."""
    state = dict(document.state)
    for name in ("due_on", "planned_on", "published_on"):
        if name in state:
            state[name] = date.fromisoformat(state[name])
    for name in ("opinions", "kept_from"):
        state[name] = tuple(state[name])
    return Measure(id=document.id, **state)


def decided_by(
    id: str,  # noqa: A002 - the field's name
    rule: Callable[[Measure], tuple[Measure, list[NewEvent]]],
) -> Callable[[dict[str, Any]], Change]:
    """``rule`` as a decision over the state of the document ``id``."""

    def decide(state: dict[str, Any]) -> Change:
        measure, events = rule(read(Document(id, 0, state)))
        return Change(kept(measure), events)

    return decide


def shown(document: Document, *, with_opinions: bool = True) -> dict[str, Any]:
    """A measure to its handlers; to its owner without the opinions that it answers."""
    measure = read(document)
    result = {"text": measure.result, "published_on": measure.published_on}
    return {
        **asdict(measure),
        "version": document.version,
        "opinions": list(measure.opinions) if with_opinions else [],
        "result": result if measure.state == "published" else None,
    }


def shown_to_everyone(document: Document) -> dict[str, Any]:
    """A published result to everyone."""
    return {**asdict(read(document)), "measure": document.id}
