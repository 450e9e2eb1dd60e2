"""Addresses of opinions: speaking, following, handling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import fields, validate

from gateway import forms
from gateway.application import answered
from gateway.response import of_json
from gateway.routing import Access, Call, Route
from services.chassis.errors import Refusal
from services.contracts.feedback_rpc import opinions as rpc
from services.contracts.feedback_rpc.tickets import SpentTicket
from services.contracts.kinds import OPINION_MODES

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request
    from gateway.response import Response

HANDLER = "handler at the responsible organisation or above"
BY_NAME = Call("feedback.submit_opinion", rpc.SubmitOpinion, rpc.Opinion)
WITHOUT_NAME = Call("feedback.submit_anonymous_opinion", rpc.SubmitAnonymousOpinion, rpc.Receipt)


class Speak(rpc.Spoken):
    """Say something by name, or without one.

    ``anonymous``: by a ``ticket``, which is spent by it. Nothing that tells who, where or exactly when is
    kept, and a session that is sent along is not looked at. The receipt in the answer follows from the
    ticket: the same one with the same words is answered the same again.
    """

    ticket = fields.Nested(SpentTicket)
    mode = fields.String(required=True, validate=validate.OneOf(OPINION_MODES))


def speak(gateway: Gateway, request: Request, route: Route) -> Response:
    """Pass an opinion on, with the speaker's session only if it is by name.

    Until the mode is known nothing may be known of the speaker, so the address is an anonymous one and
    the session of a named speaker is looked at here. So is who is counted: whoever speaks by name is not
    held up by strangers at the same address.
    """
    try:
        asked = forms.gathered(route, request)
    except Refusal:
        gateway.admit_anybody(request)
        raise
    mode = asked.pop("mode")
    if mode == "anonymous":
        gateway.admit_anybody(request)
        # It has no address of its own: only who holds the code may follow it.
        return of_json(gateway.ask(WITHOUT_NAME, asked, request), route.status)
    gateway.identify(request)
    gateway.admit(request)
    return answered(route, gateway.ask(BY_NAME, asked, request))


ROUTES = (
    Route(
        "POST",
        "/api/v1/opinions",
        "Say something, by name or without one",
        "opinions",
        status=201,
        access=Access.ANONYMOUS,
        handler=speak,
        counted=False,
        others=(BY_NAME, WITHOUT_NAME),
        body=Speak,
        answers=(rpc.Opinion, rpc.Receipt),
        location="/api/v1/opinions/{id}",
        permission="by name: whoever is signed in; without a name: whoever holds a ticket",
    ),
    Route(
        "GET",
        "/api/v1/opinions",
        "Opinions to handle, or my own",
        "opinions",
        call=Call("feedback.list_opinions", rpc.ListOpinions, rpc.OpinionPage),
        permission=HANDLER,
    ),
    Route(
        "GET",
        "/api/v1/opinions/{opinion}",
        "One opinion",
        "opinions",
        call=Call("feedback.get_opinion", rpc.GetOpinion, rpc.Opinion),
        permission="its author, or " + HANDLER,
    ),
    Route(
        "POST",
        "/api/v1/opinions/{opinion}/decline",
        "Refuse an opinion with a reason",
        "opinions",
        call=Call("feedback.decline_opinion", rpc.DeclineOpinion, rpc.Opinion),
        expects="version",
        permission=HANDLER,
    ),
    Route(
        "GET",
        "/api/v1/opinions/receipts/{code}",
        "What became of an opinion, by the code of its receipt",
        "opinions",
        call=Call("feedback.follow_receipt", rpc.FollowReceipt, rpc.OpinionProgress),
        access=Access.ANONYMOUS,
        permission="whoever holds the code",
    ),
)
