"""Opinions as they are kept and as they are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Document
from services.chassis.store import Indexes
from services.feedback.opinions.model import Answer, Opinion

RELEASED = {"released": {"$ne": False}}
WAITING = {"released": False}
NEWEST_FIRST = (("received_on", -1),)
_EXCERPT = 60


def declare(indexes: Indexes, collection: str) -> None:
    """The indexes of the two lists, what I have to handle and what I said, and of what waits."""
    indexes.declare(collection, [("organisation", 1), ("received_on", -1), ("_id", -1)])
    indexes.declare(collection, [("author", 1), ("received_on", -1), ("_id", -1)], sparse=True)
    indexes.declare(collection, [("released", 1)])


def kept(opinion: Opinion) -> dict[str, Any]:
    """The state of its document. A field without a value is left out, so none says "no author"."""
    return {name: value for name, value in asdict(opinion).items() if name != "id" and value is not None}


def read(document: Document) -> Opinion:
    """The opinion that ``document`` keeps."""
    state = dict(document.state)
    state["kept_from"] = tuple(state["kept_from"])
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


def shown(document: Document) -> dict[str, Any]:
    """An opinion to whoever may see it; the schema of each answer says how much of this leaves."""
    opinion = read(document)
    text = " ".join(opinion.text.split())
    excerpt = text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1]}…"
    return {**asdict(opinion), "version": document.version, "excerpt": excerpt}


def _answer(state: dict[str, Any]) -> Answer:
    published_on = state.get("published_on")
    return Answer(
        **{
            **state,
            "due_on": date.fromisoformat(state["due_on"]),
            "published_on": date.fromisoformat(published_on) if published_on else None,
        }
    )
