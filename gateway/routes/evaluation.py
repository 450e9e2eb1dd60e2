"""Addresses of what organisations owe, each obligation with its explanation."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts import evaluation_rpc as rpc

_READER = "member of the organisation, or a post there or above"
_PERSONAL = "oneself, or a post responsible for members at the person's organisation or above"
_ABOVE = "secretary, deputy secretary, organiser or administrator strictly above the organisation"

ROUTES = (
    Route(
        "GET",
        "/api/v1/me/duties",
        "What I still owe, and the organisations of my posts",
        "obligations",
        call=Call("evaluation.my_duties", rpc.MyDuties, rpc.Duties),
    ),
    Route(
        "GET",
        "/api/v1/obligations",
        "What organisations owe, one after another, latest due date first",
        "obligations",
        call=Call("evaluation.list_obligations", rpc.ListObligations, rpc.ObligationPage),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/obligations/personal",
        "What persons owe, one organisation after another, latest due date first",
        "obligations",
        call=Call("evaluation.list_personal_obligations", rpc.ListPersonalObligations, rpc.ObligationPage),
        permission=_PERSONAL,
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
    Route(
        "POST",
        "/api/v1/exemptions",
        "Ask that something need not be done for some time",
        "obligations",
        call=Call("evaluation.ask_exemption", rpc.AskExemption, rpc.Exemption),
        status=201,
        permission="a post that answers for the organisation, there or above",
    ),
    Route(
        "GET",
        "/api/v1/exemptions",
        "Exemptions of an organisation and all below it",
        "obligations",
        call=Call("evaluation.list_exemptions", rpc.ListExemptions, rpc.ExemptionPage),
        permission="a post there or above",
    ),
    Route(
        "POST",
        "/api/v1/exemptions/{exemption}/decision",
        "Approve an exemption, or refuse it with a reason",
        "obligations",
        call=Call("evaluation.decide_exemption", rpc.DecideExemption, rpc.Exemption),
        expects="expected_version",
        permission=_ABOVE,
    ),
    Route(
        "POST",
        "/api/v1/exemptions/{exemption}/end",
        "Take an approved exemption back",
        "obligations",
        call=Call("evaluation.end_exemption", rpc.EndExemption, rpc.Exemption),
        expects="expected_version",
        permission=_ABOVE,
    ),
)
