"""Obligations as rows to be listed: a view of the standings, rewritten from them at any time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.store import Indexes, Record, Store, answering
from services.evaluation.obligations.model import FULFILLED, FULFILLED_LATE, OUTSTANDING, Obligation

_DUPLICATE = 11000


@dataclass(frozen=True)
class Row:
    """An obligation to be shown. ``basis``: the version of the standing it was computed from."""

    obligation: Obligation
    basis: int
    new: bool = False


class ObligationRows:
    """One row per obligation, written before the standing that it is of: see the projector."""

    def __init__(self, database: Store) -> None:
        self._rows = database["obligations"]
        Indexes(database).declare("obligations", [("organisation", 1), ("due_on", -1)])

    def write(self, rows: Sequence[Row]) -> None:
        """Show each obligation as computed from its basis; an older basis never wins over a newer."""
        writes = [_insert(each) if each.new else _replace(each) for each in rows]
        with answering():
            lost = self._written(writes)
            # A row taken for new may be there since a crash. What is refused again has a newer basis.
            self._written([_replace(rows[position]) for position in lost if rows[position].new])

    def _written(self, writes: Sequence[InsertOne[Record] | ReplaceOne[Record]]) -> list[int]:
        """Write; the positions of what met a duplicate key."""
        if not writes:
            return []
        try:
            self._rows.bulk_write(writes, ordered=False)
        except BulkWriteError as failed:
            errors = failed.details["writeErrors"]
            if any(each["code"] != _DUPLICATE for each in errors):
                raise
            return [each["index"] for each in errors]
        return []

    def get(self, obligation: str) -> Document:
        """The row; raises ``NotFound("obligation.not_found")``."""
        with answering():
            found = self._rows.find_one({"_id": obligation})
        if found is None:
            raise NotFound("obligation.not_found")
        return _document(found)

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        """At most ``limit`` rows, as documents whose version is their basis."""
        with answering():
            return [_document(each) for each in self._rows.find(dict(filter), sort=list(sort), limit=limit)]

    def outstanding(self, organisations: Collection[str]) -> list[Document]:
        """All that ``organisations`` still owe and can hold, by due date."""
        wanted = {"organisation": {"$in": list(organisations)}, "state": {"$in": list(OUTSTANDING)}}
        return self.find(wanted, sort=[("due_on", 1), ("_id", 1)], limit=0)


def _document(row: Record) -> Document:
    return Document(row["_id"], row["basis"], row)


def _insert(row: Row) -> InsertOne[Record]:
    return InsertOne({"_id": row.obligation.id, **_shown(row.obligation, row.basis)})


def _replace(row: Row) -> ReplaceOne[Record]:
    guard = {"_id": row.obligation.id, "basis": {"$lte": row.basis}}
    return ReplaceOne(guard, _shown(row.obligation, row.basis), upsert=True)


def _shown(obligation: Obligation, basis: int) -> Record:
    rule, period = obligation.rule, obligation.period
    fulfilled = obligation.state in (FULFILLED, FULFILLED_LATE)
    return {
        "basis": basis,
        "organisation": obligation.organisation,
        "rule": rule.id,
        "period": period.label,
        "year": period.first.year,
        "state": obligation.state,
        "needed": rule.needed,
        "starts_on": period.first.isoformat(),
        "due_on": obligation.due_on.isoformat(),
        "make_up_until": obligation.make_up_until.isoformat(),
        "fulfilled_on": obligation.fulfilled_on.isoformat()
        if fulfilled and obligation.fulfilled_on
        else None,
        "evidence": list(obligation.taken),
        "pack": rule.pack,
        "article": rule.article,
        "hardness": rule.hardness,
    }
