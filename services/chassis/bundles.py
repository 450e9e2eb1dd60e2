"""Many documents written at a time: one transaction, and all their events in documents beside them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

from services.chassis.clock import Clock
from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Document, Documents, checked, document_of
from services.chassis.errors import Conflict, Contended, Unavailable
from services.chassis.identity import new_id
from services.chassis.indexes import Indexes
from services.chassis.outbox import BUNDLES
from services.chassis.relay import Relay
from services.chassis.store import Record, Store, answering, by_ids, copied, is_duplicate
from services.chassis.transactions import RACES_SECONDS, end_transaction, in_transaction, on_commit, session
from services.chassis.updates import sealed

MOST_IN_ONE = 500  # events in one bundle: far from the largest document that a store takes
MOST_AT_ONCE = 100  # documents in one transaction: whoever else changes one of them waits for its end
TRIES = 2  # of a batch as it is, before it is parted: most often the other one has committed by then
PAUSE_SECONDS = 0.2

Given = tuple[str, Mapping[str, Any], Sequence[NewEvent]]
Decide = Callable[[str, dict[str, Any]], Change | None]
# What else is written in the same transaction, given what it wrote; run again with it after a lost race.
Beside = Callable[[Mapping[str, Document]], None]


@dataclass(frozen=True)
class Written:
    """``documents`` are those that were written, by id; ``held`` what is to be tried again, since most
    often another transaction holds on to it."""

    documents: Mapping[str, Document]
    held: frozenset[str]


class Bundles:
    """Events that lie beside the documents they tell of: a bundle is published, then deleted.

    None of the documents is written again when its events have left. Events of one subject that one process
    wrote leave in their order; one that another replica wrote, or that a crash or a full memory left to the
    sweeper, may leave behind a later one, which its sequence shows.
    """

    def __init__(self, database: Store, clock: Clock, relay: Relay) -> None:
        self._database = database
        self._bundles = database[BUNDLES]
        self._clock = clock
        self._relay = relay
        relay.watch(self._bundles)

    def declare(self) -> None:
        """The index by which the sweeper finds bundles."""
        Indexes(self._database).declare(BUNDLES, "pending_since", sparse=True)

    def put(self, events: Sequence[Record]) -> None:
        """Keep ``events`` with what the running transaction writes; they are published after its commit."""
        now = self._clock.now()
        parts = [events[first : first + MOST_IN_ONE] for first in range(0, len(events), MOST_IN_ONE)]
        bundles = [{"_id": new_id(), "pending": list(part), "pending_since": now} for part in parts]
        if not bundles:
            return
        self._bundles.insert_many(bundles, session=session())
        on_commit(lambda: self._wake(bundles))

    def _wake(self, bundles: Sequence[Record]) -> None:
        # Without the events: while the broker is away the relay remembers ids, not what they stand for.
        for each in bundles:
            self._relay.wake(self._bundles, each["_id"])


class BundledDocuments(Documents):
    """The aggregates of one collection, for imports and workers that write many of them at once.

    What is written one by one is as in ``Documents``. What is written many at once commits together, up to
    ``MOST_AT_ONCE`` documents, with ``Bundles`` of their events.
    """

    def __init__(self, database: Store, collection: str, *, source: str, clock: Clock, relay: Relay) -> None:
        super().__init__(database, collection, source=source, clock=clock, relay=relay)
        self._bundles = Bundles(database, clock, relay)

    def declare(self) -> None:
        """As for any documents, and for their bundles."""
        super().declare()
        self._bundles.declare()

    def create_many(self, given: Sequence[Given], *, beside: Beside | None = None) -> set[str]:
        """Write new documents with their events; the ids that were taken, whose documents stay as they are.

        ``beside`` writes what belongs to them, in their transaction, given those that are new.
        There is no command to repeat: this is for imports and workers. Raises ``Conflict`` with the code
        ``<collection>.exists`` where another value is taken that only one may have; what was written before,
        ``MOST_AT_ONCE`` at a time, stays written.
        """
        taken: set[str] = set()
        for first in range(0, len(given), MOST_AT_ONCE):
            some = given[first : first + MOST_AT_ONCE]
            taken |= in_transaction(self._database, partial(self._create_some, some, beside))
        return taken

    def change_many(
        self,
        ids: Sequence[str],
        decide: Decide,
        *,
        seconds: float = RACES_SECONDS,
        beside: Beside | None = None,
    ) -> Written:
        """Write what ``decide(id, state)`` decided of each with its events; answered is what was written.

        ``beside`` writes what belongs to them, in their transaction, given those that are changed.
        After a lost race ``decide`` is asked again on the newer states, so of two who claim the same document
        one is shown that it is claimed. What does not exist, and what there was nothing to do with, is
        missing from the answer. Commands are not remembered: this is for workers.

        What another transaction holds on to keeps nothing else waiting: it is tried for ``seconds`` and then
        told as ``held``. Whoever was killed within a transaction holds on for a minute. So is what is left
        where the store goes away when some is written, which would be claimed and never told; where nothing
        is, what it raised is raised.
        """
        written: dict[str, Document] = {}
        change = partial(self._change_some, decide, beside)
        left, until = list(ids), time.monotonic() + seconds
        while True:
            parts = [left[first : first + MOST_AT_ONCE] for first in range(0, len(left), MOST_AT_ONCE)]
            try:
                left = [each for part in parts for each in self._change_free(part, change, written, TRIES)]
            except (Unavailable, PyMongoError):
                if not written:
                    raise
                return Written(written, frozenset(ids) - written.keys())
            if not left or time.monotonic() >= until:
                return Written(written, frozenset(left))
            time.sleep(random.uniform(0, PAUSE_SECONDS))

    def _change_free(
        self,
        ids: Sequence[str],
        change: Callable[[Sequence[str]], dict[str, Document]],
        written: dict[str, Document],
        tries: int,
    ) -> Sequence[str]:
        """Add to ``written`` those that nobody holds; what is left. Halved until what is held stands alone:
        the store does not say which one it was."""
        try:
            written |= in_transaction(self._database, partial(change, ids), attempts=tries, seconds=0)
        except Contended:
            if len(ids) == 1:
                return ids
        else:
            return ()
        halves = ids[: len(ids) // 2], ids[len(ids) // 2 :]
        return [each for half in halves for each in self._change_free(half, change, written, 1)]

    def _create_some(self, given: Sequence[Given], beside: Beside | None) -> set[str]:
        # Within a transaction a taken key would end all of it: look first.
        wanted = [id for id, _, _ in given]  # noqa: A001 - the field's name
        there = {str(each["_id"]) for each in by_ids(self.collection, wanted, {"_id": 1})}
        new: dict[str, Record] = {}
        made: dict[str, Document] = {}
        events: list[Record] = []
        for id, state, told in given:  # noqa: A001 - the field's name
            if id in there or id in new:
                continue
            envelopes = sealed(told, id, 0, self._clock)
            events += envelopes
            made[id] = checked(id, 1, state)
            new[id] = {"_id": id, "version": 1, "sequence": len(envelopes), **made[id].state}
        if not new:
            return there
        try:
            self.collection.insert_many(list(new.values()), ordered=False, session=session())
        except BulkWriteError as partly:
            if not is_duplicate(partly):
                raise
            end_transaction()
            if all(_is_of_the_id(each) for each in partly.details["writeErrors"]):
                raise Contended("store.contended") from None  # taken since we looked: look again
            raise Conflict(f"{self.name}.exists") from None
        self._bundles.put(events)
        if beside is not None:
            beside(made)
        return there

    def _change_some(self, decide: Decide, beside: Beside | None, ids: Sequence[str]) -> dict[str, Document]:
        with answering():
            found = list(by_ids(self.collection, ids))
        updates: list[UpdateOne] = []
        events: list[Record] = []
        after: dict[str, Document] = {}
        for each in found:
            decided = decide(each["_id"], copied(document_of(each).state))
            if decided is None:
                continue
            update, document, envelopes = self._update(each, decided, None, False, apart=True)
            # By the id alone: that nobody else changed it since it was read, the transaction sees to.
            updates.append(UpdateOne({"_id": each["_id"]}, update))
            events += envelopes
            after[document.id] = document
        if updates:
            self.collection.bulk_write(updates, ordered=False, session=session())
            self._bundles.put(events)
            if beside is not None:
                beside(after)
        return after


def _is_of_the_id(failure: Record) -> bool:
    """Whether a write failed since its id was taken, rather than another value that only one may have."""
    return " index: _id_ " in failure["errmsg"]
