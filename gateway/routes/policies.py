"""Addresses of scoring policies: those in force, drafts, and what a draft would change."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts import evaluation_policies_rpc as rpc

_EDITOR = "administrator of the whole campus"

ROUTES = (
    Route(
        "GET",
        "/api/v1/scoring-policies",
        "By what the year is scored",
        "scores",
        call=Call("evaluation.list_policies", rpc.ListPolicies, rpc.ScoringPolicies),
    ),
    Route(
        "POST",
        "/api/v1/scoring-policies/drafts",
        "Keep a draft of a scoring policy",
        "scores",
        call=Call("evaluation.draft_policy", rpc.DraftPolicy, rpc.PolicyDraft),
        status=201,
        location="/api/v1/scoring-policies/drafts/{id}",
        permission=_EDITOR,
    ),
    Route(
        "GET",
        "/api/v1/scoring-policies/drafts/{draft}",
        "A draft, how far its trial is, and what came of it",
        "scores",
        call=Call("evaluation.get_policy_draft", rpc.NameDraft, rpc.PolicyDraft),
        permission=_EDITOR,
    ),
    Route(
        "POST",
        "/api/v1/scoring-policies/drafts/{draft}/try",
        "Try a draft on the evidence of a year, by a job",
        "scores",
        call=Call("evaluation.try_policy", rpc.TryPolicy, rpc.PolicyDraft),
        expects="expected_version",
        permission=_EDITOR,
    ),
    Route(
        "GET",
        "/api/v1/scoring-policies/drafts/{draft}/differences",
        "Whose score would change by a draft, and by how much",
        "scores",
        call=Call("evaluation.list_differences", rpc.ListDifferences, rpc.DifferencePage),
        permission=_EDITOR,
    ),
    Route(
        "POST",
        "/api/v1/scoring-policies/drafts/{draft}/activate",
        "Put a draft that was tried in force",
        "scores",
        call=Call("evaluation.activate_policy", rpc.ActivatePolicy, rpc.PolicyDraft),
        expects="expected_version",
        permission=_EDITOR,
    ),
)
