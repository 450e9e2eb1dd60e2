"""Standings in the store: one document per unit, each turn and its events in one write."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from pymongo import ReplaceOne, UpdateOne

from services.chassis.clock import Clock
from services.chassis.context import Context
from services.chassis.envelope import seal
from services.chassis.relay import Relay
from services.chassis.store import Indexes, Record, Store, answering, on_commit, session
from services.evaluation.evidence.model import unpacked, unpacked_mark
from services.evaluation.obligations.model import Organisation, Rule
from services.evaluation.obligations.spans import Span
from services.evaluation.projection.model import Enrolled, Scored, Standing, Told, Turn

TOUCHED_EVERY = timedelta(seconds=5)  # much less than a newcomer has to be quiet


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

    @property
    def changes(self) -> bool:
        """Whether the standing becomes another: the rows that show it may be written for themselves."""
        return self.turn.after != self.met.standing

    @property
    def version(self) -> int:
        """Of the standing after the turn."""
        return self.met.version + self.changes


class Standings:
    """Aggregates in the chassis's form (version, pending events), written many at a time.

    Events are of several subjects, the obligations and scores of the unit, each with its own sequence.
    """

    def __init__(self, database: Store, clock: Clock, relay: Relay) -> None:
        self._standings = database["standings"]
        self._clock = clock
        self._relay = relay
        relay.watch(self._standings)
        # No more indexes than this one: each costs the embedded store as much as the write itself.
        Indexes(database).declare("standings", "pending_since", sparse=True)
        self._newcomers = database["newcomers"]
        self._lately: dict[str, datetime] = {}  # when this process last touched a newcomer

    def met(self, units: Iterable[str]) -> dict[str, Met]:
        """The standings of ``units`` that exist, in one query."""
        with answering():
            found = self._standings.find({"_id": {"$in": list(units)}}, {"pending": 0})
            return {each["_id"]: _met(each) for each in found}

    def create(self, unit: str, today: date) -> None:
        """A standing without anything, unless there is one."""
        empty = {"version": 1, "sequence": 0, "as_of": today.isoformat(), "settled": False}
        with answering():
            if self._standings.find_one({"_id": unit}, {"_id": 1}) is None:
                self._touched([unit])
                self._standings.update_one({"_id": unit}, {"$setOnInsert": empty}, upsert=True)

    def write(self, turns: Sequence[Written]) -> bool:
        """Write the turns within the running transaction; false where a standing is not as it was met.

        What was written is published after the commit.
        """
        changed = [each for each in turns if each.changes]
        same = [each for each in turns if not each.changes]
        now = self._clock.now()
        sealed = [self._sealed(each) for each in changed]
        writes = [_write(each, events, now) for each, events in zip(changed, sealed, strict=True)]
        with answering():
            if same and not self._are_as_met(same):
                return False
            if writes and self._standings.bulk_write(writes, session=session()).matched_count < len(writes):
                return False
        for each, events in zip(changed, sealed, strict=True):
            if events:
                on_commit(partial(self._published, each.met, events))
        return True

    def touch(self, turns: Sequence[Written]) -> None:
        """Remember that the history of these units may still be on its way, unless they are settled."""
        self._touched([each.turn.after.unit for each in turns if not each.turn.after.settled])

    def units(self) -> list[str]:
        """Every unit, in a fixed order."""
        with answering():
            return [each["_id"] for each in self._standings.find({}, {"_id": 1}).sort("_id", 1)]

    def unsettled(self, before: datetime, limit: int) -> list[str]:
        """Units not settled yet that nothing has touched since ``before``."""
        wanted = {"touched_at": {"$lt": before}}
        with answering():
            return [each["_id"] for each in self._newcomers.find(wanted, {"_id": 1}).limit(limit)]

    def settled(self, units: Collection[str]) -> None:
        """Forget that ``units`` were newcomers."""
        with answering():
            self._newcomers.delete_many({"_id": {"$in": list(units)}})

    def one(self, unit: str) -> Met | None:
        """The standing of ``unit``, or None."""
        return self.met([unit]).get(unit)

    def _are_as_met(self, turns: Sequence[Written]) -> bool:
        wanted = {each.met.standing.unit: each.met.version for each in turns}
        found = self._standings.find({"_id": {"$in": list(wanted)}}, {"version": 1}, session=session())
        return {each["_id"]: each["version"] for each in found} == wanted

    def _published(self, met: Met, events: Sequence[Record]) -> None:
        # Where nothing else waits, the relay need not read it again.
        known = None if met.waiting else events
        self._relay.wake(self._standings, met.standing.unit, known)

    def _touched(self, units: Iterable[str]) -> None:
        now = self._clock.now()
        due = [unit for unit in units if unit not in self._lately or now - self._lately[unit] > TOUCHED_EVERY]
        touches = [UpdateOne({"_id": unit}, {"$set": {"touched_at": now}}, upsert=True) for unit in due]
        if touches:
            with answering():
                self._newcomers.bulk_write(touches, ordered=False)
            lately = {unit: at for unit, at in self._lately.items() if now - at <= TOUCHED_EVERY}
            self._lately = lately | dict.fromkeys(due, now)

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


def _write(written: Written, sealed: Sequence[Record], now: datetime) -> ReplaceOne[Record] | UpdateOne:
    met, after = written.met, written.turn.after
    state: Record = {
        "as_of": after.as_of.isoformat(),
        "settled": after.settled,
        "enrolled": _text({id_: _enrolled_packed(each) for id_, each in after.enrolled.items()}),
        "scores": {str(year): _scored_packed(each) for year, each in sorted(after.scores.items())},
        "evidence": _text({id_: each.packed() for id_, each in after.evidence.items()}),
        **_told_packed(after.told),
    }
    if after.marks or met.standing.marks:
        state["marks"] = _text({id_: each.packed() for id_, each in after.marks.items()})
    version, sequence = met.version + 1, met.sequence + len(sealed)
    guard: Record = {"_id": after.unit, "version": met.version}
    if met.waiting:
        # Events of an earlier turn are still pending: they may be cleared while this is written.
        appended: Record = {"$set": {**state, "version": version, "sequence": sequence}}
        if sealed:
            appended["$push"] = {"pending": {"$each": list(sealed)}}
            appended["$min"] = {"pending_since": now}
        return UpdateOne(guard, appended)
    whole: Record = {"version": version, "sequence": sequence, **state}
    if sealed:
        whole.update(pending=list(sealed), pending_since=now)
    # Replacing costs the embedded store a third of an update.
    return ReplaceOne(guard, whole)


# -- the form it is kept in: texts, since the embedded store's costs grow with the number of fields ---


def _text(packed: Record | list[Any]) -> str:
    """The same bytes for the same content, in whichever order it came."""
    return json.dumps(packed, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _enrolled_packed(enrolled: Enrolled) -> list[Any]:
    each, since = enrolled.organisation, enrolled.since.isoformat()
    spans = {
        owner: [[span.first.isoformat(), span.last and span.last.isoformat()] for span in known]
        for owner, known in enrolled.spans.items()
    }
    founded_on = each.founded_on.isoformat()
    return [each.kind, each.has_committee, founded_on, each.active, since, spans, enrolled.sequence]


def _enrolled(id_: str, packed: Sequence[Any]) -> Enrolled:
    kind, has_committee, founded_on, active, since, known, sequence = packed
    organisation = Organisation(id_, kind, has_committee, date.fromisoformat(founded_on), active)
    spans = {
        owner: tuple(
            Span(date.fromisoformat(first), last and date.fromisoformat(last)) for first, last in each
        )
        for owner, each in known.items()
    }
    return Enrolled(organisation, date.fromisoformat(since), spans, sequence)


def _told_packed(told: Mapping[str, Told]) -> Record:
    """Hundreds were opened under the same few rules: each rule is kept once, and named by its place."""
    rules = sorted({each.rule for each in told.values()})
    place = {rule: at for at, rule in enumerate(rules)}
    packed = {id_: [each.state, each.sequence, place[each.rule], each.taken] for id_, each in told.items()}
    return {"told": _text(packed), "rules": _text([astuple(rule) for rule in rules])}


def _told(found: Record) -> dict[str, Told]:
    rules = [Rule(*packed) for packed in json.loads(found.get("rules", "[]"))]
    return {
        id_: Told(state, sequence, rules[place], tuple(taken))
        for id_, (state, sequence, place, taken) in json.loads(found.get("told", "{}")).items()
    }


def _scored_packed(scored: Scored) -> list[Any]:
    indicators = json.dumps(scored.indicators, separators=(",", ":"))
    return [scored.points, scored.band, scored.policy, scored.evidence, scored.sequence, indicators]


def scored(packed: Sequence[Any]) -> Scored:
    """The score that was kept as ``packed``."""
    points, band, policy, evidence, sequence, indicators = packed
    shares = tuple((name, share, most) for name, share, most in json.loads(indicators))
    return Scored(points, band, policy, evidence, sequence, shares)


def _met(found: Record) -> Met:
    standing = Standing(
        unit=found["_id"],
        as_of=date.fromisoformat(found["as_of"]),
        settled=found["settled"],
        enrolled={id_: _enrolled(id_, each) for id_, each in json.loads(found.get("enrolled", "{}")).items()},
        evidence={id_: unpacked(id_, each) for id_, each in json.loads(found.get("evidence", "{}")).items()},
        marks={id_: unpacked_mark(id_, each) for id_, each in json.loads(found.get("marks", "{}")).items()},
        told=_told(found),
        scores={int(year): scored(each) for year, each in found.get("scores", {}).items()},
    )
    return Met(standing, found["version"], found["sequence"], "pending_since" in found)
