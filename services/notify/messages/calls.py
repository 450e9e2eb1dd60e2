"""Calls for many at once, in the store: by whose reference and address a report is about which message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from services.chassis.indexes import Indexes
from services.chassis.store import Store, answering

KEPT = timedelta(days=7)  # providers report within three days


class Calls:
    """One document per call that went to more than one address, kept for a week."""

    def __init__(self, database: Store) -> None:
        self._database = database
        self._calls = database["calls"]

    def declare(self) -> None:
        """The index by which what is old enough is forgotten."""
        Indexes(self._database).declare("calls", "forget_at")

    def keep(self, call: str, messages: Mapping[str, str], now: datetime) -> None:
        """Remember the ``messages`` of a call, by the fingerprint of the address, before it is made."""
        with answering():
            self._calls.insert_one({"_id": call, "messages": dict(messages), "forget_at": now + KEPT})

    def message(self, call: str, fingerprint: str) -> str | None:
        """The message of that call to that address; None where there is none."""
        with answering():
            found = self._calls.find_one({"_id": call})
        return found["messages"].get(fingerprint) if found else None

    def forget(self, now: datetime) -> None:
        """Forget what nothing is reported of any more."""
        with answering():
            self._calls.delete_many({"forget_at": {"$lte": now}})
