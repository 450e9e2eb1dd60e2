"""The evidence ledger in the store: append-only, one entry per event. The event's id is the key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from pymongo.errors import BulkWriteError

from services.chassis.envelope import Event
from services.chassis.store import Indexes, Record, Store, answering
from services.evaluation.evidence.model import Evidence

_DUPLICATE = 11000


class Ledger:
    """Entries are only ever added: the ledger is also the inbox, and what a rebuild starts from."""

    def __init__(self, database: Store) -> None:
        self._entries = database["evidence"]
        Indexes(database).declare("evidence", [("organisation", 1), ("held_on", 1)])

    def add(self, told: Sequence[tuple[Event, Evidence]]) -> None:
        """Enter what is not yet entered, in one insert; an event that was is left as it is."""
        entries = [_entry(event, evidence) for event, evidence in told]
        with answering():
            try:
                self._entries.insert_many(entries, ordered=False)
            except BulkWriteError as failed:
                if any(each["code"] != _DUPLICATE for each in failed.details["writeErrors"]):
                    raise

    def of(self, organisations: Iterable[str], since: date) -> list[Evidence]:
        """All that was told of activities of ``organisations`` held from ``since`` on."""
        wanted = {"organisation": {"$in": list(organisations)}, "held_on": {"$gte": since.isoformat()}}
        with answering():
            return [_evidence(each) for each in self._entries.find(wanted)]


def _entry(event: Event, evidence: Evidence) -> Record:
    return {
        "_id": event.id,
        "type": event.type,
        "time": event.time,
        "activity": evidence.activity,
        "sequence": evidence.sequence,
        "organisation": evidence.organisation,
        "kind": evidence.kind,
        "held_on": evidence.held_on.isoformat(),
        "counts": evidence.counts,
        "late": evidence.late,
        "expected": evidence.expected,
        "present": evidence.present,
        "excused": evidence.excused,
        "has_minutes": evidence.has_minutes,
    }


def _evidence(entry: Record) -> Evidence:
    return Evidence(
        activity=entry["activity"],
        sequence=entry["sequence"],
        organisation=entry["organisation"],
        kind=entry["kind"],
        held_on=date.fromisoformat(entry["held_on"]),
        counts=entry["counts"],
        late=entry["late"],
        expected=entry["expected"],
        present=entry["present"],
        excused=entry["excused"],
        has_minutes=entry["has_minutes"],
    )
