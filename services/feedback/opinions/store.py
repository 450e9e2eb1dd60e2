"""Opinions as they are kept, and the indexes by which they are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Document
from services.chassis.indexes import Indexes
from services.feedback.opinions.model import Answer, Opinion

WAITING = {"released": False}
HELD = {"holds": True}
TICKING = {"ticking": True}
NEWEST_FIRST = (("received_on", -1),)
_OPEN = ("received", "triaged")
_DERIVED = ("found_by", "holds", "ticking")
_TUPLES = tuple(each.name for each in fields(Opinion) if str(each.type).startswith("tuple"))


def declare(indexes: Indexes, collection: str) -> None:
    """The indexes of the lists, of what waits for its batch and of what the clock counts."""
    indexes.declare(collection, [("found_by", 1), ("received_on", -1), ("_id", -1)], sparse=True)
    indexes.declare(collection, [("released", 1)])
    indexes.declare(collection, "holds", sparse=True)
    indexes.declare(collection, "ticking", sparse=True)


def found_by(organisations: Sequence[str], state: str | None) -> dict[str, Any]:
    """The filter of what ``organisations`` answer, in ``state`` where it is given: one field, one index."""
    return _marked(organisations, state)


def said_by(speakers: Sequence[str], state: str | None) -> dict[str, Any]:
    """The same of what was said under the marks ``speakers``."""
    return _marked([f"said:{each}" for each in speakers], state)


def said_about(activity: str, state: str | None) -> dict[str, Any]:
    """The same of what was said about ``activity``."""
    return _marked([f"about:{activity}"], state)


def _marked(marks: Sequence[str], state: str | None) -> dict[str, Any]:
    return {"found_by": {"$in": [f"{each}:{state}" for each in marks] if state else list(marks)}}


def marks_of(opinion: Opinion) -> list[str]:
    """What a released opinion is found by: who answers it, who said it, what it is about."""
    marks = [opinion.organisation]
    if opinion.speaker is not None:
        marks.append(f"said:{opinion.speaker}")
    if opinion.activity is not None:
        marks.append(f"about:{opinion.activity}")
    return [*marks, *(f"{each}:{opinion.state}" for each in marks)]


def kept(opinion: Opinion) -> dict[str, Any]:
    """The state of its document. A field without a value is left out, so none says "no author"."""
    state = {
        name: value
        for name, value in asdict(opinion).items()
        if name != "id" and value is not None and not (name in _TUPLES and not value)
    }
    if opinion.released:
        state["found_by"] = marks_of(opinion)
    if opinion.held:
        state["holds"] = True
    if opinion.state in _OPEN:
        state["ticking"] = True
    return state


def read(document: Document) -> Opinion:
    """The opinion that ``document`` keeps."""
    state = {name: value for name, value in document.state.items() if name not in _DERIVED}
    for name in _TUPLES:
        state[name] = tuple(state.get(name, ()))
    for name in ("received_on", "declined_on"):
        if name in state:
            state[name] = date.fromisoformat(state[name])
    if "answer" in state:
        state["answer"] = _answer(state["answer"])
    return Opinion(id=document.id, **state)


def decided_by(
    id: str,  # noqa: A002 - the field's name
    rule: Callable[[Opinion], tuple[Opinion, list[NewEvent]]],
) -> Callable[[dict[str, Any]], Change]:
    """``rule`` as a decision over the state of the document ``id``."""

    def decide(state: dict[str, Any]) -> Change:
        opinion, events = rule(read(Document(id, 0, state)))
        return Change(kept(opinion), events)

    return decide


def _answer(state: dict[str, Any]) -> Answer:
    published_on = state.get("published_on")
    return Answer(
        **{
            **state,
            "due_on": date.fromisoformat(state["due_on"]),
            "files": tuple(state.get("files", ())),
            "published_on": date.fromisoformat(published_on) if published_on else None,
        }
    )
