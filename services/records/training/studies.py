"""Micro-lectures that people studied: each gives its hours once to who says so, or is named by a writer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.chassis import context
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document, Documents
from services.chassis.errors import Conflict, NotFound
from services.chassis.identity import derived_id
from services.records.directory.store import found_by
from services.records.training import model as rules
from services.records.training.classes import Classes
from services.records.training.register import Training, shown

Answer = dict[str, Any]


class Studies:
    """Said by people, never measured: no look and no minute before a screen is counted (国办函〔2026〕12号).

    A credit is known by lecture and person, so that however often it is said, it is one. One that somebody
    reversed stays reversed, and what was studied stays credited when the lecture is taken down.
    """

    def __init__(self, lectures: Documents, classes: Classes, training: Training, clock: Clock) -> None:
        self._lectures = lectures
        self._classes = classes
        self._training = training
        self._documents = training.documents
        self._clock = clock

    def credit(self, request: Answer) -> Answer:
        """The lines of those who studied a lecture: of the caller, or of the people a writer names."""
        actor, today = context.actor(), self._clock.today()
        lecture = self._lectures.get(request["lecture"])
        if lecture.state["state"] not in ("published", "withdrawn"):
            raise NotFound("lectures.not_found")
        if lecture.state["state"] == "withdrawn":
            raise Conflict("lecture.state", params={"state": "withdrawn", "accepted": "published"})
        people = self._classes.credited(actor, request["people"] or [actor])
        on: date = request.get("on") or today
        published = datetime.fromisoformat(lecture.state["published_at"]).astimezone(self._clock.zone).date()
        wanted: dict[str, Change] = {}
        for person in people:
            home = person.state["organisation"]
            in_force = self._training.rulings(on, self._training.path(home))
            given = {"person": person.id, "organisation": home, "on": on, "entered_by": actor}
            credit = derived_id("training credit", "lecture", lecture.id, person.id)
            wanted[credit] = rules.of_lecture(
                credit, lecture.id, lecture.state, given, in_force, published_on=published, today=today
            )
        return {"items": [shown(each) for each in self._written(wanted)]}

    def _written(self, wanted: Mapping[str, Change]) -> list[Document]:
        """The lines of ``wanted``, each as it stands: one that was there before is not written again."""
        met = {each.id for each in found_by(self._documents, "_id", wanted)}
        made = [(credit, change) for credit, change in wanted.items() if credit not in met]
        # Each line is whole; where only some came to be, whoever says it again completes them.
        self._documents.create_many([(credit, change.state, change.events) for credit, change in made])
        lines = {each.id: each for each in found_by(self._documents, "_id", wanted)}
        return [lines[credit] for credit in wanted]
