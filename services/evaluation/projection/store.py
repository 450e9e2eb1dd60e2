"""Standings in the store: one document per unit, and which of them are newcomers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple
from datetime import date, datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from services.chassis.clock import Clock
from services.chassis.relay import Relay
from services.chassis.store import Record, Store, answering, by_ids, is_duplicate
from services.evaluation.evidence.model import unpacked, unpacked_mark
from services.evaluation.obligations.exemptions import exempt_by_id
from services.evaluation.obligations.model import Organisation, Rule
from services.evaluation.obligations.spans import Span
from services.evaluation.projection.documents import Projections, Written
from services.evaluation.projection.standing import Enrolled, Scored, Standing, Told

TOUCHED_EVERY = timedelta(seconds=5)  # much less than a newcomer has to be quiet
_ANY = {"_id": "any"}  # when anything of the directory was last told, of whomever


class Standings(Projections[Standing]):
    """One document per unit, with its evidence, what was told of its obligations, and its scores."""

    def __init__(self, database: Store, clock: Clock, relay: Relay) -> None:
        super().__init__(database, "standings", clock, relay)
        self._newcomers = database["newcomers"]
        self._arrivals = database["arrivals"]
        self._lately: dict[str, datetime] = {}  # when this process last touched a newcomer
        self._arrived: datetime | None = None  # when it last said that something arrived

    def create(self, units: Collection[str], today: date) -> None:
        """A standing without anything for each of ``units`` that has none."""
        with answering():
            found = by_ids(self._documents, units, {"_id": 1})
            missing = sorted(set(units) - {each["_id"] for each in found})
            if not missing:
                return
            self._touched(missing)
            empty = {"version": 1, "sequence": 0, "as_of": today.isoformat(), "settled": False}
            try:
                self._documents.insert_many([{"_id": unit, **empty} for unit in missing], ordered=False)
            except BulkWriteError as failed:
                if not is_duplicate(failed):  # else another replica was faster
                    raise

    def touch(self, turns: Sequence[Written[Standing]]) -> None:
        """Remember that the history of these units may still be on its way, unless they are settled."""
        self._touched([each.turn.after.unit for each in turns if not each.turn.after.settled])

    def arriving(self) -> None:
        """Remember that something of the directory has just been told: more of it may be on its way."""
        now = self._clock.now()
        if self._arrived is None or now - self._arrived > TOUCHED_EVERY:
            with answering():
                self._arrivals.update_one(_ANY, {"$set": {"at": now}}, upsert=True)
            self._arrived = now  # not before: what could not be written is written with the next event

    def unsettled(self, before: datetime, at_the_latest: datetime, limit: int) -> list[str]:
        """Units not settled yet that nothing has touched since ``before``, while nothing arrives at all.

        What was not touched since ``at_the_latest`` waits no longer for others.
        """
        with answering():
            arriving = self._arrivals.find_one({**_ANY, "at": {"$gte": before}}) is not None
            since = at_the_latest if arriving else before
            wanted = {"touched_at": {"$lt": since}}
            return [each["_id"] for each in self._newcomers.find(wanted, {"_id": 1}).limit(limit)]

    def settled(self, units: Collection[str]) -> None:
        """Forget that ``units`` were newcomers."""
        with answering():
            self._newcomers.delete_many({"_id": {"$in": list(units)}})

    def _touched(self, units: Iterable[str]) -> None:
        now = self._clock.now()
        due = [unit for unit in units if unit not in self._lately or now - self._lately[unit] > TOUCHED_EVERY]
        touches = [UpdateOne({"_id": unit}, {"$set": {"touched_at": now}}, upsert=True) for unit in due]
        if touches:
            with answering():
                self._newcomers.bulk_write(touches, ordered=False)
            lately = {unit: at for unit, at in self._lately.items() if now - at <= TOUCHED_EVERY}
            self._lately = lately | dict.fromkeys(due, now)

    def packed(self, after: Standing) -> Record:
        """As texts, since the embedded store's costs grow with the number of fields."""
        state: Record = {
            "as_of": after.as_of.isoformat(),
            "settled": after.settled,
            "enrolled": _text({id_: _enrolled_packed(each) for id_, each in after.enrolled.items()}),
            "scores": {str(year): _scored_packed(each) for year, each in sorted(after.scores.items())},
            "evidence": _text({id_: each.packed() for id_, each in after.evidence.items()}),
            **_told_packed(after.told),
        }
        if after.marks:
            state["marks"] = _text({id_: each.packed() for id_, each in after.marks.items()})
        if after.exemptions:
            state["exemptions"] = _text([each.packed() for _, each in sorted(after.exemptions.items())])
        return state

    def unpacked(self, found: Record) -> Standing:
        """The inverse of ``packed``."""
        enrolled, evidence = found.get("enrolled", "{}"), found.get("evidence", "{}")
        marks = found.get("marks", "{}")
        return Standing(
            unit=found["_id"],
            as_of=date.fromisoformat(found["as_of"]),
            settled=found["settled"],
            enrolled={id_: _enrolled(id_, each) for id_, each in json.loads(enrolled).items()},
            evidence={id_: unpacked(id_, each) for id_, each in json.loads(evidence).items()},
            marks={id_: unpacked_mark(id_, each) for id_, each in json.loads(marks).items()},
            told=_told(found),
            scores={int(year): scored(each) for year, each in found.get("scores", {}).items()},
            exemptions=exempt_by_id(found.get("exemptions", "[]")),
        )


# -- the form it is kept in ----------------------------------------------------------------------


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
    led = [True] if each.has_leading_group else []  # most are not: no byte for those
    return [each.kind, each.has_committee, founded_on, each.active, since, spans, enrolled.sequence, *led]


def _enrolled(id_: str, packed: Sequence[Any]) -> Enrolled:
    kind, has_committee, founded_on, active, since, known, sequence, *led = packed
    organisation = Organisation(
        id_, kind, has_committee, date.fromisoformat(founded_on), active, has_leading_group=bool(led)
    )
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
