"""Turning projections: many documents at a time, each with its events and rows, or none of them.

A projection's document has a version. Its events are of several subjects, each with its own sequence; they
lie in bundles beside it, so that it is written once. What is in it, its own store says.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from services.chassis import context
from services.chassis.bundles import Bundles
from services.chassis.clock import Clock
from services.chassis.context import Context
from services.chassis.envelope import seal
from services.chassis.errors import Unavailable
from services.chassis.relay import Relay
from services.chassis.store import (
    Indexes,
    Record,
    Store,
    answering,
    in_transaction,
    is_duplicate,
    session,
)
from services.evaluation.obligations.store import Row
from services.evaluation.projection.standing import Happened

ATTEMPTS = 20
AT_ONCE = 100


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


class Rows(Protocol):
    """What shows obligations."""

    def write(self, rows: Sequence[Row], *, certain: bool, gone: Sequence[str]) -> bool:
        """As ``ObligationRows.write``."""

    def differing(self, obligations: Sequence[Any]) -> list[Any]:
        """As ``ObligationRows.differing``."""


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
        """The documents of ``units`` that exist, in one query."""
        with answering():
            # All fields: leaving some out costs the embedded store as much again as reading them.
            found = self._documents.find({"_id": {"$in": list(units)}})
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
            found = self._documents.find({"_id": {"$in": list(units)}}, {"version": 1}, session=session())
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


class Turning(Generic[P]):
    """Turns documents and the rows that show them, until each is turned."""

    def __init__(self, database: Store, documents: Projections[P], rows: Rows) -> None:
        self._database = database
        self.documents = documents
        self.rows = rows

    def turn(
        self,
        units: Collection[str],
        decide: Callable[[P], Turned[P]],
        causes: Mapping[str, Context] | None = None,
        entered: Callable[[], object] = lambda: None,
        empty: Callable[[str], P] | None = None,
    ) -> None:
        """Turn ``units``; where another replica came first, from what it left.

        ``empty``: what a unit begins with of which there is no document; without it, that is left out.
        Nothing is written before ``entered`` has returned. Raises ``Unavailable("document.contended")``
        after too many lost races.
        """
        ordered = list(units)
        for first in range(0, len(ordered), AT_ONCE):
            self._turn_some(ordered[first : first + AT_ONCE], decide, causes or {}, entered, empty)

    def _turn_some(
        self,
        units: Sequence[str],
        decide: Callable[[P], Turned[P]],
        causes: Mapping[str, Context],
        entered: Callable[[], object],
        empty: Callable[[str], P] | None,
    ) -> None:
        for attempt in range(ATTEMPTS):
            turns = self.decided(units, decide, causes, empty)
            entered()
            if not turns or self._write(turns, again=attempt > 0):
                return
        raise Unavailable("document.contended")

    def decided(
        self,
        units: Sequence[str],
        decide: Callable[[P], Turned[P]],
        causes: Mapping[str, Context],
        empty: Callable[[str], P] | None = None,
    ) -> list[Written[P]]:
        """What turning ``units`` would write; of what stays as it is, nothing."""
        known = self.documents.met(units)
        if empty is not None:
            known.update({unit: Met(empty(unit), 0) for unit in units if unit not in known})
        turned = [(met, decide(met.standing)) for met in known.values()]
        return [
            Written(met, each, causes.get(met.standing.unit) or context.current(), each.obligations)
            for met, each in turned
            if each.after != met.standing or each.obligations or each.withdrawn
        ]

    def decided_anew(self, units: Sequence[str], decide: Callable[[P], Turned[P]]) -> list[Written[P]]:
        """As ``decided``, of turns that trust nothing: with the rows alone that are not as they should be."""
        turns = self.decided(units, decide, {})
        differing = {
            each.id for each in self.rows.differing([row for turn in turns for row in turn.obligations])
        }
        narrowed = [
            replace(turn, obligations=[each for each in turn.obligations if each.id in differing])
            for turn in turns
        ]
        return [each for each in narrowed if each.changes or each.obligations or each.turn.withdrawn]

    def write_rows(self, turns: Sequence[Written[P]], *, certain: bool) -> None:
        """Write the rows that show ``turns`` within the running transaction; raises ``Outrun``."""
        gone = [obligation for each in turns for obligation in each.turn.withdrawn]
        if not self.rows.write(_rows(turns), certain=certain, gone=gone):
            raise Outrun

    def _write(self, turns: Sequence[Written[P]], *, again: bool) -> bool:
        """Documents and the rows that show them, together or not at all; false where they were outrun."""

        def body() -> None:
            if not self.documents.write(turns):
                raise Outrun
            self.write_rows(turns, certain=not again)

        self.documents.touch(turns)
        try:
            in_transaction(self._database, body)
        except Outrun:
            return False
        except Unavailable as failure:
            if failure.code != "store.contended":
                raise
            time.sleep(random.uniform(0.02, 0.2))  # another is in the middle of the same units
            return False
        return True


class Outrun(Exception):
    """What was met is no longer what is there."""


def _rows(turns: Sequence[Written[Any]]) -> list[Row]:
    return [
        Row(changed, each.version, changed.id not in each.met.standing.told)
        for each in turns
        for changed in each.obligations
    ]
