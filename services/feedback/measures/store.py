"""Measures as they are kept and as they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Document
from services.chassis.indexes import Indexes
from services.contracts.links import task_of_measure
from services.feedback.measures.model import Measure

LATEST_DUE_FIRST = (("due_on", -1),)
NEWEST_RESULT_FIRST = (("published_on", -1),)
FEWEST_TOLD = 5
_DATES = ("due_on", "planned_on", "handed_in_on", "published_on", "cancelled_on")
_DERIVED = ("found_by", "public_at")
_TUPLES = tuple(each.name for each in fields(Measure) if str(each.type).startswith("tuple"))


def declare(indexes: Indexes, collection: str) -> None:
    """The indexes of the lists: what concerns me, and what everyone sees, there or anywhere."""
    indexes.declare(collection, [("found_by", 1), ("due_on", -1), ("_id", -1)])
    indexes.declare(collection, [("public_at", 1), ("published_on", -1), ("_id", -1)], sparse=True)


def found_by(organisations: Sequence[str], state: str | None) -> dict[str, Any]:
    """The filter of what ``organisations`` do, in ``state`` where it is given: one field, one index."""
    return _marked(organisations, state)


def owned_by(person: str, state: str | None) -> dict[str, Any]:
    """The same of what ``person`` owns."""
    return _marked([f"owner:{person}"], state)


def shown_by(activity: str, state: str | None) -> dict[str, Any]:
    """The same of those whose result has ``activity`` for its evidence."""
    return _marked([f"evidence:{activity}"], state)


def _marked(marks: Sequence[str], state: str | None) -> dict[str, Any]:
    return {"found_by": {"$in": [f"{each}:{state}" for each in marks] if state else list(marks)}}


def marks_of(measure: Measure) -> list[str]:
    """What a measure is found by: who plans it, who owns it, what its result is shown by."""
    marks = [measure.organisation, f"owner:{measure.owner}", *(f"evidence:{each}" for each in measure.links)]
    return [*marks, *(f"{each}:{measure.state}" for each in marks)]


def public_at(organisations: Sequence[str] | None) -> dict[str, Any]:
    """The filter of what is public, of ``organisations`` or of the whole campus."""
    return {"public_at": "everywhere" if organisations is None else {"$in": list(organisations)}}


def kept(measure: Measure) -> dict[str, Any]:
    """The state of its document."""
    state = {name: value for name, value in asdict(measure).items() if name != "id" and value is not None}
    state["found_by"] = marks_of(measure)
    if measure.state == "published":
        state["public_at"] = ["everywhere", measure.organisation]
    return state


def read(document: Document) -> Measure:
    """The measure that ``document`` keeps."""
    state = {name: value for name, value in document.state.items() if name not in _DERIVED}
    for name in _DATES:
        if name in state:
            state[name] = date.fromisoformat(state[name])
    for name in _TUPLES:
        state[name] = tuple(state.get(name, ()))
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
    result = None
    if measure.result is not None:
        result = {
            "text": measure.result,
            "activities": list(measure.links),
            "attachments": list(measure.attachments),
            "shown": list(measure.shown),
            "handed_in_on": measure.handed_in_on,
            "published_on": measure.published_on,
        }
    return {
        **asdict(measure),
        "version": document.version,
        "progress": measure.progress,
        "nodes": [_dated(each, "due_on", "done_on") for each in measure.nodes],
        "reports": [_dated(each, "on") for each in measure.reports],
        "changes": [_dated(each, "due_on", "on") for each in measure.changes],
        "reviews": [_dated(each, "on") for each in measure.reviews],
        "opinions": list(measure.opinions) if with_opinions else [],
        "task": None if measure.kept_from else task_of_measure(measure.id),
        "result": result,
    }


def shown_to_everyone(document: Document) -> dict[str, Any]:
    """A published result to everyone; how many it answers only where they are not few."""
    measure = read(document)
    count = len(measure.opinions)
    return {
        **asdict(measure),
        "measure": document.id,
        "answers": count if count >= FEWEST_TOLD else None,
        "evidence": len(measure.links) + len(measure.attachments),
        "files": measure.open_files,
    }


def _dated(entry: Any, *names: str) -> dict[str, Any]:
    return {**entry, **{name: date.fromisoformat(entry[name]) for name in names if entry[name]}}
