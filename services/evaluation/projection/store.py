"""Standings in the store: one document per unit, each turn and its events in one write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pymongo import UpdateOne

from services.chassis.clock import Clock
from services.chassis.context import Context
from services.chassis.envelope import seal
from services.chassis.relay import Relay
from services.chassis.store import Indexes, Record, Store, answering
from services.evaluation.evidence.model import unpacked
from services.evaluation.obligations.model import Organisation
from services.evaluation.projection.model import Enrolled, Scored, Standing, Told, Turn


@dataclass(frozen=True)
class Met:
    """A standing as it was read. ``waiting``: events of an earlier turn are still to be published."""

    standing: Standing
    version: int
    sequence: int = 0
    waiting: bool = False


@dataclass(frozen=True)
class Written:
    """A turn to be written on what was met, and what led to it."""

    met: Met
    turn: Turn
    cause: Context


class Standings:
    """Aggregates in the chassis's form (version, pending events), written many at a time.

    Events are of several subjects, the obligations and scores of the unit, each with its own sequence.
    """

    def __init__(self, database: Store, clock: Clock, relay: Relay) -> None:
        self._standings = database["standings"]
        self._clock = clock
        self._relay = relay
        relay.watch(self._standings)
        indexes = Indexes(database)
        indexes.declare("standings", "pending_since", sparse=True)
        indexes.declare("standings", [("settled", 1), ("touched_at", 1)])

    def met(self, units: Iterable[str]) -> dict[str, Met]:
        """The standings of ``units`` that exist, in one query."""
        with answering():
            found = self._standings.find({"_id": {"$in": list(units)}}, {"pending": 0})
            return {each["_id"]: _met(each) for each in found}

    def create(self, unit: str, today: date) -> None:
        """A standing without anything, unless there is one."""
        empty = {"version": 1, "sequence": 0, "as_of": today.isoformat(), "settled": False}
        empty["touched_at"] = self._clock.now()
        with answering():
            self._standings.update_one({"_id": unit}, {"$setOnInsert": empty}, upsert=True)

    def write(self, turns: Sequence[Written]) -> bool:
        """Write every turn whose standing is still at the version met; false where one was not.

        What was written is published; turn what was not again, from what it is by then.
        """
        now = self._clock.now()
        updates, envelopes = [], []
        for each in turns:
            sealed = self._sealed(each)
            envelopes.append(sealed)
            updates.append(_update(each, sealed, now))
        with answering():
            matched = self._standings.bulk_write(updates, ordered=False).matched_count
        for each, sealed in zip(turns, envelopes, strict=True):
            # Where all is known to be written and nothing else waits, the relay need not read it again.
            known = sealed if matched == len(turns) and not each.met.waiting else None
            if sealed:
                unit = each.turn.after.unit
                self._relay.wake(self._standings, unit, known, each.met.sequence + len(sealed))
        return bool(matched == len(turns))

    def units(self) -> list[str]:
        """Every unit, in a fixed order."""
        with answering():
            return [each["_id"] for each in self._standings.find({}, {"_id": 1}).sort("_id", 1)]

    def unsettled(self, before: datetime, limit: int) -> list[str]:
        """Units not settled yet that nothing has touched since ``before``."""
        wanted = {"settled": False, "touched_at": {"$lt": before}}
        with answering():
            return [each["_id"] for each in self._standings.find(wanted, {"_id": 1}).limit(limit)]

    def one(self, unit: str) -> Met | None:
        """The standing of ``unit``, or None."""
        return self.met([unit]).get(unit)

    def _sealed(self, written: Written) -> list[Record]:
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


def _update(written: Written, sealed: Sequence[Record], now: datetime) -> UpdateOne:
    before, turn = written.met.standing, written.turn
    after = turn.after
    changed: dict[str, Any] = {"as_of": after.as_of.isoformat(), "settled": after.settled}
    if not after.settled:
        changed["touched_at"] = now
    for id_, enrolled in after.enrolled.items():
        if before.enrolled.get(id_) != enrolled:
            changed[f"enrolled.{id_}"] = _enrolled_packed(enrolled)
    changed.update({f"evidence.{id_}": each.packed() for id_, each in turn.evidence.items()})
    changed.update({f"told.{id_}": _told_packed(each) for id_, each in turn.told.items()})
    changed.update({f"scores.{year}": _scored_packed(each) for year, each in turn.scores.items()})
    update: dict[str, Any] = {"$set": changed, "$inc": {"version": 1, "sequence": len(sealed)}}
    if sealed:
        update["$push"] = {"pending": {"$each": list(sealed)}}
        update["$min"] = {"pending_since": now}
    return UpdateOne({"_id": after.unit, "version": written.met.version}, update)


# -- the form it is kept in: short lists, since a standing holds a year and a half ------------------


def _enrolled_packed(enrolled: Enrolled) -> list[Any]:
    each, since = enrolled.organisation, enrolled.since.isoformat()
    founded_on = each.founded_on.isoformat()
    return [each.kind, each.has_committee, founded_on, each.active, since, enrolled.sequence]


def _enrolled(id_: str, packed: Sequence[Any]) -> Enrolled:
    kind, has_committee, founded_on, active, since, sequence = packed
    organisation = Organisation(id_, kind, has_committee, date.fromisoformat(founded_on), active)
    return Enrolled(organisation, date.fromisoformat(since), sequence)


def _told_packed(told: Told) -> list[Any]:
    return [told.state, told.sequence, list(told.taken)]


def _scored_packed(scored: Scored) -> list[Any]:
    indicators = [list(each) for each in scored.indicators]
    return [scored.points, scored.band, scored.policy, scored.evidence, scored.sequence, indicators]


def scored(packed: Sequence[Any]) -> Scored:
    """The score that was kept as ``packed``."""
    points, band, policy, evidence, sequence, indicators = packed
    shares = tuple((name, share, most) for name, share, most in indicators)
    return Scored(points, band, policy, evidence, sequence, shares)


def _met(found: Record) -> Met:
    standing = Standing(
        unit=found["_id"],
        as_of=date.fromisoformat(found["as_of"]),
        settled=found["settled"],
        enrolled={id_: _enrolled(id_, each) for id_, each in found.get("enrolled", {}).items()},
        evidence={id_: unpacked(id_, each) for id_, each in found.get("evidence", {}).items()},
        told={id_: Told(each[0], each[1], tuple(each[2])) for id_, each in found.get("told", {}).items()},
        scores={int(year): scored(each) for year, each in found.get("scores", {}).items()},
    )
    return Met(standing, found["version"], found["sequence"], "pending_since" in found)
