"""Addresses of the notify service: messages and what became of them."""

from __future__ import annotations

from gateway.routing import Access, Call, Route
from services.contracts import notify_rpc as rpc

ROUTES = (
    Route(
        "GET",
        "/api/v1/messages",
        "Messages, newest first",
        "messages",
        call=Call("notify.list_messages", rpc.ListMessages, rpc.Messages),
        permission="the one it is for, or a post at the organisation or above",
    ),
    Route(
        "GET",
        "/api/v1/messages/{message}",
        "One message with every decision about it",
        "messages",
        call=Call("notify.get_message", rpc.GetMessage, rpc.MessageWithDecisions),
        permission="the one it is for, or a post at the organisation or above",
    ),
    Route(
        "POST",
        "/api/v1/sms/receipts",
        "The SMS provider reports what became of a message",
        "messages",
        call=Call("notify.accept_receipt", rpc.AcceptReceipt, rpc.ReceiptAccepted),
        access=Access.PUBLIC,
        headers={"token": "X-Receipt-Token"},
        permission="the provider, by its token",
    ),
)
