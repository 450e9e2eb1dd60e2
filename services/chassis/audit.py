"""The audit chain: who opened, changed or exported what; appended only, each entry hashed with the last.

What a transaction of many documents does is owed to the chain in the same commit, and entered after it: while
it lasted, its place in the chain would be lost again and again to whoever reads meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from eventlet.semaphore import Semaphore
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from services.chassis.clock import Clock
from services.chassis.errors import Contended, Refusal
from services.chassis.identity import new_id
from services.chassis.indexes import Indexes
from services.chassis.store import Record, Store, answering, is_duplicate, keep_collection
from services.chassis.transactions import end_transaction, in_transaction, on_commit, session

_log = structlog.get_logger()
FIRST = "0" * 64
ATTEMPTS = 30
STEPS = 50  # entries of other replicas that are followed one by one


@dataclass(frozen=True)
class Entry:
    """One thing somebody did. ``hash`` covers everything else, ``previous`` included."""

    seq: int
    at: datetime
    action: str
    actor: str | None
    object_kind: str
    object_id: str
    reason: str | None
    previous: str
    hash: str


def hashed(entry: Mapping[str, Any]) -> str:
    """SHA-256 over the entry's canonical JSON, its own hash left out."""
    covered = {name: value for name, value in entry.items() if name != "hash"}
    covered["at"] = covered["at"].astimezone(UTC).isoformat(timespec="milliseconds")
    text = json.dumps(covered, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """What a chain is found to be: how long, where it ends, and the first place that does not follow."""

    entries: int
    last: int
    hash: str
    first_broken: int | None


def examined(entries: Iterable[Mapping[str, Any]]) -> Verdict:
    """All of ``entries``, in ascending order, each against the one before it; the first is 1.

    A chain cut at its end looks whole: compare its end with one noted elsewhere.
    """
    count, last, previous, broken = 0, 0, FIRST, None
    for entry in entries:
        follows = entry["_id"] == count + 1 and entry.get("previous") == previous
        if broken is None and not (follows and _is_as_hashed(entry)):
            broken = count + 1
        count, last, previous = count + 1, entry["_id"], str(entry.get("hash"))
    return Verdict(count, last, previous, broken)


def _is_as_hashed(entry: Mapping[str, Any]) -> bool:
    try:
        return bool(entry.get("hash") == hashed(entry))
    except (KeyError, AttributeError, TypeError):
        return False  # whoever changed it left something that no entry of ours has


class Audit:
    """The chain of one service. Nothing here changes or removes an entry."""

    def __init__(self, database: Store, clock: Clock) -> None:
        self._entries = database["audit"]
        self._owed = database["audit_owed"]
        self._database = database
        self._clock = clock
        self._turn = Semaphore()
        self._seen = 0  # a sequence that was near the end a moment ago; never believed unread

    def declare(self) -> None:
        """The indexes by which a person sees who opened what is theirs."""
        Indexes(self._database).declare("audit", [("object_kind", 1), ("object_id", 1), ("_id", -1)])
        Indexes(self._database).declare("audit", [("actor", 1), ("_id", -1)])
        keep_collection(self._database, self._owed.name)

    def append(
        self, action: str, actor: str | None, object_kind: str, object_id: str, reason: str | None = None
    ) -> Entry:
        """Append one entry; it is there when this returns.

        The sequence is unique, so of two replicas that append at once one tries again on the newer head.
        Within a transaction the entry commits with it, and a lost race raises ``Contended``; it takes no
        turn, since it holds what others wait for.
        """
        turn = self._turn if session() is None else nullcontext()
        with turn, answering():
            for attempt in range(ATTEMPTS):
                entry = self._following(*self.head(), action, actor, object_kind, object_id, reason)
                try:
                    self._entries.insert_one(entry, session=session())
                    return _entry(entry)
                except DuplicateKeyError:
                    if session() is not None:
                        break
                    time.sleep(random.uniform(0, 0.002 * (attempt + 1)))
        raise Contended("audit.contended")

    def append_many(
        self,
        action: str,
        actor: str | None,
        object_kind: str,
        objects: Sequence[str],
        reason: str | None = None,
    ) -> None:
        """As ``append``, one entry for each of ``objects``, in one write; outside a transaction."""
        left = list(objects)
        with self._turn, answering():
            for attempt in range(ATTEMPTS):
                seq, previous = self.head()
                entries: list[Record] = []
                for each in left:
                    entry = self._following(seq, previous, action, actor, object_kind, each, reason)
                    seq, previous = entry["_id"], entry["hash"]
                    entries.append(entry)
                try:
                    if entries:
                        self._entries.insert_many(entries)
                    self._seen = seq
                    return
                except BulkWriteError as partly:
                    # In order, so what stands before the first failure was written and stays.
                    if not is_duplicate(partly):
                        raise
                    left = left[partly.details["nInserted"] :]
                    time.sleep(random.uniform(0, 0.002 * (attempt + 1)))
        raise Contended("audit.contended")

    def owe(self, action: str, actor: str | None, object_kind: str, objects: Sequence[str]) -> None:
        """One entry for each of ``objects``, of what the running transaction does, if it commits.

        They are entered right after the commit; where the process ends before that, or others append too
        fast, by the next that owes or starts.
        """
        if session() is None:
            raise RuntimeError("entries are owed within a transaction")
        if not objects:
            return
        owed = {
            "_id": new_id(),
            "at": self._clock.now(),
            "action": action,
            "actor": actor,
            "object_kind": object_kind,
            "objects": list(objects),
        }
        with answering():
            self._owed.insert_one(owed, session=session())
        on_commit(self.settle)

    def settle(self) -> None:
        """Enter what is owed, each once however many do so. What the store does not take now stays owed."""
        try:
            with answering():
                owed = list(self._owed.find({}))
            for each in sorted(owed, key=lambda each: str(each["_id"])):
                self._settle(each)
        except (Refusal, PyMongoError) as later:
            _log.warning("audit.owed", error=type(later).__name__)

    def _settle(self, owed: Record) -> None:
        def enter() -> None:
            with self._turn:  # each try by itself: a transaction that appends twice must get to its end
                if self._owed.delete_one({"_id": owed["_id"]}, session=session()).deleted_count:
                    self._enter(owed)

        with answering():
            in_transaction(self._database, enter)

    def _enter(self, owed: Record) -> None:
        (seq, previous), entries = self.head(), list[Record]()
        for each in owed["objects"]:
            about = (owed["action"], owed["actor"], owed["object_kind"], each, None)
            entry = self._following(seq, previous, *about, at=owed["at"])
            seq, previous = entry["_id"], entry["hash"]
            entries.append(entry)
        try:
            self._entries.insert_many(entries, session=session())
        except BulkWriteError as taken:
            if not is_duplicate(taken):
                raise
            end_transaction()
            raise Contended("audit.contended") from taken
        self._seen = seq

    def head(self) -> tuple[int, str]:
        """The last sequence and its hash: note it elsewhere to notice a chain that was cut."""
        with answering():
            last = self._followed() or self._entries.find_one({}, sort=[("_id", -1)], session=session())
        if last is None:
            return 0, FIRST
        self._seen = last["_id"]
        return last["_id"], last["hash"]

    def _followed(self) -> Record | None:
        """The last entry, followed by id from the one seen last; None where that is gone or far behind.

        The embedded store sorts by reading every entry: asked so for each one, a long chain would be slow.
        """
        last = self._entry_at(self._seen)
        for _ in range(STEPS):
            if last is None:
                return None
            following = self._entry_at(last["_id"] + 1)
            if following is None:
                return last
            last = following
        return None

    def _entry_at(self, seq: int) -> Record | None:
        return self._entries.find_one({"_id": seq}, session=session())

    def hash_at(self, seq: int) -> str | None:
        """The hash of one entry; None where there is no such entry."""
        with answering():
            found = self._entry_at(seq)
        return None if found is None else str(found.get("hash"))

    def examine(self) -> Verdict:
        """What the whole chain is found to be; reads all of it."""
        with answering():
            return examined(self._entries.find({}, sort=[("_id", 1)]))

    def verify(self) -> int | None:
        """The first broken sequence, or None for a whole chain; reads all of it."""
        return self.examine().first_broken

    def read(
        self,
        object_kind: str | None = None,
        object_id: str | None = None,
        *,
        actor: str | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> list[Entry]:
        """The newest entries about an object or of an actor; ``before`` continues from a sequence."""
        wanted: dict[str, Any] = {"object_kind": object_kind, "object_id": object_id, "actor": actor}
        filters = {name: value for name, value in wanted.items() if value is not None}
        if before is not None:
            filters["_id"] = {"$lt": before}
        with answering():
            return [_entry(each) for each in self._entries.find(filters, sort=[("_id", -1)], limit=limit)]

    def _following(
        self,
        seq: int,
        previous: str,
        action: str,
        actor: str | None,
        object_kind: str,
        object_id: str,
        reason: str | None,
        *,
        at: datetime | None = None,
    ) -> Record:
        entry: Record = {
            "_id": seq + 1,
            "at": at or self._clock.now(),
            "action": action,
            "actor": actor,
            "object_kind": object_kind,
            "object_id": object_id,
            "reason": reason,
            "previous": previous,
        }
        entry["hash"] = hashed(entry)
        return entry


def _entry(found: Record) -> Entry:
    return Entry(
        found["_id"],
        found["at"],
        found["action"],
        found["actor"],
        found["object_kind"],
        found["object_id"],
        found["reason"],
        found["previous"],
        found["hash"],
    )
