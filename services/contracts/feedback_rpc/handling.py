"""Requests about handling an opinion, and what its author does afterwards."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.feedback_rpc.opinions import (
    MOST_BYTES_WITHOUT_NAME,
    MOST_TOPICS,
    ByReceipt,
    category_id,
)
from services.contracts.feedback_rpc.shapes import MOST_TEXT, expected_version, identifier, written
from services.contracts.kinds import OPINION_SPEEDS, RATINGS

AWAITING = ("author", "others")


class _OfOpinion(Schema):
    opinion = identifier()


class _Handling(_OfOpinion):
    version = expected_version()


class TriageOpinion(_Handling):
    """Say what it is about and how fast it has to be answered; what is left out stays as it is."""

    category = category_id(required=False)
    topics = fields.List(identifier(), validate=validate.Length(max=MOST_TOPICS))
    speed = fields.String(validate=validate.OneOf(OPINION_SPEEDS))


class ReassignOpinion(_Handling):
    """Hand it to another organisation, with the reason; what is about a head never to that head's own."""

    organisation = identifier()
    reason = written(500)


class MergeOpinion(_Handling):
    """It says the same as ``into``: its author is answered by what becomes of that one."""

    into = identifier()


class DeclineOpinion(_Handling):
    """Refuse an opinion with a reason, which its author can read."""

    reason = written(500)


class PauseOpinion(_Handling):
    """Let the clock stand still. Where the author is awaited, their reply lets it go on."""

    reason = written(500, "its author reads it")
    awaiting = fields.String(load_default="others", validate=validate.OneOf(AWAITING))


class ResumeOpinion(_Handling):
    """Let the clock go on."""


class NoteOpinion(_OfOpinion):
    """Leave a note for those who handle it."""

    text = written(MOST_TEXT)


class ReplyToOpinion(_OfOpinion):
    """Say more about it: its author to its handlers, or they to its author."""

    text = written(MOST_TEXT)


class RateOpinion(_OfOpinion):
    """Its author says how content they are with the answer."""

    rating = fields.String(required=True, validate=validate.OneOf(RATINGS))


class ReopenOpinion(_OfOpinion):
    """Its author does not take the answer."""

    reason = written(500)


class ReplyByReceipt(ByReceipt):
    """Say more about it; those who answer learn of it with the next batch."""

    text = written(MOST_TEXT)


class AttachByReceipt(ByReceipt):
    """Attach a picture or plain text, at most 1 MiB; no name is kept. It comes with its batch.

    The same content again changes nothing.
    """

    filename = fields.String(required=True, validate=validate.Length(min=1, max=200))
    content = fields.String(
        required=True,
        validate=validate.Length(max=MOST_BYTES_WITHOUT_NAME * 4 // 3 + 4),
        metadata={"description": "base64"},
    )


class RateByReceipt(ByReceipt):
    """Say how content you are with the answer."""

    rating = fields.String(required=True, validate=validate.OneOf(RATINGS))


class ReopenByReceipt(ByReceipt):
    """Have it answered anew."""

    reason = written(500)


class NameAuthor(_OfOpinion):
    """Ask who spoke in confidence. The question and its reason are on record."""

    reason = written(500)


class NamedAuthor(Schema):
    author = fields.String(required=True, metadata={"description": "person id"})


class SuggestTopics(_OfOpinion):
    """Topics whose words the text has, most of them first: a suggestion to whoever triages."""


class Suggestion(Schema):
    topic = fields.String(required=True)
    words = fields.List(fields.String(), required=True, metadata={"description": "those that it has"})


class Suggestions(Schema):
    items = fields.List(fields.Nested(Suggestion), required=True)
