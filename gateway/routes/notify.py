"""Addresses of the notify service: messages and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields

from gateway.request import MOST_BODY_BYTES
from gateway.response import Response, of_json
from gateway.routing import Access, Call, Route
from services.chassis.errors import Invalid
from services.contracts import notify_rpc as rpc

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request

REPORTS = Call("notify.take_reports", rpc.TakeReports, rpc.ReportsTaken)
ANNOUNCERS = "administrator or secretary of the organisation or above"


class Reporting(Schema):
    """What stands in the address of a report; its body is in the provider's own form."""

    provider = fields.String(required=True)


def take_reports(gateway: Gateway, request: Request, route: Route) -> Response:
    """Pass on what a provider posts, as it stands: each has a form of its own, and may sign the bytes."""
    body = b"".join(request.stream(MOST_BODY_BYTES))
    try:
        told = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("request.invalid", fields={"body": ["field.invalid"]}) from None
    asked: dict[str, Any] = {"provider": request.path_values["provider"], "body": told}
    asked["token"] = request.header("X-Receipt-Token") or next(iter(request.query.get("token", [])), None)
    asked["signature"] = request.header("X-Receipt-Signature")
    return of_json(gateway.ask(REPORTS, asked, request), route.status)


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
    Route(
        "POST",
        "/api/v1/receipts/{provider}",
        "A provider reports, in its own form, what became of messages",
        "messages",
        access=Access.PUBLIC,
        handler=take_reports,
        others=(REPORTS,),
        body=Reporting,
        answers=(rpc.ReportsTaken,),
        permission="the provider, by its secret",
    ),
    Route(
        "GET",
        "/api/v1/me/inbox",
        "Messages in my inbox, newest first",
        "messages",
        call=Call("notify.list_inbox", rpc.ListInbox, rpc.Inbox),
        permission="whoever is signed in",
    ),
    Route(
        "POST",
        "/api/v1/me/inbox/{message}/read",
        "I have read a message",
        "messages",
        call=Call("notify.mark_read", rpc.MarkRead, rpc.InboxEntry),
        permission="the one it is for",
    ),
    Route(
        "POST",
        "/api/v1/announcements",
        "Tell everybody of an organisation and below",
        "messages",
        call=Call("notify.announce", rpc.Announce, rpc.Announcement),
        status=202,
        location="/api/v1/announcements/{id}",
        permission=ANNOUNCERS,
    ),
    Route(
        "GET",
        "/api/v1/announcements/{announcement}",
        "How far an announcement is",
        "messages",
        call=Call("notify.get_announcement", rpc.GetAnnouncement, rpc.Announcement),
        permission=ANNOUNCERS,
    ),
    Route(
        "POST",
        "/api/v1/announcements/{announcement}/stop",
        "Send nothing more of an announcement",
        "messages",
        call=Call("notify.stop_announcement", rpc.StopAnnouncement, rpc.Announcement),
        permission=ANNOUNCERS,
    ),
    Route(
        "POST",
        "/api/v1/announcements/{announcement}/resume",
        "Make the messages that a failed announcement lacks",
        "messages",
        call=Call("notify.resume_announcement", rpc.ResumeAnnouncement, rpc.Announcement),
        permission=ANNOUNCERS,
    ),
)
