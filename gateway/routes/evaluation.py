"""Addresses of what organisations owe, each obligation with its explanation."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts import evaluation_rpc as rpc

_READER = "member of the organisation, or a post there or above"

ROUTES = (
    Route(
        "GET",
        "/api/v1/me/duties",
        "What the organisations of my posts still owe",
        "obligations",
        call=Call("evaluation.my_duties", rpc.MyDuties, rpc.Duties),
    ),
    Route(
        "GET",
        "/api/v1/obligations",
        "What organisations owe, latest due date first",
        "obligations",
        call=Call("evaluation.list_obligations", rpc.ListObligations, rpc.ObligationPage),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/obligations/{obligation}",
        "One obligation",
        "obligations",
        call=Call("evaluation.get_obligation", rpc.GetObligation, rpc.Obligation),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/obligations/{obligation}/explanation",
        "Why an obligation stands as it does",
        "obligations",
        call=Call("evaluation.explain_obligation", rpc.ExplainObligation, rpc.ObligationExplanation),
        permission=_READER,
    ),
)
