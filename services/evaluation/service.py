"""The evaluation service: one table of who handles what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from services.chassis.batches import subscribe_batch
from services.chassis.contract import EventContract
from services.chassis.envelope import Event
from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.chassis.subscribe import Order, subscribe
from services.contracts import evaluation_rpc as asked
from services.contracts.evaluation_assessment_events import (
    AssessmentGiven,
    AssessmentWithdrawn,
    FindingLifted,
    FindingRecorded,
)
from services.contracts.feedback_events import RoundClosed
from services.contracts.records_events import (
    ActivityApproved,
    ActivityReturned,
    OrganisationChanged,
    PersonChanged,
    PostChanged,
)
from services.evaluation.application import Evaluation
from services.evaluation.assessments.entrypoints import AssessmentsTable
from services.evaluation.indicators.entrypoints import PoliciesTable
from services.evaluation.scores.entrypoints import ScoresTable

Request = Mapping[str, Any]


class EvaluationService(AssessmentsTable, PoliciesTable, ScoresTable):
    """Turns what happened into what it is worth, and says why."""

    name = "evaluation"

    evaluation = Evaluation()  # the application: policies, ledger, standings

    # The ledger is the inbox, and a turn repeated writes nothing: no marks, and no transaction around it all.
    @subscribe_batch(
        ActivityApproved,
        ActivityReturned,
        queue="evaluation.evidence",
        most=2000,
        transaction=False,
        inbox=False,
    )
    def fold(self, events: list[Event]) -> None:
        self.evaluation.projector.fold(events)

    # The ledger of marks is the inbox, as above.
    @subscribe_batch(
        AssessmentGiven,
        AssessmentWithdrawn,
        FindingRecorded,
        FindingLifted,
        RoundClosed,
        queue="evaluation.marks",
        most=200,
        transaction=False,
        inbox=False,
    )
    def mark(self, events: list[Event]) -> None:
        self.evaluation.projector.mark(events)

    @subscribe(
        OrganisationChanged,
        PersonChanged,
        PostChanged,
        queue="evaluation.authority",
        order=Order.LATEST,
        transaction=False,
        own_guard="tree, members, grants and standings keep the sequence they last took over",
    )
    def know(self, event: Event) -> None:
        learn: Mapping[type[EventContract], Callable[[Event], None]] = {
            OrganisationChanged: self.evaluation.know_organisation,
            PersonChanged: self.evaluation.know_person,
            PostChanged: self.evaluation.know_post,
        }
        learn[event.contract](event)

    @scheduled("00:10", name="evaluation.obligations")
    def turn_the_day(self, today: date) -> None:
        self.evaluation.projector.turn_the_day(today)

    @scheduled(every=5.0, name="evaluation.newcomers")
    def settle_newcomers(self) -> None:
        self.evaluation.projector.settle_newcomers()

    @rpc(request=asked.ListObligations, response=asked.ObligationPage)
    def list_obligations(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.reading.list_obligations(request)

    @rpc(request=asked.GetObligation, response=asked.Obligation)
    def get_obligation(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.reading.get_obligation(request)

    @rpc(request=asked.ExplainObligation, response=asked.ObligationExplanation)
    def explain_obligation(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.reading.explain_obligation(request)

    @rpc(request=asked.MyDuties, response=asked.Duties)
    def my_duties(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.reading.my_duties(request)
