"""Aggregates as documents: a change, its events and the command's answer in one write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pymongo.errors import DuplicateKeyError

from services.chassis import commands
from services.chassis.clock import Clock
from services.chassis.commands import id_for_command
from services.chassis.contract import Change, NewEvent
from services.chassis.errors import Conflict, Contended, NotFound
from services.chassis.indexes import Indexes
from services.chassis.ranges import strict
from services.chassis.relay import Relay
from services.chassis.store import Record, Store, answering, by_ids, copied, plain
from services.chassis.transactions import RACES_SECONDS, end_transaction, on_commit, races, session
from services.chassis.updates import sealed, told_time, update_of

_KEPT = ("pending", "pending_since", "commands", "written_by", "guarded")
RESERVED = frozenset({"_id", "version", "unseen", "sequence", *_KEPT})
ATTEMPTS = 5
Respond = Callable[["Document"], Mapping[str, Any]]
_VIEW = dict.fromkeys(_KEPT, 0)


@dataclass(frozen=True)
class Document:
    """One aggregate as it stands. ``response`` is what the command answers, now and when repeated."""

    id: str
    version: int
    state: dict[str, Any]
    response: dict[str, Any] | None = None


class Documents:
    """The aggregates of one collection.

    A document is its state beside ``version``, ``sequence`` (of its last event), ``pending`` (events not
    yet published), ``pending_since``, ``commands`` (answers by idempotency key), ``guarded`` (how often
    others decided by it) and ``unseen`` (how many of its versions are not told). Every write is one
    write to one document. A command that repeats with its key is answered from ``commands`` and writes
    nothing, so one command makes at most one change to one document.

    The limit: the answer to the command that created the document is kept for ever; any other for 24 hours
    or 64 later commands, whichever ends first, and always while fewer than 8 came after it. A repeat later
    than that is a new command.
    """

    def __init__(self, database: Store, collection: str, *, source: str, clock: Clock, relay: Relay) -> None:
        self.name = collection
        self.source = source
        self.collection = database[collection]
        self._database = database
        self._clock = clock
        self._relay = relay
        relay.watch(self.collection)

    def declare(self) -> None:
        """The index by which the sweeper finds what a crash left behind."""
        Indexes(self._database).declare(self.name, "pending_since", sparse=True)

    def id_for_command(self, *, anonymous: bool = False) -> str:
        """As the function of that name, for this collection."""
        return id_for_command(self.name, anonymous=anonymous)

    # -- reading -------------------------------------------------------------------------------

    def get(self, id: str) -> Document:  # noqa: A002 - the field's name
        """The document; raises ``NotFound`` with the code ``<collection>.not_found``."""
        found = self.find_one({"_id": id})
        if found is None:
            raise NotFound(f"{self.name}.not_found")
        return found

    def find_one(self, filter: Mapping[str, Any]) -> Document | None:  # noqa: A002 - pymongo's name
        """The first document that matches, or None."""
        with answering():
            found = self.collection.find_one(strict(filter), _VIEW, session=session())
        return document_of(found) if found else None

    def find(
        self,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]] = (("_id", 1),),
        limit: int = 100,
        skip: int = 0,
    ) -> list[Document]:
        """At most ``limit`` documents in the order of ``sort``; 0 for all."""
        with answering():
            found = self.collection.find(
                strict(filter or {}), _VIEW, sort=list(sort), limit=limit, skip=skip, session=session()
            )
            return [document_of(each) for each in found]

    def several(self, ids: Collection[str]) -> list[Document]:
        """Those of ``ids`` that there are, in no certain order."""
        with answering():
            return [document_of(each) for each in by_ids(self.collection, ids, _VIEW)]

    # -- writing -------------------------------------------------------------------------------

    def repeated(self, id: str) -> Document | None:  # noqa: A002 - the field's name
        """The document with its stored answer where the running command was applied to it before.

        For a command over several documents, which has to ask before it judges their newer states.
        """
        with answering():
            return _repeated(self.collection.find_one({"_id": id}, session=session()))

    def create(
        self,
        id: str,  # noqa: A002 - the field's name
        state: Mapping[str, Any],
        events: Sequence[NewEvent] = (),
        *,
        respond: Respond | None = None,
        anonymous: bool = False,
    ) -> Document:
        """Write a new document with its events.

        Repeated by the same command it answers the same and writes nothing; raises ``Conflict`` with
        ``<collection>.exists`` where the id or a unique field is taken by another: a taken id leaves the
        running transaction as it was, a taken field ends it. ``anonymous`` keeps
        every exact time and every id that tells one out of the document and its events.
        """
        if session() is not None:
            # Within a transaction a duplicate key would end all of it: look first.
            met = self.collection.find_one({"_id": id}, session=session())
            repeated = _repeated(met)
            if repeated is not None:
                return repeated
            if met is not None:
                raise Conflict(f"{self.name}.exists", params={"field": "_id"})
        document = checked(id, 1, state)
        envelopes = sealed(events, id, 0, self._clock, anonymous=anonymous)
        at = told_time(events, self._clock, anonymous=anonymous)
        written: Record = {"_id": id, "version": 1, "sequence": len(envelopes), **document.state}
        if envelopes:
            written["pending"] = envelopes
            written["pending_since"] = at
        document = _answered(document, respond)
        command = commands.answer(document.response, at, creates=True)
        if command:
            written["commands"] = [command]
        with answering():
            try:
                self.collection.insert_one(written, session=session())
            except DuplicateKeyError as taken:
                field_names = sorted((taken.details or {}).get("keyPattern", {}))
                told = Conflict(f"{self.name}.exists", params={"field": ",".join(field_names)})
                if session() is not None:
                    end_transaction()
                    raise told from taken
                met = self.collection.find_one({"_id": id})
                repeated = _repeated(met)
                if repeated is not None:
                    return repeated
                if met is not None and envelopes and met.get("pending", [])[: len(envelopes)] == envelopes:
                    return document  # the driver sent it twice, since the first answer was lost
                raise told from None
        self._wake(id, envelopes)
        return document

    def rewrite(
        self,
        id: str,  # noqa: A002 - the field's name
        state: Mapping[str, Any],
        events: Sequence[NewEvent] = (),
        *,
        anonymous: bool = False,
    ) -> Document:
        """Write a document anew, as if it were created now, with its events; only within a transaction.

        For a document that nobody knows of yet, whose place in the store must not tell when it was written.
        It begins again: its version, its sequence, and without what it answered.
        """
        if session() is None:
            raise RuntimeError("a document is rewritten within a transaction")
        with answering():
            self.collection.delete_one({"_id": id}, session=session())
        return self.create(id, state, events, anonymous=anonymous)

    def guard(self, id: str) -> Document:  # noqa: A002 - the field's name
        """The document, which nobody else changes or guards until the running transaction has committed.

        For a command that decides by the state of a document that it does not change: of two such at the same
        instant one is run again on what the other wrote. Its version stays. Raises ``NotFound`` as ``get``.
        """
        if session() is None:
            raise RuntimeError("a document is guarded within a transaction")
        with answering():
            self.collection.update_one({"_id": id}, {"$inc": {"guarded": 1}}, session=session())
        return self.get(id)

    def guard_many(self, ids: Collection[str]) -> list[Document]:
        """As ``guard``, of many at once; one that is not there is missing from the answer."""
        if not ids:
            return []
        if session() is None:
            raise RuntimeError("a document is guarded within a transaction")
        wanted = {"_id": {"$in": sorted(ids)}}
        with answering():
            self.collection.update_many(wanted, {"$inc": {"guarded": 1}}, session=session())
        return self.find(wanted, limit=0)

    def change(
        self,
        id: str,  # noqa: A002 - the field's name
        decide: Callable[[dict[str, Any]], Change | None],
        *,
        expected_version: int | None = None,
        respond: Respond | None = None,
        attempts: int = ATTEMPTS,
        seconds: float = RACES_SECONDS,
        anonymous: bool = False,
        unseen: bool = False,
    ) -> Document:
        """Write what ``decide(state)`` decided, together with its events.

        ``decide`` is pure: after a lost race it is asked again on the newer state. It may refuse by raising,
        and may return None (or the same state and no events) when there is nothing to do: nothing is
        written then. ``unseen``: whoever reads the document is not to notice, so that the version that is
        told and expected stays; there must be no events. Raises ``Conflict("version.stale")`` where
        ``expected_version`` is not the version met, ``Contended("document.contended")`` once as many
        ``attempts`` are lost and as many ``seconds`` gone; within a transaction without waiting, since that
        is run again as a whole.
        """
        for _ in races(attempts, seconds) if session() is None else range(attempts):
            with answering():
                found = self.collection.find_one({"_id": id}, session=session())
            if found is None:
                raise NotFound(f"{self.name}.not_found")
            repeated = _repeated(found)
            if repeated is not None:
                return repeated
            before = document_of(found)
            if expected_version is not None and before.version != expected_version:
                raise Conflict("version.stale", params={"version": before.version})
            # A copy: what is written is the difference to the state met, and ``decide`` may change in place.
            decided = decide(copied(before.state))
            if decided is None or (not decided.events and plain(dict(decided.state)) == before.state):
                return _answered(before, respond)
            after = self._write(found, decided, respond, anonymous, unseen)
            if after is not None:
                return after
        raise Contended("document.contended")

    def _write(
        self, found: Record, decided: Change, respond: Respond | None, anonymous: bool, unseen: bool
    ) -> Document | None:
        """The document after the change, or None where somebody else changed it first."""
        update, document, envelopes = self._update(found, decided, respond, anonymous, unseen=unseen)
        with answering():
            try:
                written = self.collection.update_one(
                    {"_id": document.id, "version": found["version"]}, update, session=session()
                )
            except DuplicateKeyError as taken:
                end_transaction()
                field_names = sorted((taken.details or {}).get("keyPattern", {}))
                raise Conflict(f"{self.name}.exists", params={"field": ",".join(field_names)}) from None
        if not written.matched_count:
            return None
        # Where nothing else was waiting, the relay need not read the document again.
        known = None if found.get("pending") else envelopes
        self._wake(document.id, known)
        return document

    def _update(
        self,
        found: Record,
        decided: Change,
        respond: Respond | None,
        anonymous: bool,
        *,
        apart: bool = False,
        unseen: bool = False,
    ) -> tuple[dict[str, Any], Document, list[Record]]:
        """How the store is told of the change, the document after it, and its new events; ``apart``: they are
        kept elsewhere."""
        if unseen and decided.events:
            raise ValueError("an event tells of what is not to be seen")
        met = document_of(found)
        document = checked(met.id, met.version + (not unseen), decided.state)
        envelopes = sealed(decided.events, document.id, found["sequence"], self._clock, anonymous=anonymous)
        document = _answered(document, respond)
        update = update_of(
            found,
            met.state,
            document.state,
            envelopes,
            response=document.response,
            at=told_time(decided.events, self._clock, anonymous=anonymous),
            now=self._clock.now(),
            apart=apart,
            unseen=unseen,
        )
        return update, document, envelopes

    def _wake(self, id: str, envelopes: list[Record] | None) -> None:  # noqa: A002 - the field's name
        if envelopes is None or envelopes:
            on_commit(lambda: self._relay.wake(self.collection, id, envelopes))


def _repeated(found: Record | None) -> Document | None:
    """The document with the stored answer, if the running command was applied to it before."""
    before = commands.answered(found) if found else None
    return replace(document_of(found), response=before.response) if found and before else None


def _answered(document: Document, respond: Respond | None) -> Document:
    return replace(document, response=plain(dict(respond(document)))) if respond else document


def checked(id: str, version: int, state: Mapping[str, Any]) -> Document:  # noqa: A002 - the field's name
    """The document as it is to be written; raises ``ValueError`` for a field that is the chassis' own."""
    taken = RESERVED & set(state)
    if taken:
        raise ValueError(f"the chassis keeps these names in a document: {sorted(taken)}")
    return Document(id, version, plain(dict(state)))


def document_of(found: Record) -> Document:
    """What the store holds, less what is the chassis' own."""
    state = {name: value for name, value in found.items() if name not in RESERVED}
    return Document(found["_id"], found["version"] - found.get("unseen", 0), state)
