"""Scores as they were last told: a narrow view of the standings, which hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.store import Record, Store, answering
from services.evaluation.projection.model import Scored
from services.evaluation.projection.store import scored


class YearScores:
    """The scores of one year, one per branch, without the evidence behind them."""

    def __init__(self, database: Store, year: int) -> None:
        self._standings = database["standings"]
        self._year = year
        self._field = f"scores.{year}"
        self._fields = {self._field: 1, "as_of": 1, "version": 1}

    def get(self, unit: str) -> Document:
        """The score of ``unit``; raises ``NotFound("score.not_found")`` where it has none."""
        with answering():
            # By its key alone: a second field in the question costs the embedded store as much again.
            found = self._standings.find_one({"_id": unit}, self._fields)
        if found is None or str(self._year) not in found.get("scores", {}):
            raise NotFound("score.not_found")
        return self._document(found)

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        """At most ``limit`` scores; each document's state is ``year``, ``as_of`` and ``scored``."""
        wanted = {**filter, self._field: {"$exists": True}}
        with answering():
            found = self._standings.find(wanted, self._fields, sort=list(sort), limit=limit)
            return [self._document(each) for each in found]

    def _document(self, found: Record) -> Document:
        score: Scored = scored(found["scores"][str(self._year)])
        return Document(
            found["_id"], found["version"], {"year": self._year, "as_of": found["as_of"], "scored": score}
        )
