"""Addresses of openings of the entry of what was held long ago."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import entry_windows as rpc

_REVIEWER = "post strictly above the organisation, and none of writing at it"

ROUTES = (
    Route(
        "POST",
        "/api/v1/entry-windows",
        "Open the entry of what was held long ago",
        "activities",
        call=Call("records.open_entry_window", rpc.OpenEntryWindow, rpc.EntryWindow),
        status=201,
        permission=_REVIEWER,
    ),
    Route(
        "GET",
        "/api/v1/entry-windows",
        "Openings of an organisation or in one's reach, the last to end first",
        "activities",
        call=Call("records.list_entry_windows", rpc.ListEntryWindows, rpc.EntryWindows),
        permission="post at the organisation or above",
    ),
    Route(
        "POST",
        "/api/v1/entry-windows/{window}/close",
        "Close an opening before its last day",
        "activities",
        call=Call("records.close_entry_window", rpc.CloseEntryWindow, rpc.EntryWindow),
        expects="expected_version",
        permission=_REVIEWER,
    ),
)
