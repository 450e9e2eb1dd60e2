"""Addresses of trends: what is said, counted."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.feedback_rpc import trends as rpc

ROUTES = (
    Route(
        "GET",
        "/api/v1/organisations/{organisation}/opinion-trends",
        "What was said there and below, counted by month",
        "opinions",
        call=Call("feedback.get_trends", rpc.GetTrends, rpc.OpinionTrends),
        permission="whoever reads its opinions",
    ),
)
