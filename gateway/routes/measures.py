"""Addresses of measures, their results, and the open view."""

from __future__ import annotations

from gateway.routes.opinions import HANDLER
from gateway.routing import Access, Call, Route
from services.contracts.feedback_rpc import measures as rpc

ROUTES = (
    Route(
        "POST",
        "/api/v1/measures",
        "Answer opinions with a measure",
        "measures",
        call=Call("feedback.plan_measure", rpc.PlanMeasure, rpc.Measure),
        status=201,
        location="/api/v1/measures/{id}",
        permission=HANDLER,
    ),
    Route(
        "GET",
        "/api/v1/measures",
        "Measures to handle, or my own",
        "measures",
        call=Call("feedback.list_measures", rpc.ListMeasures, rpc.MeasurePage),
        permission=HANDLER,
    ),
    Route(
        "GET",
        "/api/v1/measures/{measure}",
        "One measure",
        "measures",
        call=Call("feedback.get_measure", rpc.GetMeasure, rpc.Measure),
        permission="its owner, or " + HANDLER,
    ),
    Route(
        "POST",
        "/api/v1/measures/{measure}/opinions",
        "Let it answer more opinions",
        "measures",
        call=Call("feedback.answer_more", rpc.AnswerMore, rpc.Measure),
        expects="version",
        permission=HANDLER,
    ),
    Route(
        "PATCH",
        "/api/v1/measures/{measure}",
        "Another owner or due date, with the reason",
        "measures",
        call=Call("feedback.change_measure", rpc.ChangeMeasure, rpc.Measure),
        expects="version",
        permission=HANDLER,
    ),
    Route(
        "POST",
        "/api/v1/measures/{measure}/cancel",
        "Give it up, with the reason: what it answers is open again",
        "measures",
        call=Call("feedback.cancel_measure", rpc.CancelMeasure, rpc.Measure),
        expects="version",
        permission=HANDLER,
    ),
    Route(
        "POST",
        "/api/v1/measures/{measure}/reports",
        "Say how it stands",
        "measures",
        call=Call("feedback.report_measure", rpc.ReportMeasure, rpc.Measure),
        permission="its owner, or " + HANDLER,
    ),
    Route(
        "POST",
        "/api/v1/measures/{measure}/nodes/{node}/done",
        "A step on the way is reached",
        "measures",
        call=Call("feedback.finish_measure_node", rpc.FinishNode, rpc.Measure),
        permission="its owner, or " + HANDLER,
    ),
    Route(
        "POST",
        "/api/v1/measures/{measure}/result",
        "Hand in what a measure came to",
        "measures",
        call=Call("feedback.hand_in_result", rpc.HandInResult, rpc.Measure),
        status=201,
        expects="version",
        permission="its owner, or " + HANDLER,
    ),
    Route(
        "POST",
        "/api/v1/measures/{measure}/review",
        "Publish its result, or give it back",
        "measures",
        call=Call("feedback.review_result", rpc.ReviewResult, rpc.Measure),
        expects="version",
        permission=HANDLER + ", but not whoever handed it in",
    ),
    Route(
        "GET",
        "/api/v1/public/measures",
        "Published results, for everybody",
        "public",
        call=Call("feedback.public_measures", rpc.ListPublicMeasures, rpc.PublicMeasurePage),
        access=Access.PUBLIC,
    ),
)
