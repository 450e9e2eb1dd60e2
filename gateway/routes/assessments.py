"""Addresses of what reviewers say and find."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts import evaluation_assessments_rpc as rpc

_REVIEWER = "a post strictly above, and no interest in the subject"
_FINDER = "inspector, discipline commissioner or administrator strictly above, and no interest in the subject"

ROUTES = (
    Route(
        "POST",
        "/api/v1/assessments",
        "Grade by criterion what a policy has graded by hand, with a comment",
        "assessments",
        call=Call("evaluation.assess", rpc.Assess, rpc.Assessment),
        status=201,
        permission=_REVIEWER,
    ),
    Route(
        "GET",
        "/api/v1/assessments",
        "What was said of an organisation and its people in a year",
        "assessments",
        call=Call("evaluation.list_assessments", rpc.ListAssessments, rpc.AssessmentPage),
        permission="a post strictly above; of oneself and one's own organisation whoever it is about",
    ),
    Route(
        "POST",
        "/api/v1/assessments/{assessment}/withdraw",
        "Take back what one has said",
        "assessments",
        call=Call("evaluation.withdraw_assessment", rpc.WithdrawAssessment, rpc.Assessment),
        expects="expected_version",
        permission="its author",
    ),
    Route(
        "POST",
        "/api/v1/findings",
        "Record what was established of somebody, where their policy counts it",
        "assessments",
        call=Call("evaluation.record_finding", rpc.RecordFinding, rpc.EstablishedFinding),
        status=201,
        permission=_FINDER,
    ),
    Route(
        "POST",
        "/api/v1/findings/{finding}/lift",
        "Take a finding back, with the reason",
        "assessments",
        call=Call("evaluation.lift_finding", rpc.LiftFinding, rpc.EstablishedFinding),
        expects="expected_version",
        permission=_FINDER,
    ),
)
