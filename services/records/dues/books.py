"""Where the ledger is kept: entries that are only ever added, and what stands on each account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from pymongo import UpdateOne

from services.chassis.application import Application
from services.chassis.identity import derived_id
from services.chassis.store import answering
from services.chassis.transactions import session
from services.records.dues import ledger
from services.records.dues.ledger import Entry, Posting


class Books:
    """The books of every organisation. Each entry balances within one organisation, so each book does."""

    def __init__(self, application: Application) -> None:
        self._entries = application.database["dues_entries"]
        self._standings = application.database["dues_standings"]
        application.indexes.declare("dues_entries", [("organisation", 1), ("year", 1), ("_id", 1)])
        application.indexes.declare("dues_standings", [("organisation", 1), ("year", 1)])

    def post(self, on: date, entries: Iterable[tuple[str, Entry]]) -> None:
        """Add entries, each for its organisation, within the running transaction.

        The id of an entry follows from its organisation, kind and cause: posted a second time it aborts the
        transaction, since whoever posts has found out before whether there is anything to post.
        """
        if session() is None:
            raise RuntimeError("entries are posted within a transaction, beside what they are of")
        written: list[dict[str, Any]] = []
        added: dict[tuple[str, int], dict[str, int]] = {}
        for organisation, entry in entries:
            if not entry.postings:
                continue
            key = (organisation, on.year)
            written.append(
                {
                    "_id": entry_id(organisation, entry),
                    "organisation": organisation,
                    "year": on.year,
                    "on": on.isoformat(),
                    **entry.as_state(),
                }
            )
            sums = added.setdefault(key, {})
            for posting in entry.postings:
                sums[posting.account] = sums.get(posting.account, 0) + posting.fen
        if written:
            self._entries.insert_many(written, session=session())
            self._standings.bulk_write([_added(*key, sums) for key, sums in added.items()], session=session())

    def accounts(self, organisation: str, year: int) -> dict[str, int]:
        """What was posted to each account in ``year``."""
        with answering():
            found = self._standings.find_one({"organisation": organisation, "year": year}, session=session())
        return dict(found["accounts"]) if found else {}

    def cash(self, organisation: str, before: int | None = None) -> int:
        """What is there in fen, or what was there at the beginning of the year ``before``."""
        wanted: dict[str, Any] = {"organisation": organisation}
        if before is not None:
            wanted["year"] = {"$lt": before}
        with answering():
            found = list(self._standings.find(wanted, session=session()))
        return sum(each["accounts"].get(ledger.CASH, 0) for each in found)

    def recounted(self, organisation: str, year: int) -> dict[str, int]:
        """As ``accounts``, summed anew over every entry: the two agree."""
        with answering():
            found = self._entries.find({"organisation": organisation, "year": year}, session=session())
            return ledger.balances(_entry(each) for each in found)


def entry_id(organisation: str, entry: Entry) -> str:
    """The id of an entry: one of a kind for a cause in one organisation's books."""
    return derived_id("dues entry", organisation, entry.kind, entry.cause)


def _entry(found: Mapping[str, Any]) -> Entry:
    postings = tuple(Posting(each["account"], each["fen"]) for each in found["postings"])
    return Entry(found["kind"], found["cause"], postings, found["reverses"])


def _added(organisation: str, year: int, sums: Mapping[str, int]) -> UpdateOne:
    return UpdateOne(
        {"_id": f"{organisation}:{year}"},
        {
            "$setOnInsert": {"organisation": organisation, "year": year},
            "$inc": {f"accounts.{account}": fen for account, fen in sums.items()},
        },
        upsert=True,
    )
