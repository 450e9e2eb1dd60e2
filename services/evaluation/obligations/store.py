"""Obligations as rows to be listed: a view of the standings, rewritten from them at any time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import DeleteOne, InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.indexes import Indexes
from services.chassis.store import Record, Store, answering, is_duplicate
from services.chassis.transactions import session
from services.evaluation.obligations.model import FULFILLED, FULFILLED_LATE, NEVER, OUTSTANDING, Obligation

READ_AT_ONCE = 10  # owners; the embedded store compares each row with each of them


@dataclass(frozen=True)
class Row:
    """An obligation to be shown. ``basis``, shown as its version: that of the standing it is of."""

    obligation: Obligation
    basis: int
    new: bool = False


class ObligationRows:
    """One row per obligation of an organisation, written together with the standing that it is of."""

    collection = "obligations"
    owner = "organisation"  # the field by which the rows of one owner are found

    def __init__(self, database: Store) -> None:
        self._rows = database[self.collection]
        Indexes(database).declare(self.collection, [("organisation", 1), ("due_on", -1)])

    def write(self, rows: Sequence[Row], *, certain: bool = True, gone: Sequence[str] = ()) -> bool:
        """Show each obligation as computed from its basis, within the transaction of its standing.

        ``certain``: what is said to be new is not there. False where it is there nevertheless. What is
        ``gone`` was never owed, as is known by now, and is shown no more.
        """
        writes: list[Any] = [_insert(each) if each.new and certain else _replace(each) for each in rows]
        writes += [DeleteOne({"_id": each}) for each in gone]
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

    def one(self, obligation: str) -> Document | None:
        """The row, or None."""
        with answering():
            found = self._rows.find_one({"_id": obligation})
        return _document(found) if found else None

    def get(self, obligation: str) -> Document:
        """The row; raises ``NotFound("obligation.not_found")``."""
        found = self.one(obligation)
        if found is None:
            raise NotFound("obligation.not_found")
        return found

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

    def differing(self, obligations: Sequence[Obligation]) -> list[Obligation]:
        """Those of ``obligations`` that are not shown as they are, whatever they were computed from.

        However many there are: their rows are read by who owes them, some at a time.
        """
        of_owner: dict[str, list[Obligation]] = {}
        for each in obligations:
            of_owner.setdefault(getattr(each, self.owner), []).append(each)
        owners, found = sorted(of_owner), list[Obligation]()
        for first in range(0, len(owners), READ_AT_ONCE):
            some = owners[first : first + READ_AT_ONCE]
            with answering():
                shown = {each["_id"]: each for each in self._rows.find({self.owner: {"$in": some}})}
            found += [
                each for owner in some for each in of_owner[owner] if not _is_shown(each, shown.get(each.id))
            ]
        return found

    def outstanding(self, organisations: Collection[str]) -> list[Document]:
        """All that ``organisations`` still owe and can hold, by due date."""
        wanted = {"organisation": {"$in": list(organisations)}, "state": {"$in": list(OUTSTANDING)}}
        return self.find(wanted, sort=[("due_on", 1), ("_id", 1)], limit=0)


class PersonalRows(ObligationRows):
    """One row per obligation of a person: by the organisation they belong to, and by who they are."""

    collection = "personal_obligations"
    owner = "person"

    def __init__(self, database: Store) -> None:
        super().__init__(database)
        Indexes(database).declare(self.collection, self.owner)

    def owed_by(self, person: str) -> list[Document]:
        """All that the person still owes and can do, by due date."""
        with answering():
            found = [_document(each) for each in self._rows.find({"person": person})]
        owed = [each for each in found if each.state["state"] in OUTSTANDING]
        return sorted(owed, key=lambda each: (each.state["due_on"], each.id))


class DutyRows:
    """Where the rows of sheets go: those of persons apart, since each is read by few."""

    def __init__(self, organisations: ObligationRows, persons: PersonalRows) -> None:
        self._organisations = organisations
        self._persons = persons

    def differing(self, obligations: Sequence[Obligation]) -> list[Obligation]:
        """As ``ObligationRows.differing``; both are asked only for what is theirs."""
        personal = [each for each in obligations if each.person is not None]
        others = [each for each in obligations if each.person is None]
        return [*self._persons.differing(personal), *self._organisations.differing(others)]

    def write(self, rows: Sequence[Row], *, certain: bool = True, gone: Sequence[str] = ()) -> bool:
        """As ``ObligationRows.write``."""
        personal = [each for each in rows if each.obligation.person is not None]
        others = [each for each in rows if each.obligation.person is None]
        return self._persons.write(personal, certain=certain, gone=gone) and self._organisations.write(
            others, certain=certain, gone=gone
        )


def _is_shown(obligation: Obligation, row: Record | None) -> bool:
    return row is not None and row == {"_id": obligation.id, **_shown(obligation, row["basis"])}


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
        **({"person": obligation.person} if obligation.person else {}),
        **({"case": obligation.case} if obligation.case else {}),
        **({"posts_only": True} if obligation.posts_only else {}),
        **({"exemption": obligation.exemption} if obligation.exemption else {}),
        "rule": rule.id,
        "period": period.label,
        "year": period.first.year,
        "state": obligation.state,
        "needed": rule.needed,
        "starts_on": period.first.isoformat(),
        "due_on": obligation.due_on.isoformat(),
        "make_up_until": obligation.make_up_until.isoformat() if rule.make_up_days < NEVER else None,
        "fulfilled_on": obligation.fulfilled_on.isoformat()
        if fulfilled and obligation.fulfilled_on
        else None,
        "evidence": list(obligation.taken),
        "pack": rule.pack,
        "article": rule.article,
        "hardness": rule.hardness,
    }
