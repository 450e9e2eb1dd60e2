"""Addresses of spreadsheets of lists and of ledger packs."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc.exports import ExportList
from services.contracts.records_rpc.imports import StartedJob
from services.contracts.records_rpc.ledger import MakeLedger

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
    Route(
        "POST",
        "/api/v1/ledgers",
        "Make the ledger pack of an organisation's year",
        "exports",
        call=Call("records.make_ledger", MakeLedger, StartedJob),
        status=202,
        permission="writer of the organisation, or a post above it",
    ),
)
