"""The pending lists of documents: read, put in the form that travels, and cleared of what was confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from typing import TypeAlias

from pymongo import DeleteOne, UpdateOne
from pymongo.read_concern import ReadConcern

from services.chassis.contract import EventContract
from services.chassis.envelope import CONTENT_TYPE, to_bytes
from services.chassis.publishing import Outgoing
from services.chassis.store import Record, Records

Key: TypeAlias = tuple[str, str]  # collection, document
BUNDLES = "bundles"  # the collection of documents that are nothing but a list of events


@dataclass(frozen=True)
class Woken:
    """A document to publish. ``envelopes`` are its whole pending list after some write; None: not read."""

    collection: Records
    id: str
    envelopes: Sequence[Record] | None = None

    @property
    def key(self) -> Key:
        return self.collection.name, self.id

    @property
    def is_bundle(self) -> bool:
        """Whether it is gone when its events are published."""
        return self.collection.name == BUNDLES


def lasting(collection: Records) -> Records:
    """``collection`` less what a failover may take back: no event may leave whose change might not stay."""
    return collection.with_options(read_concern=ReadConcern("majority"))


def pending_for(since: datetime, now: datetime, zone: tzinfo) -> float:
    """For how many seconds at least something has been pending.

    A stamp at the begin of a campus day stands for any instant of it: anonymous documents keep no other.
    """
    if is_day(since, zone):
        since = since.astimezone(zone) + timedelta(days=1)
    return max((now - since).total_seconds(), 0.0)


def is_day(since: datetime, zone: tzinfo) -> bool:
    """Whether the stamp tells the campus day only."""
    return since.astimezone(zone).time() == time()


def read(bunch: Sequence[Woken]) -> list[Woken]:
    """The bunch with everybody's pending events, read where the writer did not know them."""
    unknown: dict[str, list[Woken]] = {}
    for each in bunch:
        if each.envelopes is None:
            unknown.setdefault(each.collection.name, []).append(each)
    found: dict[Key, Record] = {}
    for name, wanted in unknown.items():
        ids = [each.id for each in wanted]
        kept = lasting(wanted[0].collection)
        for document in kept.find({"_id": {"$in": ids}}, {"pending": 1}):
            found[name, document["_id"]] = document

    def filled(each: Woken) -> Woken:
        if each.envelopes is not None:
            return each
        return replace(each, envelopes=found.get(each.key, {}).get("pending", ()))

    return [filled(each) for each in bunch]


def is_anonymous(document: Woken) -> bool:
    """Whether nothing may tell when one of its pending events leaves."""
    return any(envelope.get("anonymous") for envelope in document.envelopes or ())


def clear(documents: Sequence[Woken], confirmed: Sequence[Sequence[str]]) -> int:
    """Take the ``confirmed`` ids off their documents; events appended meanwhile stay.

    The number of documents of which everything known was confirmed.
    """
    cleared = 0
    clearing: dict[str, list[UpdateOne | DeleteOne]] = {}
    collections = {each.collection.name: each.collection for each in documents}
    for document, ids in zip(documents, confirmed, strict=True):
        whole = len(ids) == len(document.envelopes or ())
        cleared += whole
        if ids or whole:  # a list that was met empty may still be marked
            mine = {"_id": document.id}
            over = whole and document.is_bundle
            # One that was met empty may be one that was not seen yet, after a failover: not by its id alone.
            emptied = mine if ids else {**mine, "pending": {"$exists": False}}
            taken = DeleteOne(emptied) if over else UpdateOne(mine, _without(ids))
            clearing.setdefault(document.collection.name, []).append(taken)
    for name, updates in clearing.items():
        collections[name].bulk_write(updates, ordered=False)
    return cleared


def _without(ids: Sequence[str]) -> list[Record]:
    """What takes events off a list, and the mark with the last, in one write whatever came meanwhile."""
    stays = {"$not": [{"$in": ["$$this.id", list(ids)]}]}
    left = {"$filter": {"input": {"$ifNull": ["$pending", []]}, "cond": stays}}
    empty = {"$eq": ["$pending", []]}
    unmarked = {name: {"$cond": [empty, "$$REMOVE", f"${name}"]} for name in ("pending", "pending_since")}
    return [{"$set": {"pending": left}}, {"$set": unmarked}]


def outgoing(envelope: Record) -> Outgoing:
    """The event as the broker gets it."""
    contract = EventContract.registry.get(envelope["type"])
    if contract is None:
        # Written by a newer release that was rolled back: the names follow from the type all the same.
        source, named = envelope["type"].split(".", 1)
        exchange, routing_key = f"{source}.events", named.rsplit(".", 1)[0]
    else:
        exchange, routing_key = contract.exchange(), contract.routing_key()
    return Outgoing(
        exchange=exchange,
        routing_key=routing_key,
        body=to_bytes(envelope),
        headers={"traceparent": envelope["traceparent"]} if "traceparent" in envelope else {},
        message_id=envelope["id"],
        content_type=CONTENT_TYPE,
    )
