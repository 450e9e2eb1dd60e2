"""Obligations as rows to be listed: a view of the standings, rewritten from them at any time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.store import Indexes, Record, Store, answering, is_duplicate, session
from services.evaluation.obligations.model import FULFILLED, FULFILLED_LATE, OUTSTANDING, Obligation


@dataclass(frozen=True)
class Row:
    """An obligation to be shown. ``basis``, shown as its version: that of the standing it is of."""

    obligation: Obligation
    basis: int
    new: bool = False


class ObligationRows:
    """One row per obligation, written together with the standing that it is of."""

    def __init__(self, database: Store) -> None:
        self._rows = database["obligations"]
        Indexes(database).declare("obligations", [("organisation", 1), ("due_on", -1)])

    def write(self, rows: Sequence[Row], *, certain: bool = True) -> bool:
        """Show each obligation as computed from its basis, within the transaction of its standing.

        ``certain``: what is said to be new is not there. False where it is there nevertheless.
        """
        writes = [_insert(each) if each.new and certain else _replace(each) for each in rows]
        if not writes:
            return True
        with answering():
            try:
                self._rows.bulk_write(writes, ordered=False, session=session())
            except BulkWriteError as failed:
                if not is_duplicate(failed):
                    raise
                return False
        return True

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
    return ReplaceOne({"_id": row.obligation.id}, _shown(row.obligation, row.basis), upsert=True)


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
