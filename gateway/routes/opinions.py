"""Addresses of opinions: speaking, following, handling."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from marshmallow import Schema, fields, validate

from gateway import forms
from gateway.application import answered
from gateway.response import of_json
from gateway.routes.uploads import LOOKING_SECONDS, whole
from gateway.routing import Access, Call, Route
from services.chassis.errors import Invalid, Refusal
from services.contracts.feedback_rpc import handling as steps
from services.contracts.feedback_rpc import opinions as rpc
from services.contracts.feedback_rpc.tickets import SpentTicket
from services.contracts.kinds import OPINION_MODES

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request
    from gateway.response import Response

HANDLER = "handler at the responsible organisation or above"
BY_NAME = Call("feedback.submit_opinion", rpc.SubmitOpinion, rpc.Opinion)
ATTACH = Call(
    "feedback.attach_by_receipt", steps.AttachByReceipt, rpc.OpinionProgress, seconds=LOOKING_SECONDS
)
WITHOUT_NAME = Call("feedback.submit_anonymous_opinion", rpc.SubmitAnonymousOpinion, rpc.Receipt)


class Speak(rpc.Spoken):
    """Say something by name, in confidence, or without a name.

    ``confidential``: those who answer do not learn who spoke, but for the holders of one role, and each
    time that one of them asks for the name is on record.

    ``anonymous``: by a ``ticket``, which is spent by it. Nothing that tells who, where or exactly when is
    kept, and a session that is sent along is not looked at. The receipt in the answer follows from the
    ticket: the same one with the same words is answered the same again. Files are attached afterwards, by
    the receipt.
    """

    ticket = fields.Nested(SpentTicket)
    mode = fields.String(required=True, validate=validate.OneOf(OPINION_MODES))
    attachments = rpc.attached()


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
        if asked.pop("attachments", None):
            # Whoever sent them did so with a session.
            raise Invalid("attachments.by_receipt", fields={"attachments": ["attachments.by_receipt"]})
        # It has no address of its own: only who holds the code may follow it.
        return of_json(gateway.ask(WITHOUT_NAME, asked, request), route.status)
    gateway.identify(request)
    gateway.admit(request)
    return answered(route, gateway.ask(BY_NAME, {**asked, "mode": mode}, request))


def attach(gateway: Gateway, request: Request, route: Route) -> Response:
    """Pass a small file on, to whatever the receipt is of."""
    gateway.admit_anybody(request)
    filename, content = whole(request, rpc.MOST_BYTES_WITHOUT_NAME)
    asked = {
        **request.path_values,
        "filename": filename,
        "content": base64.b64encode(content).decode(),
    }
    return answered(route, gateway.ask(ATTACH, asked, request))


_AUTHOR = "its author"
_HOLDER = "whoever holds the code"


def _step(name: str, summary: str, request: type[Schema], rpc_name: str, *, versioned: bool = True) -> Route:
    """One thing that a handler does with an opinion."""
    return Route(
        "POST",
        f"/api/v1/opinions/{{opinion}}/{name}",
        summary,
        "opinions",
        call=Call(f"feedback.{rpc_name}", request, rpc.Opinion),
        expects="version" if versioned else None,
        permission=HANDLER,
    )


def _by_receipt(name: str, summary: str, request: type[Schema]) -> Route:
    """One thing that the holder of a receipt does."""
    return Route(
        "POST",
        f"/api/v1/opinions/receipts/{{code}}/{name}",
        summary,
        "opinions",
        call=Call(f"feedback.{name}_by_receipt", request, rpc.OpinionProgress),
        access=Access.ANONYMOUS,
        permission=_HOLDER,
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/opinions/categories",
        "What opinions may be about, and how fast each is answered",
        "opinions",
        call=Call("feedback.list_categories", rpc.ListCategories, rpc.OpinionCategories),
        access=Access.PUBLIC,
    ),
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
        permission="by name or in confidence: whoever is signed in; without a name: whoever holds a ticket",
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
    _step(
        "triage", "Say what it is about and how fast it is answered", steps.TriageOpinion, "triage_opinion"
    ),
    _step("reassign", "Hand it to another organisation", steps.ReassignOpinion, "reassign_opinion"),
    _step("merge", "Answer it together with one that says the same", steps.MergeOpinion, "merge_opinion"),
    _step("decline", "Refuse an opinion with a reason", steps.DeclineOpinion, "decline_opinion"),
    _step("pause", "Let its clock stand still", steps.PauseOpinion, "pause_opinion"),
    _step("resume", "Let its clock go on", steps.ResumeOpinion, "resume_opinion"),
    _step(
        "notes", "Leave a note for those who handle it", steps.NoteOpinion, "note_opinion", versioned=False
    ),
    Route(
        "GET",
        "/api/v1/opinions/{opinion}/suggested-topics",
        "Topics whose words it has",
        "opinions",
        call=Call("feedback.suggest_topics", steps.SuggestTopics, steps.Suggestions),
        permission=HANDLER,
    ),
    Route(
        "POST",
        "/api/v1/opinions/{opinion}/author",
        "Who spoke in confidence: asked with a reason, and on record",
        "opinions",
        call=Call("feedback.name_author", steps.NameAuthor, steps.NamedAuthor),
        permission="the confidants of the responsible organisation or above",
    ),
    Route(
        "POST",
        "/api/v1/opinions/{opinion}/messages",
        "Say more about it",
        "opinions",
        call=Call("feedback.reply_to_opinion", steps.ReplyToOpinion, rpc.Opinion),
        permission=f"{_AUTHOR}, or {HANDLER}",
    ),
    Route(
        "POST",
        "/api/v1/opinions/{opinion}/rating",
        "Say how content its author is with the answer",
        "opinions",
        call=Call("feedback.rate_opinion", steps.RateOpinion, rpc.Opinion),
        permission=_AUTHOR,
    ),
    Route(
        "POST",
        "/api/v1/opinions/{opinion}/reopen",
        "Have it answered anew",
        "opinions",
        call=Call("feedback.reopen_opinion", steps.ReopenOpinion, rpc.Opinion),
        permission=_AUTHOR,
    ),
    Route(
        "GET",
        "/api/v1/opinions/receipts/{code}",
        "What became of an opinion, by the code of its receipt",
        "opinions",
        call=Call("feedback.follow_receipt", rpc.FollowReceipt, rpc.OpinionProgress),
        access=Access.ANONYMOUS,
        permission=_HOLDER,
    ),
    _by_receipt("reply", "Say more about it, by the code of its receipt", steps.ReplyByReceipt),
    Route(
        "POST",
        "/api/v1/opinions/receipts/{code}/attachments",
        "Attach a picture or plain text, at most 1 MiB, by the code of its receipt: no name is kept",
        "opinions",
        handler=attach,
        counted=False,
        others=(ATTACH,),
        answers=(rpc.OpinionProgress,),
        upload=rpc.MOST_BYTES_WITHOUT_NAME,
        body=rpc.ByReceipt,
        access=Access.ANONYMOUS,
        permission=_HOLDER,
    ),
    _by_receipt("rate", "Say how content you are, by the code of its receipt", steps.RateByReceipt),
    _by_receipt("reopen", "Have it answered anew, by the code of its receipt", steps.ReopenByReceipt),
)
