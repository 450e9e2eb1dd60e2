"""Addresses of transfers of membership."""

from __future__ import annotations

from gateway.routing import Call, Route
from services.contracts.records_rpc import transfers as rpc

_LEFT = "writer of the branch that is left, or administrator above"
_RECEIVING = "writer of the branch that receives, or administrator above"
_READER = "the person, or a post at either organisation or above"

ROUTES = (
    Route(
        "POST",
        "/api/v1/transfers",
        "Ask another branch of the campus to take a person in",
        "transfers",
        call=Call("records.ask_transfer", rpc.AskTransfer, rpc.Transfer),
        status=201,
        location="/api/v1/transfers/{id}",
        permission="oneself, or " + _LEFT,
    ),
    Route(
        "POST",
        "/api/v1/transfers/out",
        "Note a letter of introduction for a place outside",
        "transfers",
        call=Call("records.ask_transfer_out", rpc.AskTransferOut, rpc.Transfer),
        status=201,
        location="/api/v1/transfers/{id}",
        permission=_LEFT,
    ),
    Route(
        "POST",
        "/api/v1/transfers/in",
        "Take in somebody who comes from outside",
        "transfers",
        call=Call("records.enter_transfer_in", rpc.EnterTransferIn, rpc.Transfer),
        status=201,
        location="/api/v1/transfers/{id}",
        permission=_RECEIVING,
    ),
    Route(
        "GET",
        "/api/v1/transfers",
        "Transfers, newest first",
        "transfers",
        call=Call("records.list_transfers", rpc.ListTransfers, rpc.Transfers),
        permission=_READER,
    ),
    Route(
        "GET",
        "/api/v1/transfers/{transfer}",
        "One transfer",
        "transfers",
        call=Call("records.get_transfer", rpc.GetTransfer, rpc.Transfer),
        permission=_READER,
    ),
    Route(
        "POST",
        "/api/v1/transfers/{transfer}/decision",
        "Accept a person, or refuse with the reason",
        "transfers",
        call=Call("records.decide_transfer", rpc.DecideTransfer, rpc.Transfer),
        expects="expected_version",
        permission=_RECEIVING,
    ),
    Route(
        "POST",
        "/api/v1/transfers/{transfer}/withdraw",
        "Take back what was asked",
        "transfers",
        call=Call("records.withdraw_transfer", rpc.WithdrawTransfer, rpc.Transfer),
        expects="expected_version",
        permission="oneself, or " + _LEFT,
    ),
    Route(
        "POST",
        "/api/v1/transfers/{transfer}/receipt",
        "Enter the receipt of a letter",
        "transfers",
        call=Call("records.complete_transfer", rpc.CompleteTransfer, rpc.Transfer),
        expects="expected_version",
        permission=_LEFT,
    ),
)
