"""Who has no vote and neither elects nor stands on a day, as those ask who count votes and give posts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial

from services.chassis.application import Application
from services.records.directory.store import found_by
from services.records.sanctions import model as rules

COLLECTION = "sanctions"


class Rights:
    """Says of whom it is asked whether, and nothing of why, since when and until when."""

    def __init__(self, application: Application) -> None:
        self.documents = application.documents(COLLECTION)
        indexes = application.indexes
        indexes.declare(COLLECTION, "slot", unique=True, sparse=True)
        for field in ("person", "organisation"):
            indexes.declare(COLLECTION, [(field, 1), ("decided_on", -1), ("_id", -1)])
        indexes.declare(COLLECTION, [("decided_on", -1), ("_id", -1)])

    def lost_by(self, people: Iterable[str], day: date) -> frozenset[str]:
        """Those of ``people`` who were under probation on ``day``. One find for each twenty of them."""
        found = found_by(self.documents, "person", people)
        return frozenset(each.state["person"] for each in found if rules.lasts(each.state, day))

    def follow(self, person: str, organisation: str) -> None:
        """Who belongs elsewhere concerns who is responsible there; within the running transaction."""
        running = self.documents.find_one({"slot": person})
        if running is not None:
            self.documents.change(running.id, partial(rules.follow, running.id, organisation=organisation))
