"""Who handles what about assessments and findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.rpc import rpc
from services.contracts import evaluation_assessments_rpc as calls
from services.evaluation.application import Evaluation

Request = Mapping[str, Any]
Answer = Mapping[str, Any]


class AssessmentsTable:
    """Who handles what about assessments and findings."""

    evaluation: Evaluation

    @rpc(request=calls.Assess, response=calls.Assessment)
    def assess(self, request: Request) -> Answer:
        return self.evaluation.assessing.assess(request)

    @rpc(request=calls.WithdrawAssessment, response=calls.Assessment)
    def withdraw_assessment(self, request: Request) -> Answer:
        return self.evaluation.assessing.withdraw(request)

    @rpc(request=calls.ListAssessments, response=calls.AssessmentPage)
    def list_assessments(self, request: Request) -> Answer:
        return self.evaluation.assessing.several(request)

    @rpc(request=calls.RecordFinding, response=calls.EstablishedFinding)
    def record_finding(self, request: Request) -> Answer:
        return self.evaluation.assessing.record(request)

    @rpc(request=calls.LiftFinding, response=calls.EstablishedFinding)
    def lift_finding(self, request: Request) -> Answer:
        return self.evaluation.assessing.lift(request)
