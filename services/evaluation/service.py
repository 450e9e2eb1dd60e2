"""The evaluation service: one table of who handles what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis.batches import subscribe_batch
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
from services.contracts.evaluation_events import ExemptionDecided, ExemptionEnded
from services.contracts.feedback_events import RoundPublished
from services.contracts.records_events import (
    ActivityApproved,
    ActivityReturned,
    OrganisationChanged,
    PersonChanged,
    PostChanged,
)
from services.evaluation.anomalies.entrypoints import AnomaliesTable
from services.evaluation.application import Evaluation
from services.evaluation.assessments.entrypoints import AssessmentsTable
from services.evaluation.duties.telling import OF_FEEDBACK, OF_RECORDS
from services.evaluation.indicators.entrypoints import PoliciesTable
from services.evaluation.ratings.entrypoints import RatingsTable
from services.evaluation.scores.entrypoints import ScoresTable

Request = Mapping[str, Any]


class EvaluationService(AnomaliesTable, AssessmentsTable, PoliciesTable, RatingsTable, ScoresTable):
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
        self.evaluation.fold(events)

    # As above; a bill or a credit touches one sheet, whoever else is told of in the same batch.
    @subscribe_batch(
        *OF_RECORDS,
        *OF_FEEDBACK,
        queue="evaluation.duties",
        most=500,
        transaction=False,
        inbox=False,
    )
    def fold_duties(self, events: list[Event]) -> None:
        self.evaluation.duties.fold(events)

    @subscribe(
        ExemptionDecided,
        ExemptionEnded,
        queue="evaluation.exemptions",
        order=Order.ANY,
        transaction=False,
        own_guard="standings and sheets keep the version of the exemption that they last took over",
    )
    def exempt(self, event: Event) -> None:
        self.evaluation.exempting.apply(event)

    # The ledger of marks is the inbox, as above.
    @subscribe_batch(
        AssessmentGiven,
        AssessmentWithdrawn,
        FindingRecorded,
        FindingLifted,
        RoundPublished,
        queue="evaluation.marks",
        most=200,
        transaction=False,
        inbox=False,
    )
    def mark(self, events: list[Event]) -> None:
        self.evaluation.projector.mark(events)

    # Tree, members, grants, units and standings keep the sequence that they last took over: no inbox.
    @subscribe_batch(
        OrganisationChanged,
        PersonChanged,
        PostChanged,
        queue="evaluation.authority",
        most=50,
        transaction=False,
        inbox=False,
    )
    def know(self, events: list[Event]) -> None:
        self.evaluation.know(events)

    @scheduled("00:10", name="evaluation.obligations")
    def turn_the_day(self, today: date) -> None:
        self.evaluation.turn_the_day(today)

    @scheduled(every=5.0, name="evaluation.newcomers")
    def settle_newcomers(self) -> None:
        self.evaluation.projector.settle_newcomers()

    @rpc(request=asked.ListObligations, response=asked.ObligationPage)
    def list_obligations(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.owing.list_obligations(request)

    @rpc(request=asked.GetObligation, response=asked.Obligation)
    def get_obligation(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.owing.get_obligation(request)

    @rpc(request=asked.ExplainObligation, response=asked.ObligationExplanation)
    def explain_obligation(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.owing.explain_obligation(request)

    @rpc(request=asked.MyDuties, response=asked.Duties)
    def my_duties(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.owing.my_duties(request)

    @rpc(request=asked.ListPersonalObligations, response=asked.ObligationPage)
    def list_personal_obligations(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.owing.list_personal(request)

    @rpc(request=asked.AskExemption, response=asked.Exemption)
    def ask_exemption(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.exempting.ask(request)

    @rpc(request=asked.DecideExemption, response=asked.Exemption)
    def decide_exemption(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.exempting.decide(request)

    @rpc(request=asked.EndExemption, response=asked.Exemption)
    def end_exemption(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.exempting.end(request)

    @rpc(request=asked.ListExemptions, response=asked.ExemptionPage)
    def list_exemptions(self, request: Request) -> Mapping[str, Any]:
        return self.evaluation.exempting.list(request)
