"""Addresses of the tree as it was, and of its reorganisation."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import structure as rpc

ROUTES = (
    Route(
        "GET",
        "/api/v1/organisations/{organisation}/history",
        "What an organisation was called and where it stood, newest first",
        "organisations",
        call=Call("records.list_editions", rpc.ListEditions, rpc.Editions),
    ),
)
