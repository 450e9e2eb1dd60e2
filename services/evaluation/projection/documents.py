"""The documents of a projection: read, and written many at a time together with their events.

A document has a version. Its events are of several subjects, each with its own sequence; they lie in bundles
beside it, so that it is written once. What is in it, its own store says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from services.chassis.bundles import Bundles
from services.chassis.clock import Clock
from services.chassis.context import Context
from services.chassis.envelope import seal
from services.chassis.indexes import Indexes
from services.chassis.relay import Relay
from services.chassis.store import Record, Store, answering, by_ids, is_duplicate
from services.chassis.transactions import session
from services.evaluation.projection.standing import Happened


class Projected(Protocol):
    """What a document holds."""

    @property
    def unit(self) -> str:
        """The document's id."""


P = TypeVar("P", bound=Projected)


class Turned(Protocol[P]):
    """What a turn changes."""

    @property
    def after(self) -> P:
        """What the document holds then."""

    @property
    def obligations(self) -> Sequence[Any]:
        """Those whose rows differ."""

    @property
    def withdrawn(self) -> Sequence[str]:
        """Ids of obligations that, as is known by now, were never owed."""

    @property
    def events(self) -> Sequence[Happened]:
        """What is told of it."""


@dataclass(frozen=True)
class Met(Generic[P]):
    """A document as it was read, of ``version`` 0 where there is none yet.

    ``left``: events that an earlier release kept in the document and that have not been published yet.
    """

    standing: P
    version: int
    sequence: int = 0
    left: Sequence[Record] = ()


@dataclass(frozen=True)
class Written(Generic[P]):
    """A turn to be written on what was met, with the rows of ``obligations``, and what led to it."""

    met: Met[P]
    turn: Turned[P]
    cause: Context
    obligations: Sequence[Any]

    @property
    def changes(self) -> bool:
        """Whether the document becomes another: the rows that show it may be written for themselves."""
        return self.turn.after != self.met.standing

    @property
    def version(self) -> int:
        """Of the document after the turn."""
        return self.met.version + self.changes


class Projections(Generic[P]):
    """The documents of one collection. A subclass says in which form each is kept."""

    def __init__(self, database: Store, collection: str, clock: Clock, relay: Relay) -> None:
        self._documents = database[collection]
        self._clock = clock
        self._bundles = Bundles(database, clock, relay)
        self._bundles.declare()
        # An earlier release kept events in the documents themselves: what it left is swept, or taken along by
        # the next turn. No other index: each costs the embedded store as much as the write itself.
        relay.watch(self._documents)
        Indexes(database).declare(collection, "pending_since", sparse=True)

    def packed(self, after: P) -> Record:
        """The fields that keep ``after``. Overridden."""
        raise NotImplementedError

    def unpacked(self, found: Record) -> P:
        """What was kept. Overridden."""
        raise NotImplementedError

    def touch(self, turns: Sequence[Written[P]]) -> None:
        """Called before turns are written, outside of their transaction."""

    def met(self, units: Iterable[str]) -> dict[str, Met[P]]:
        """The documents of ``units`` that exist."""
        with answering():
            # All fields: leaving some out costs the embedded store as much again as reading them.
            found = by_ids(self._documents, list(units))
            return {
                each["_id"]: Met(
                    self.unpacked(each), each["version"], each["sequence"], each.get("pending", ())
                )
                for each in found
            }

    def one(self, unit: str) -> Met[P] | None:
        """The document of ``unit``, or None."""
        return self.met([unit]).get(unit)

    def units(self) -> list[str]:
        """Every unit, in a fixed order."""
        with answering():
            return [each["_id"] for each in self._documents.find({}, {"_id": 1}).sort("_id", 1)]

    def versions(self, units: Sequence[str]) -> dict[str, int]:
        """The versions of the documents of ``units`` that exist."""
        with answering():
            found = by_ids(self._documents, units, {"version": 1})
            return {each["_id"]: each["version"] for each in found}

    def write(self, turns: Sequence[Written[P]]) -> bool:
        """Write the turns within the running transaction; false where a document is not as it was met.

        What was written is published after the commit.
        """
        changed = [each for each in turns if each.changes]
        same = [each for each in turns if not each.changes]
        sealed = [[*each.met.left, *self._sealed(each)] for each in changed]
        writes = [self._write(each, len(told)) for each, told in zip(changed, sealed, strict=True)]
        with answering():
            if same and not self._are_as_met(same):
                return False
            if writes and not self._all_written(writes):
                return False
            self._bundles.put([event for told in sealed for event in told])
        return True

    def _all_written(self, writes: Sequence[InsertOne[Record] | ReplaceOne[Record]]) -> bool:
        try:
            done = self._documents.bulk_write(writes, session=session())
        except BulkWriteError as failed:
            if not is_duplicate(failed):
                raise
            return False  # another replica began it first
        return done.inserted_count + done.matched_count == len(writes)

    def _are_as_met(self, turns: Sequence[Written[P]]) -> bool:
        wanted = {each.met.standing.unit: each.met.version for each in turns}
        return self.versions(list(wanted)) == wanted

    def _sealed(self, written: Written[P]) -> list[Record]:
        cause = written.cause
        return [
            seal(
                each.event,
                subject=each.subject,
                sequence=each.sequence,
                clock=self._clock,
                correlationid=cause.correlationid,
                causationid=cause.causationid,
                actor=cause.actor,
                traceparent=cause.traceparent,
            )
            for each in written.turn.events
        ]

    def _write(self, written: Written[P], told: int) -> InsertOne[Record] | ReplaceOne[Record]:
        met, after = written.met, written.turn.after
        whole = {
            "version": met.version + 1,
            "sequence": met.sequence + told - len(met.left),
            **self.packed(after),
        }
        if not met.version:
            return InsertOne({"_id": after.unit, **whole})
        # Replacing costs the embedded store a third of an update.
        return ReplaceOne({"_id": after.unit, "version": met.version}, whole)
