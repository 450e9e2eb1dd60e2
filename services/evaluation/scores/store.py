"""Scores as they were last told: a narrow view of the standings, which hold them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.store import Record, Store, answering
from services.evaluation.projection.standing import Scored
from services.evaluation.projection.store import scored

READ_AT_ONCE = 32  # units; the embedded store compares each with all that are asked for


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
        if found is None or not self._is_scored(found):
            raise NotFound("score.not_found")
        return self._document(found)

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        """At most ``limit`` scores of the units that ``filter`` names by their ``_id``, in that order.

        Each document's state is ``year``, ``as_of`` and ``scored``.
        """
        with answering():
            # By the keys alone, as in ``get``: who has no score of the year is found out here.
            found = list(self._standings.find(dict(filter), self._fields))
        scores = [self._document(each) for each in found if self._is_scored(each)]
        return sorted(scores, key=lambda each: each.id)[:limit]

    def of(self, units: Collection[str]) -> Iterator[Document]:
        """The score of each of ``units`` that has one, in the order of their ids; read some at a time."""
        ordered = sorted(units)
        for first in range(0, len(ordered), READ_AT_ONCE):
            some = ordered[first : first + READ_AT_ONCE]
            yield from self.find({"_id": {"$in": some}}, sort=[("_id", 1)], limit=len(some))

    def every(self) -> list[Document]:
        """The score of every unit that has one, in no order; at once it costs a third as much as by keys."""
        with answering():
            found = self._standings.find({self._field: {"$exists": True}}, self._fields)
            return [self._document(each) for each in found]

    def _is_scored(self, found: Record) -> bool:
        return str(self._year) in found.get("scores", {})

    def _document(self, found: Record) -> Document:
        score: Scored = scored(found["scores"][str(self._year)])
        return Document(
            found["_id"], found["version"], {"year": self._year, "as_of": found["as_of"], "scored": score}
        )
