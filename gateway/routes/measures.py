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
        "/api/v1/measures/{measure}/result",
        "Publish what a measure came to",
        "measures",
        call=Call("feedback.publish_result", rpc.PublishResult, rpc.Measure),
        status=201,
        expects="version",
        permission=HANDLER,
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
