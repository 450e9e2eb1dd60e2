"""The evaluation application: what its entrypoints call, put together once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date

from services.chassis.application import Application
from services.chassis.envelope import Event
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.policies import load_all
from services.chassis.working_days import WorkingCalendar
from services.contracts.authority import said_of
from services.contracts.records_events import OrganisationChanged
from services.evaluation.access import Access
from services.evaluation.anomalies.watching import Watching
from services.evaluation.assessments.assessing import Assessing
from services.evaluation.duties.projector import DutyProjector
from services.evaluation.duties.telling import PERSONAL_KINDS
from services.evaluation.evidence.marks import MarkLedger
from services.evaluation.evidence.store import Ledger
from services.evaluation.indicators.activated import REREAD_SECONDS, Activated
from services.evaluation.indicators.editing import RESCORING, Editing
from services.evaluation.indicators.measures import Registry, forbidden
from services.evaluation.indicators.reading import load_policies
from services.evaluation.obligations.calendar import calendar_of
from services.evaluation.obligations.exempting import Exempting
from services.evaluation.obligations.reading import Owing
from services.evaluation.obligations.store import DutyRows, ObligationRows, PersonalRows
from services.evaluation.projection.projector import Projector
from services.evaluation.projection.rebuilding import Rebuilding
from services.evaluation.projection.store import Standings
from services.evaluation.projection.turning import AT_ONCE
from services.evaluation.projection.units import Units
from services.evaluation.ratings.appealing import Appealing
from services.evaluation.ratings.parties import Parties
from services.evaluation.ratings.rating import Ratings
from services.evaluation.ratings.reading import RatingReading
from services.evaluation.ratings.store import Results
from services.evaluation.rulebook import Packs
from services.evaluation.scores.heads import HeadScores
from services.evaluation.scores.judging import Judging
from services.evaluation.scores.reading import ScoreReading
from services.evaluation.scores.subjects import Subjects


class Evaluation(Application):
    """Policies, ledger, standings, and the answers read from them."""

    def compose(self) -> None:
        policies = self.folder / "policies"
        registry = Registry(forbidden(load_all(policies, "forbidden-measures-*.yaml")))
        activated = Activated(self.database, load_policies(policies, registry), registry)
        works = WorkingCalendar.of(self.packs("working-days-*.yaml"))
        calendar = calendar_of(self.packs("term-calendar-*.yaml"), works)
        packs = Packs(
            self.packs("frequency-*.yaml"),
            activated.policies(),
            activated.refresh,
            calendar=calendar,
            figures=[*self.packs("training-*.yaml"), *self.packs("activity-conduct-*.yaml")],
        )
        packs.require(self.clock.today())
        rows, personal, units = (
            ObligationRows(self.database),
            PersonalRows(self.database),
            Units(self.database),
        )
        access = Access(self.authority)
        self.standings = Standings(self.database, self.clock, self.relay)
        marks = MarkLedger(self.database)
        self.projector = Projector(
            database=self.database,
            clock=self.clock,
            rulebook=lambda: packs.rulebook,
            ledger=Ledger(self.database),
            marks=marks,
            standings=self.standings,
            rows=rows,
            units=units,
        )
        self.duties = DutyProjector(
            database=self.database,
            clock=self.clock,
            relay=self.relay,
            rulebook=lambda: packs.rulebook,
            authority=self.authority,
            rows=DutyRows(rows, personal),
        )
        self.rebuilding = Rebuilding(self.database, self.projector, self.duties)
        self.exempting = Exempting(
            database=self.database,
            documents=self.documents("exemptions"),
            clock=self.clock,
            authority=self.authority,
            access=access,
            audit=self.audit,
            rulebook=lambda: packs.rulebook,
            projector=self.projector,
            duties=self.duties,
        )
        self.indexes.declare("exemptions", [("organisation", 1), ("last_on", -1)])
        self.owing = Owing(
            clock=self.clock,
            catalogue=self.catalogue,
            access=access,
            packs=packs,
            rows=rows,
            personal=personal,
            standings=self.standings,
            sheets=self.duties.sheets,
            units=units,
            exempting=self.exempting,
        )
        self.judging = Judging(self, access, packs, self.standings)
        self.watching = Watching(
            database=self.database,
            documents=self.documents("anomalies"),
            clock=self.clock,
            catalogue=self.catalogue,
            authority=self.authority,
            audit=self.audit,
            vault=self.vault,
            packs=self.packs("anomalies-*.yaml"),
            figures=self.packs("talks-*.yaml"),
            rulebook=lambda: packs.rulebook,
            sheets=self.duties.sheets,
            standings=self.standings,
        )
        self.indexes.declare("anomalies", [("asked_at", 1), ("raised_on", -1)])
        for first in ([], [("state", 1)], [("rule", 1)]):
            self.indexes.declare("anomalies", [*first, ("raised_on", -1), ("_id", -1)])
        self.assessing = Assessing(self, packs)
        subjects = Subjects(self.authority, self.standings, marks, self.duties.sheets)
        self.editing = Editing(self, packs, activated, registry, subjects)
        self.jobs.work(RESCORING, self._rescore)
        procedure = load_all(policies, "rating-procedure-*.yaml")[0]
        results, parties = Results(self), Parties(self.authority, self.assessing)
        self.ratings = Ratings(self, packs, procedure, subjects, parties, results)
        self.appealing = Appealing(self, packs, procedure, subjects, parties, results)
        self.rating_reading = RatingReading(self, packs, units, parties, results)
        self.scores = ScoreReading(
            database=self.database,
            clock=self.clock,
            catalogue=self.catalogue,
            access=access,
            packs=packs,
            standings=self.standings,
            words=self.duties.words,
            sheets=self.duties.sheets,
            burden_pack=load_all(policies, "burden-*.yaml")[0],
        )
        self.head_scores = HeadScores(self, packs, subjects)

    def _rescore(self, job: Job, checkpoint: Checkpoint) -> None:
        """Score the running year anew of every unit, since another policy is in force."""
        if job.cursor is None:
            time.sleep(REREAD_SECONDS)  # from then on every replica goes by it, whatever it writes
        units = self.standings.units()
        for first in range(job.cursor or 0, len(units), AT_ONCE):
            self.projector.rescore(units[first : first + AT_ONCE])
            reached = min(first + AT_ONCE, len(units))
            checkpoint(cursor=reached, done=reached, total=len(units))

    # -- what is told -------------------------------------------------------------------

    def fold(self, events: Sequence[Event]) -> None:
        """Fold activities into the standings of organisations, and the few that persons owe into sheets."""
        self.projector.fold(events)
        self.duties.fold([each for each in events if each.data["kind"] in PERSONAL_KINDS])

    def turn_the_day(self, today: date) -> None:
        """Open and age what organisations and persons owe."""
        self.projector.turn_the_day(today)
        self.duties.turn_the_day(today)

    def know(self, events: Sequence[Event]) -> None:
        """Keep who belongs where and may read what, and open what organisations owe. Idempotent."""
        self.standings.arriving()
        self.authority.apply(said_of(events))
        self.projector.enrol([event for event in events if event.contract is OrganisationChanged])
