"""Addresses of the tree as it was, and of its reorganisation."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import structure as rpc

_ADMINISTRATOR = "administrator at or above every organisation concerned"

ROUTES = (
    Route(
        "GET",
        "/api/v1/organisations/{organisation}/history",
        "What an organisation was called and where it stood, newest first",
        "organisations",
        call=Call("records.list_editions", rpc.ListEditions, rpc.Editions),
    ),
    Route(
        "POST",
        "/api/v1/organisations/{organisation}/dissolve",
        "Dissolve an organisation; its members go where is said",
        "organisations",
        call=Call("records.dissolve_organisation", rpc.DissolveOrganisation, rpc.StartedReorganisation),
        status=202,
        permission=_ADMINISTRATOR,
    ),
    Route(
        "POST",
        "/api/v1/organisations/{organisation}/merge",
        "Merge organisations into one that stays or is founded",
        "organisations",
        call=Call("records.merge_organisations", rpc.MergeOrganisations, rpc.StartedReorganisation),
        status=202,
        permission=_ADMINISTRATOR,
    ),
    Route(
        "POST",
        "/api/v1/organisations/{organisation}/split",
        "Found a second branch with some members and groups of one",
        "organisations",
        call=Call("records.split_organisation", rpc.SplitOrganisation, rpc.StartedReorganisation),
        status=202,
        permission=_ADMINISTRATOR,
    ),
)
