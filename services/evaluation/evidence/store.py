"""The evidence ledger in the store: append-only, one entry per event. The event's id is the key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from pymongo.errors import BulkWriteError

from services.chassis.envelope import Event
from services.chassis.indexes import Indexes
from services.chassis.store import Record, Store, answering, is_duplicate
from services.evaluation.evidence.model import Evidence


class Ledger:
    """Entries are only ever added: the ledger is also the inbox, and what a rebuild starts from."""

    def __init__(self, database: Store) -> None:
        self._entries = database["evidence"]
        Indexes(database).declare("evidence", "unit")

    def add(self, told: Sequence[tuple[Event, Evidence]], units: Mapping[str, str]) -> None:
        """Enter what is not yet entered, in one insert; an event that was is left as it is.

        ``units`` says by activity where it counts: it stays there when the organisation moves on.
        """
        entries = [_entry(event, evidence, units[evidence.activity]) for event, evidence in told]
        with answering():
            try:
                self._entries.insert_many(entries, ordered=False)
            except BulkWriteError as failed:
                if not is_duplicate(failed):
                    raise

    def counted(self, activities: Collection[str], units: Collection[str]) -> dict[str, str]:
        """By activity the one of ``units`` where its evidence was entered; none of what is new there."""
        wanted = {"unit": {"$in": sorted(units)}, "activity": {"$in": sorted(activities)}}
        with answering():
            found = self._entries.find(wanted, {"unit": 1, "activity": 1})
            return {each["activity"]: each["unit"] for each in found}

    def of(self, unit: str) -> list[Evidence]:
        """All that was ever told of activities of ``unit``."""
        with answering():
            return [_evidence(each) for each in self._entries.find({"unit": unit})]

    def of_each(self, units: Sequence[str]) -> dict[str, list[Evidence]]:
        """The same of each of ``units`` by itself; of one without evidence nothing."""
        found: dict[str, list[Evidence]] = {}
        with answering():
            # All fields: leaving some out costs the embedded store as much again as reading them.
            for each in self._entries.find({"unit": {"$in": list(units)}}):
                found.setdefault(each["unit"], []).append(_evidence(each))
        return found


def _entry(event: Event, evidence: Evidence, unit: str) -> Record:
    return {
        "_id": event.id,
        "type": event.type,
        "time": event.time,
        "unit": unit,
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
