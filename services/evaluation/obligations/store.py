"""Obligations as rows to be listed: a view of the standings, rewritten from them at any time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.store import Indexes, Record, Store, answering
from services.evaluation.obligations.model import FULFILLED, FULFILLED_LATE, OUTSTANDING, Obligation

_DUPLICATE = 11000


class ObligationRows:
    """One row per obligation. ``basis`` is the version of the standing that it was computed from."""

    def __init__(self, database: Store) -> None:
        self._rows = database["obligations"]
        indexes = Indexes(database)
        indexes.declare("obligations", [("organisation", 1), ("due_on", -1)])
        indexes.declare("obligations", [("state", 1), ("due_on", -1)])
        indexes.declare("obligations", [("due_on", -1), ("_id", 1)])

    def write(self, turned: Iterable[tuple[Obligation, int]]) -> None:
        """Show each obligation as computed from the version beside it; an older basis never wins."""
        updates = [
            UpdateOne({"_id": each.id, "basis": {"$lte": basis}}, {"$set": _row(each, basis)}, upsert=True)
            for each, basis in turned
        ]
        if not updates:
            return
        with answering():
            try:
                self._rows.bulk_write(updates, ordered=False)
            except BulkWriteError as failed:
                # A duplicate key is a row with a newer basis: it stays.
                if any(each["code"] != _DUPLICATE for each in failed.details["writeErrors"]):
                    raise

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


def _row(obligation: Obligation, basis: int) -> Record:
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
