"""The projector: folds events into the ledger and turns the standings that they touch."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.chassis import context
from services.chassis.clock import Clock
from services.chassis.context import Context
from services.chassis.envelope import Event
from services.chassis.errors import Permanent, Unavailable
from services.contracts.records_events import ActivityApproved
from services.evaluation.evidence.model import Evidence, evidence_of
from services.evaluation.evidence.store import Ledger
from services.evaluation.obligations.model import Organisation
from services.evaluation.obligations.store import ObligationRows, Row
from services.evaluation.projection.model import Standing, Turn, enrolled, left, turn
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.projection.store import Met, Standings, Written
from services.evaluation.projection.units import Units, unit_of

ATTEMPTS = 20
AT_ONCE = 100
QUIET = timedelta(seconds=20)
_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")

Decide = Callable[[Standing], Turn]


class Projector:
    """Every write to the standings. Each can be repeated at any time: the second writes nothing."""

    def __init__(
        self,
        *,
        clock: Clock,
        rulebook: Rulebook,
        ledger: Ledger,
        standings: Standings,
        rows: ObligationRows,
        units: Units,
    ) -> None:
        self._clock = clock
        self._rulebook = rulebook
        self._ledger = ledger
        self._standings = standings
        self._rows = rows
        self._units = units

    def fold(self, events: Sequence[Event]) -> None:
        """Enter the events into the ledger and turn what they touch; few store calls for any number.

        Raises ``UnknownOrganisation`` for one not known yet, before anything is entered.
        """
        told = [(event, _evidence(event)) for event in events]
        units = self._units.of({evidence.organisation for _, evidence in told})
        self._ledger.add(told, units)
        by_unit: dict[str, list[Evidence]] = {}
        causes: dict[str, Context] = {}
        for event, evidence in told:
            unit = units[evidence.organisation]
            by_unit.setdefault(unit, []).append(evidence)
            causes[unit] = _caused_by(event)
        today = self._clock.today()

        def decide(standing: Standing) -> Turn:
            return turn(standing, self._rulebook, today=today, evidence=by_unit[standing.unit])

        self._turn(by_unit, decide, causes)

    def turn_the_day(self, today: date) -> None:
        """Open and age obligations of every unit, and score it as of ``today``."""
        self._turn_all(self._standings.units(), lambda standing: turn(standing, self._rulebook, today=today))

    def settle_newcomers(self) -> None:
        """Say what newly known organisations lack, once no more of their history came for a while."""
        today = self._clock.today()
        while quiet := self._standings.unsettled(self._clock.now() - QUIET, limit=AT_ONCE):
            self._turn(quiet, lambda standing: turn(standing, self._rulebook, today=today, settle=True))
            self._standings.settled(quiet)

    def enrol(self, told: Mapping[str, Any], sequence: int) -> None:
        """Take in what an event tells of an organisation, and open what it owes from now on.

        Raises ``UnknownOrganisation`` for a group whose branch has not arrived yet.
        """
        organisation = Organisation(
            id=told["organisation"],
            kind=told["kind"],
            has_committee=told["has_committee"],
            founded_on=told["founded_on"],
            active=told["active"],
        )
        today, unit = self._clock.today(), unit_of(told)
        before = self._units.before(organisation.id)
        if unit == organisation.id:
            self._standings.create(unit, today)
        else:
            self._units.of([unit])
        moved = before is not None and before != unit
        if before is not None and moved:
            self._turn(
                (before,),
                lambda standing: turn(
                    left(standing, organisation.id, sequence, today=today), self._rulebook, today=today
                ),
            )

        def decide(standing: Standing) -> Turn:
            joined = enrolled(standing, organisation, sequence, today=today, moved=moved)
            return turn(joined, self._rulebook, today=today)

        self._turn((unit,), decide)
        # Last, so that evidence comes only to a unit that knows the organisation.
        self._units.keep(organisation.id, unit)

    def rebuild(self, unit: str) -> None:
        """Compute the standing of ``unit`` and its rows anew from the ledger.

        Where they were right, they are the same bytes and nothing is told. Safe beside replicas that fold:
        what is in a standing was in the ledger before, and a race that is lost is run again.
        """
        today = self._clock.today()

        def decide(standing: Standing) -> Turn:
            return turn(standing, self._rulebook, today=today, evidence=self._ledger.of(unit), anew=True)

        self._turn((unit,), decide)

    def _turn_all(self, units: Sequence[str], decide: Decide) -> None:
        for first in range(0, len(units), AT_ONCE):
            self._turn(units[first : first + AT_ONCE], decide)

    def _turn(
        self, units: Collection[str], decide: Decide, causes: Mapping[str, Context] | None = None
    ) -> None:
        """Turn ``units`` until each is turned; where another replica came first, from what it left.

        The rows are written before the standings: what a crash leaves half done differs from its
        standing again and is done again. For the same reason a lost race rewrites the rows it wrote.
        """
        shown: dict[str, set[str]] = {}
        for _ in range(ATTEMPTS):
            turned = [(met, decide(met.standing)) for met in self._standings.met(units).values()]
            self._rows.write(list(_rows(turned, shown)))
            writes = [
                Written(met, each, causes[met.standing.unit] if causes else context.current())
                for met, each in turned
                if each.after != met.standing
            ]
            if not writes or self._standings.write(writes):
                return
            for each in writes:
                shown.setdefault(each.met.standing.unit, set()).update(
                    row.id for row in each.turn.obligations
                )
        raise Unavailable("document.contended")


def _rows(turned: Iterable[tuple[Met, Turn]], shown: Mapping[str, Collection[str]]) -> Iterator[Row]:
    for met, each in turned:
        version, told = met.version + (each.after != met.standing), met.standing.told
        yield from (Row(changed, version, changed.id not in told) for changed in each.obligations)
        again = set(shown.get(met.standing.unit, ())) - {changed.id for changed in each.obligations}
        if again:
            yield from (Row(owed, version) for owed in each.owed if owed.id in again)


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
