"""Addresses of probation within the Party 留党察看."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import sanctions as rpc

_DECIDES = "secretary, discipline commissioner or administrator strictly above the person's branch"
_READER = "oneself, or a post responsible for it at the person's organisation or above"

ROUTES = (
    Route(
        "POST",
        "/api/v1/people/{person}/sanctions",
        "Enter that a member was put on probation within the Party",
        "sanctions",
        call=Call("records.impose_sanction", rpc.ImposeSanction, rpc.Sanction),
        status=201,
        location="/api/v1/sanctions/{id}",
        permission=_DECIDES,
    ),
    Route(
        "GET",
        "/api/v1/sanctions",
        "Probations within the Party, the newest first; on record",
        "sanctions",
        call=Call("records.list_sanctions", rpc.ListSanctions, rpc.Sanctions),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/sanctions/{sanction}",
        "One probation within the Party; on record",
        "sanctions",
        call=Call("records.get_sanction", rpc.GetSanction, rpc.Sanction),
        permission=_READER,
    ),
    Route(
        "POST",
        "/api/v1/sanctions/{sanction}/prolong",
        "Enter that a probation of one year goes on for another",
        "sanctions",
        call=Call("records.prolong_sanction", rpc.ProlongSanction, rpc.Sanction),
        expects="expected_version",
        permission=_DECIDES,
    ),
    Route(
        "POST",
        "/api/v1/sanctions/{sanction}/close",
        "Enter that rights were given back, the sanction revoked or the member expelled",
        "sanctions",
        call=Call("records.close_sanction", rpc.CloseSanction, rpc.Sanction),
        expects="expected_version",
        permission=_DECIDES,
    ),
)
