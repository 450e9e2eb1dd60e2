"""The projector: folds events into the ledger and turns the standings that they touch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import eventlet

from services.chassis.clock import Clock
from services.chassis.context import Context
from services.chassis.envelope import Event
from services.chassis.errors import Permanent
from services.chassis.store import Store
from services.contracts.records_events import ActivityApproved
from services.evaluation.evidence.marks import MarkLedger
from services.evaluation.evidence.model import Evidence, Mark, evidence_of, newest
from services.evaluation.evidence.store import Ledger
from services.evaluation.obligations.exemptions import Exempt
from services.evaluation.obligations.model import Organisation
from services.evaluation.obligations.store import ObligationRows
from services.evaluation.projection.documents import Written
from services.evaluation.projection.model import Turn, turn
from services.evaluation.projection.rebuilding import read_ahead
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.projection.standing import Standing, enrolled, exempted, left
from services.evaluation.projection.store import Standings
from services.evaluation.projection.turning import AT_ONCE, Turning
from services.evaluation.projection.units import Placed, Units, UnknownOrganisation, unit_of

QUIET = timedelta(seconds=20)
# After it a newcomer waits no longer for what goes on arriving elsewhere.
PATIENCE = timedelta(minutes=10)
READ_AT_ONCE = 5  # units, each with the hundreds of entries of its years
_ID = re.compile(r"\A[A-Za-z0-9_-]{1,64}\Z")


class Projector:
    """Every write to the standings. Each can be repeated at any time: the second writes nothing."""

    def __init__(
        self,
        *,
        database: Store,
        clock: Clock,
        rulebook: Callable[[], Rulebook],
        ledger: Ledger,
        marks: MarkLedger,
        standings: Standings,
        rows: ObligationRows,
        units: Units,
    ) -> None:
        self.turning = Turning(database, standings, rows)
        self._clock = clock
        self._rulebook = rulebook
        self._ledger = ledger
        self._marks = marks
        self._standings = standings
        self._units = units

    def fold(self, events: Sequence[Event]) -> None:
        """Enter the events into the ledger and turn what they touch; few store calls for any number.

        Raises ``UnknownOrganisation`` for one not known yet, before anything is entered.
        """
        told = [(event, _evidence(event)) for event in events]
        units = self._units_of([evidence for _, evidence in told])
        # The store enters while this process turns; nothing is written of a turn before all is entered.
        entering = eventlet.spawn(self._ledger.add, told, units)
        by_unit: dict[str, list[Evidence]] = {}
        causes: dict[str, Context] = {}
        for event, evidence in told:
            unit = units[evidence.activity]
            by_unit.setdefault(unit, []).append(evidence)
            causes[unit] = _caused_by(event)
        today = self._clock.today()

        def decide(standing: Standing) -> Turn:
            return turn(standing, self._rulebook(), today=today, evidence=by_unit[standing.unit])

        try:
            self.turning.turn(by_unit, decide, causes, entering.wait)
        finally:
            entering.wait()

    def mark(self, events: Sequence[Event]) -> None:
        """Enter what reviewers and ballots gave, and score anew the organisations that it is about.

        Raises ``UnknownOrganisation`` where it was given at one that is not known yet.
        """
        self._units.of({event.data["organisation"] for event in events})
        causes = {
            event.data.get("subject", event.data["organisation"]): _caused_by(event) for event in events
        }
        today = self._clock.today()

        def decide(standing: Standing) -> Turn:
            return turn(standing, self._rulebook(), today=today, marks=self._marked(standing.unit))

        self.turning.turn(sorted(self._marks.add(events)), decide, causes)

    def _marked(self, unit: str) -> Mapping[str, Mark]:
        return self._marks.of([unit]).get(unit, {})

    def _units_of(self, told: Sequence[Evidence]) -> dict[str, str]:
        """By activity the unit where it counts: its organisation's, unless it counts in one that this left.

        Otherwise the amended record of a group that moved on would count twice.
        """
        units = self._units.of({each.organisation for each in told})
        moved = [each for each in told if len(units[each.organisation]) > 1]
        stayed: dict[str, str] = {}
        if moved:
            known = {unit for each in moved for unit in units[each.organisation]}
            stayed = self._ledger.counted({each.activity for each in moved}, known)
        return {each.activity: stayed.get(each.activity, units[each.organisation][0]) for each in told}

    def turn_the_day(self, today: date) -> None:
        """Open and age obligations of every unit, and score it as of ``today``."""
        self.turning.turn(
            self._standings.units(), lambda standing: turn(standing, self._rulebook(), today=today)
        )

    def rescore(self, units: Sequence[str]) -> None:
        """Bring ``units`` to today under what is in force now."""
        today = self._clock.today()
        self.turning.turn(units, lambda standing: turn(standing, self._rulebook(), today=today))

    def settle_newcomers(self) -> None:
        """Say what newly known organisations lack, once no more of their history came for a while.

        While a roster brings its people, after its organisations, their activities are still to come.
        """
        today, now = self._clock.today(), self._clock.now()
        while quiet := self._standings.unsettled(now - QUIET, now - PATIENCE, limit=AT_ONCE):
            self.turning.turn(
                quiet, lambda standing: turn(standing, self._rulebook(), today=today, settle=True)
            )
            self._standings.settled(quiet)

    def enrol(self, events: Sequence[Event]) -> None:
        """Take in what records tells of organisations, and open what they owe from now on.

        Of several events on one the newest counts. Raises ``UnknownOrganisation`` for a group whose branch
        has not arrived yet.
        """
        newest = {event.subject: event for event in sorted(events, key=lambda each: each.sequence)}
        placed = {
            id_: Placed(unit_of(event.data), event.sequence, name=event.data["name"])
            for id_, event in newest.items()
        }
        known = self._units.placed({*placed, *(each.unit for each in placed.values())})
        # What a newer event said already stays; the same event again is finished where it was cut off.
        outdated = {
            id_: placed.pop(id_)
            for id_ in known.keys() & placed
            if known[id_].sequence > placed[id_].sequence
        }
        if {each.unit for each in placed.values()} - known.keys() - placed.keys():
            raise UnknownOrganisation("unknown_organisation")
        today = self._clock.today()
        self._standings.create([id_ for id_, each in placed.items() if each.unit == id_], today)
        moved = {
            id_: Placed(known[id_].unit, each.sequence)
            for id_, each in placed.items()
            if id_ in known and known[id_].unit != each.unit
        }
        # An older event may have been cut off, or overtaken, when its unit had the organisation already.
        strayed = {
            id_: Placed(each.unit, known[id_].sequence)
            for id_, each in outdated.items()
            if known[id_].unit != each.unit
        }
        leaving = moved | strayed

        def leave(standing: Standing) -> Turn:
            for id_ in _of_unit(leaving, standing.unit):
                standing = left(standing, id_, leaving[id_].sequence, today=today)
            return turn(standing, self._rulebook(), today=today)

        def join(standing: Standing) -> Turn:
            for id_ in _of_unit(placed, standing.unit):
                event = newest[id_]
                organisation = _organisation(event.data)
                standing = enrolled(standing, organisation, event.sequence, today=today, moved=id_ in moved)
            return turn(standing, self._rulebook(), today=today)

        self.turning.turn(sorted({each.unit for each in leaving.values()}), leave)
        self.turning.turn(sorted({each.unit for each in placed.values()}), join)
        # Last, so that evidence comes only to a unit that knows the organisation.
        self._units.keep(placed, known)

    def exempt(self, organisation: str, exempt: Exempt) -> None:
        """Take over what was decided of an exemption of ``organisation``."""
        today, unit = self._clock.today(), self._units.of([organisation])[organisation][0]
        self.turning.turn(
            (unit,), lambda standing: turn(exempted(standing, exempt), self._rulebook(), today=today)
        )

    def anew(self, units: Sequence[str]) -> list[Written[Standing]]:
        """What of ``units`` is not as the ledger says; nothing is written.

        Safe beside replicas that fold: what is in a standing was in the ledger before.
        """
        return self.turning.decided_anew(units, self._anew(units, None))

    def all_anew(self, reached: Callable[[int, int], None]) -> Iterator[Written[Standing]]:
        """The same of every unit; ``reached`` is told how many are done, and of how many."""
        units = self._standings.units()
        for some, ledger in read_ahead(self._ledger.of_each, units, READ_AT_ONCE, reached):
            yield from self.turning.decided_anew(some, self._anew(some, ledger))

    def _anew(
        self, units: Sequence[str], ledger: Mapping[str, Sequence[Evidence]] | None
    ) -> Callable[[Standing], Turn]:
        today, rulebook = self._clock.today(), self._rulebook()
        marks = self._marks.of(units)

        def decide(standing: Standing) -> Turn:
            evidence = ledger.get(standing.unit, ()) if ledger is not None else ()
            if ledger is None or not _covers(evidence, standing):
                # Something was folded since the ledger was read: after the standing was met, it has it all.
                evidence = self._ledger.of(standing.unit)
            return turn(
                standing,
                rulebook,
                today=today,
                evidence=evidence,
                marks=self._marked(standing.unit) if standing.marks else marks.get(standing.unit, {}),
                anew=True,
            )

        return decide


def _of_unit(placed: Mapping[str, Placed], unit: str) -> list[str]:
    return [id_ for id_, each in placed.items() if each.unit == unit]


def _organisation(told: Mapping[str, Any]) -> Organisation:
    return Organisation(
        id=told["organisation"],
        kind=told["kind"],
        has_committee=told["has_committee"],
        founded_on=told["founded_on"],
        active=told["active"],
        has_leading_group=told["has_leading_group"],
    )


def _covers(evidence: Iterable[Evidence], standing: Standing) -> bool:
    """Whether ``evidence`` has all that the standing has, or a newer word on it."""
    told = newest({}, evidence)
    return all(
        id_ in told and (told[id_].sequence, told[id_]) >= (each.sequence, each)
        for id_, each in standing.evidence.items()
    )


def _evidence(event: Event) -> Evidence:
    evidence = evidence_of(event.data, sequence=event.sequence, counts=event.type == ActivityApproved.type)
    # Ids become names of fields in the store, where a point or a dollar sign means something.
    if not _ID.match(evidence.activity) or not _ID.match(evidence.organisation):
        raise Permanent("contract_broken", "activity or organisation is not an id")
    return evidence


def _caused_by(event: Event) -> Context:
    """Nobody acts when evidence is folded: the event that led to it is named instead."""
    return Context(
        correlationid=event.correlationid or event.id,
        causationid=event.id,
        traceparent=event.traceparent,
    )
