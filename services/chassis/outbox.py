"""The pending lists of documents: read, put in the form that travels, and cleared of what was confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo
from typing import TypeAlias

from pymongo import UpdateOne
from pymongo.read_concern import ReadConcern

from services.chassis.contract import EventContract
from services.chassis.envelope import CONTENT_TYPE, to_bytes
from services.chassis.publishing import Outgoing
from services.chassis.store import Record, Records

Key: TypeAlias = tuple[str, str]  # collection, document


@dataclass(frozen=True)
class Woken:
    """A document to publish. ``envelopes`` are its whole pending list up to ``sequence``; None: not read."""

    collection: Records
    id: str
    envelopes: Sequence[Record] | None = None
    sequence: int = 0

    @property
    def key(self) -> Key:
        return self.collection.name, self.id


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
        for document in kept.find({"_id": {"$in": ids}}, {"pending": 1, "sequence": 1}):
            found[name, document["_id"]] = document

    def filled(each: Woken) -> Woken:
        if each.envelopes is not None:
            return each
        document = found.get(each.key, {})
        return replace(each, envelopes=document.get("pending", ()), sequence=document.get("sequence", 0))

    return [filled(each) for each in bunch]


def is_anonymous(document: Woken) -> bool:
    """Whether nothing may tell when one of its pending events leaves."""
    return any(envelope.get("anonymous") for envelope in document.envelopes or ())


def clear(documents: Sequence[Woken], confirmed: Sequence[Sequence[str]]) -> int:
    """Take the ``confirmed`` ids off their documents; events appended meanwhile stay.

    The number of documents left without pending events.
    """
    whole: dict[str, list[UpdateOne]] = {}
    part: dict[str, list[UpdateOne]] = {}
    collections = {each.collection.name: each.collection for each in documents}
    for document, ids in zip(documents, confirmed, strict=True):
        if ids:
            pulled = UpdateOne({"_id": document.id}, {"$pull": {"pending": {"id": {"$in": list(ids)}}}})
            part.setdefault(document.collection.name, []).append(pulled)
        if len(ids) == len(document.envelopes or ()):
            # The sequence is the guard: nothing was appended since the list was read. A list may be empty
            # and still marked, where two replicas each confirmed a part of it.
            unchanged = {"_id": document.id, "sequence": document.sequence}
            emptied = {"$unset": {"pending": "", "pending_since": ""}}
            whole.setdefault(document.collection.name, []).append(UpdateOne(unchanged, emptied))
    cleared = 0
    for name, collection in collections.items():
        wholes, pulls = whole.get(name, []), part.get(name, [])
        done = collection.bulk_write(wholes, ordered=False).matched_count if wholes else 0
        cleared += done
        if pulls and done < max(len(pulls), len(wholes)):
            collection.bulk_write(pulls, ordered=False)
    return cleared


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
