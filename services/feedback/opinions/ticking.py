"""Ticking: once a day says which opinions are due soon or overdue."""

from __future__ import annotations

from services.chassis.documents import Documents
from services.feedback.opinions import model as rules
from services.feedback.opinions import store
from services.feedback.opinions.showing import Showing


class Ticking:
    """Reads every clock that counts, each day anew, so that a calendar announced meanwhile counts as well."""

    def __init__(self, documents: Documents, showing: Showing) -> None:
        self._documents = documents
        self._showing = showing

    def turn_the_day(self) -> None:
        """Tell of each once; repeated, or cut off and done again, it tells nothing twice."""
        for each in self._documents.find(store.TICKING, limit=0):
            opinion = store.read(each)
            if rules.tell(opinion, self._showing.reading(opinion)) != (opinion, []):
                self._documents.change(
                    each.id,
                    store.decided_by(each.id, lambda met: rules.tell(met, self._showing.reading(met))),
                )
