"""Addresses of trends: what is said, counted."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.feedback_rpc import trends as rpc
from services.contracts.files import KeptFile

ROUTES = (
    Route(
        "GET",
        "/api/v1/organisations/{organisation}/opinion-trends",
        "What was said there and below, counted by month",
        "opinions",
        call=Call("feedback.get_trends", rpc.GetTrends, rpc.OpinionTrends),
        permission="whoever reads its opinions",
    ),
    Route(
        "POST",
        "/api/v1/organisations/{organisation}/opinion-trends/sheets",
        "The same as an .xlsx, with those directly below; read from the address in Location",
        "opinions",
        call=Call("feedback.export_trends", rpc.ExportTrends, KeptFile, seconds=30.0),
        status=201,
        location="/api/v1/feedback/files/{file}",
        permission="whoever reads its opinions",
    ),
)
