"""Where each person's own word of an activity is kept: an answer to its notice, a check-in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from services.chassis.application import Application
from services.chassis.contract import Change
from services.chassis.documents import Document, Documents
from services.chassis.errors import Conflict, NotFound
from services.records.activities import participation
from services.records.directory.store import found_by

Answer = dict[str, Any]
PARTICIPATIONS = "activity_participations"


class Words:
    """Each word of a person is a document of its own: the activity stays as its writers left it, however many
    come at once. No event tells who comes; who came, the record tells.
    """

    def __init__(self, application: Application) -> None:
        self.documents = application.bundled_documents(PARTICIPATIONS)
        application.indexes.declare(PARTICIPATIONS, [("activity", 1), ("_id", 1)])

    def of_activity(self, activity: str) -> list[Answer]:
        """What everybody said of ``activity``."""
        return [each.state for each in self.documents.find({"activity": activity}, limit=0)]

    def of_person(self, person: str, activities: Iterable[str]) -> dict[str, Answer]:
        """What ``person`` said, by activity; silence where nothing was."""
        asked = [(activity, person) for activity in activities]
        said = self.known(asked)
        return {each[0]: said.get(each) or participation.silent(*each) for each in asked}

    def known(self, asked: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Answer]:
        """What was said, by activity and person, of those that are ``asked`` for."""
        ids = {participation.participation_of(*each) for each in asked}
        found = found_by(self.documents, "_id", ids)
        return {(each.state["activity"], each.state["person"]): each.state for each in found}

    def write(self, activity: str, person: str, decide: Callable[[Answer], Change | None]) -> Answer:
        """What ``decide`` makes of what the person said of the activity, as they are told it."""
        return written(
            self.documents,
            participation.participation_of(activity, person),
            decide,
            participation.silent(activity, person),
            lambda document: told(document.state),
        )


def told(said: Answer) -> Answer:
    """One's own word, without the instant."""
    shown = {name: said[name] for name in ("activity", "answer", "cause", "reason", "answered_on")}
    return {**shown, "checked_in": said["checked_in_at"] is not None}


def written(
    documents: Documents,
    id: str,  # noqa: A002 - the field's name
    decide: Callable[[Answer], Change | None],
    first: Answer,
    respond: Callable[[Document], Answer],
) -> Answer:
    """What is kept under ``id`` once ``decide`` was asked of it, or of ``first`` where there is none."""
    try:
        return documents.change(id, decide, respond=respond).response or {}
    except NotFound:
        change = decide(dict(first))
    if change is None:
        return respond(Document(id, 0, first))
    try:
        return documents.create(id, change.state, change.events, respond=respond).response or {}
    except Conflict as taken:
        if taken.code != f"{documents.name}.exists":
            raise
        return documents.change(id, decide, respond=respond).response or {}
