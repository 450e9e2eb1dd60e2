"""Addresses of spreadsheets of lists."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc.exports import ExportList
from services.contracts.records_rpc.imports import StartedJob

ROUTES = (
    Route(
        "POST",
        "/api/v1/exports",
        "Make an .xlsx of a list, with the scope and the masks of the list itself",
        "exports",
        call=Call("records.export_list", ExportList, StartedJob),
        status=202,
        permission="whoever may ask for the list",
    ),
)
