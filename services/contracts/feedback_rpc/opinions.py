"""Requests and answers about opinions: how they are said, read and followed."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.contracts.feedback_rpc.shapes import MOST_TEXT, Listed, identifier, written
from services.contracts.feedback_rpc.tickets import SpentTicket
from services.contracts.files import KeptFile
from services.contracts.kinds import (
    CLOCK_STATES,
    OPINION_CHANNELS,
    OPINION_MODES,
    OPINION_SPEEDS,
    OPINION_STATES,
    RATINGS,
)

MOST_TOPICS = 5
MOST_ATTACHED = 5
# What comes without a name comes in one piece: a part that waited for the next would show who is at it.
MOST_BYTES_WITHOUT_NAME = 1024 * 1024


def category_id(*, required: bool = True) -> fields.String:
    """One of the categories that the service publishes."""
    return fields.String(required=required, validate=validate.Length(min=1, max=40))


class Spoken(Schema):
    """What is said. ``organisation`` is the one concerned; who answers is decided by the service.

    An opinion ``about_head`` goes to the level above, and never to the organisation concerned.
    """

    organisation = identifier()
    category = category_id()
    about_head = fields.Boolean(load_default=False)
    activity = identifier(required=False)
    task = identifier(required=False)
    text = written(MOST_TEXT)


def attached() -> fields.List[Any]:
    """Files that the author sent before. In confidence only pictures and plain text: without their names."""
    return fields.List(identifier(), load_default=list, validate=validate.Length(max=MOST_ATTACHED))


class SubmitOpinion(Spoken):
    """Speak by name or in confidence: the author is the one who is signed in.

    Those who answer learn of it at once. Of a confidential one they do not learn who spoke, but for the
    holders of one role, and each time that they ask for the name is on record.
    """

    mode = fields.String(load_default="named", validate=validate.OneOf(("named", "confidential")))
    attachments = attached()


class SubmitAnonymousOpinion(Spoken):
    """Speak without a name, by a ticket, which is spent by it.

    The same ticket with the same words is answered the same again, with others refused. Those who answer
    learn of it when its batch is released.
    """

    ticket = fields.Nested(SpentTicket, required=True)


class Receipt(Schema):
    """Shown to the one who spoke without a name. Only a hash of the code is kept."""

    receipt = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "the one responsible for an answer"})
    received_on = fields.Date(required=True)


class ByReceipt(Schema):
    """Whoever holds the code of a receipt."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=64))


class FollowReceipt(ByReceipt):
    """Ask what became of an opinion by the code of its receipt."""


class Answer(Schema):
    """The measure that answers an opinion, as its author sees it."""

    measure = fields.String(required=True)
    title = fields.String(required=True)
    due_on = fields.Date(required=True)
    result = fields.String(required=True, allow_none=True)
    files = fields.List(
        fields.Nested(KeptFile),
        required=True,
        metadata={"description": "shown with the result: GET /api/v1/public/files/{file}"},
    )
    published_on = fields.Date(required=True, allow_none=True)


class RuleOfClock(Schema):
    """Where it is written."""

    pack = fields.String(required=True)
    article = fields.String(required=True)


class ClockReading(Schema):
    """The time to answer, in working days. ``due_on`` is null while the clock is paused.

    ``provisional``: it counts days of a year whose holidays are not announced yet.
    """

    state = fields.String(required=True, validate=validate.OneOf(CLOCK_STATES))
    speed = fields.String(required=True, validate=validate.OneOf(OPINION_SPEEDS))
    limit = fields.Integer(required=True)
    used = fields.Integer(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    soon = fields.Boolean(required=True)
    overdue = fields.Boolean(required=True)
    provisional = fields.Boolean(required=True)
    stopped_on = fields.Date(required=True, allow_none=True)
    paused_because = fields.String(required=True, allow_none=True)
    rule = fields.Nested(RuleOfClock, required=True)


class OpinionMessage(Schema):
    """One message; its author's own words have ``who`` author."""

    who = fields.String(required=True, validate=validate.OneOf(("author", "handler")))
    text = fields.String(required=True)
    on = fields.Date(required=True)


class EarlierAnswer(Schema):
    """An answer that its author did not take."""

    state = fields.String(required=True)
    declined_because = fields.String(required=True, allow_none=True)
    measure = fields.String(required=True, allow_none=True)
    result = fields.String(required=True, allow_none=True)
    on = fields.Date(required=True, allow_none=True)
    rating = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    reopened_on = fields.Date(required=True)


class _Progress(Schema):
    state = fields.String(required=True, validate=validate.OneOf(OPINION_STATES))
    category = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "the one responsible for an answer"})
    received_on = fields.Date(required=True)
    declined_because = fields.String(required=True, allow_none=True)
    answer = fields.Nested(Answer, required=True, allow_none=True)
    clock = fields.Nested(ClockReading, required=True)
    messages = fields.List(fields.Nested(OpinionMessage), required=True)
    earlier = fields.List(fields.Nested(EarlierAnswer), required=True)
    rating = fields.String(required=True, allow_none=True, validate=validate.OneOf(RATINGS))
    may_reopen_until = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "the last day on which its author may rate or reopen it"},
    )


class OpinionProgress(_Progress):
    """What became of an opinion. The text is not repeated: a code read over a shoulder tells nothing.

    ``held`` is how much its holder added that waits for the next batch; ``attached`` counts files.
    """

    held = fields.Integer(required=True)
    attached = fields.Integer(required=True)


class OpinionItem(Schema):
    """An opinion in a list: neither its author nor its whole text."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    mode = fields.String(required=True, validate=validate.OneOf(OPINION_MODES))
    channel = fields.String(required=True, validate=validate.OneOf(OPINION_CHANNELS))
    state = fields.String(required=True, validate=validate.OneOf(OPINION_STATES))
    organisation = fields.String(required=True, metadata={"description": "the one responsible for an answer"})
    concerns = fields.String(required=True, metadata={"description": "the one the author named"})
    category = fields.String(required=True)
    topics = fields.List(fields.String(), required=True)
    about_head = fields.Boolean(required=True)
    received_on = fields.Date(required=True)
    activity = fields.String(required=True, allow_none=True)
    task = fields.String(required=True, allow_none=True)
    clock = fields.Nested(ClockReading, required=True)
    excerpt = fields.String(required=True)


class OpinionNote(Schema):
    """Among those who handle it; its author never sees it."""

    by = fields.String(required=True)
    text = fields.String(required=True)
    on = fields.Date(required=True)


class OpinionRoute(Schema):
    """That another organisation answers it since, and why."""

    from_ = fields.String(required=True, data_key="from", attribute="from")
    to = fields.String(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True)
    on = fields.Date(required=True)


class Opinion(OpinionItem, _Progress):
    """An opinion as its author and its handlers see it.

    ``author`` is null where nobody gave a name, or gave it in confidence. ``notes``, ``routes``,
    ``duplicates`` and ``merged_into`` are empty to its author.
    """

    text = fields.String(required=True)
    attachments = fields.List(fields.Nested(KeptFile), required=True)
    author = fields.String(
        required=True, allow_none=True, metadata={"description": "person id; null where it is not to be seen"}
    )
    declined_on = fields.Date(required=True, allow_none=True)
    notes = fields.List(fields.Nested(OpinionNote), required=True)
    routes = fields.List(fields.Nested(OpinionRoute), required=True)
    duplicates = fields.List(fields.String(), required=True)
    merged_into = fields.String(required=True, allow_none=True)


class ListOpinions(Listed):
    """``mine``: what I said, by name or in confidence. Else what I may read: of ``organisation`` and below,
    or what was said about ``activity``, of what I may."""

    organisation = identifier(required=False)
    activity = identifier(required=False)
    state = fields.String(validate=validate.OneOf(OPINION_STATES))
    mine = fields.Boolean(load_default=False)


class OpinionPage(Schema):
    """``next`` is null on the last page."""

    items = fields.List(fields.Nested(OpinionItem), required=True)
    next = fields.String(required=True, allow_none=True)


class GetOpinion(Schema):
    """Read one opinion: its author, or a handler of the responsible organisation or above."""

    opinion = identifier()


class ListCategories(Schema):
    """What opinions may be about; asks for no session."""


class OpinionTitles(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class OpinionCategory(Schema):
    id = fields.String(required=True)
    titles = fields.Nested(OpinionTitles, required=True)
    speed = fields.String(required=True, validate=validate.OneOf(OPINION_SPEEDS))
    days = fields.Integer(required=True, metadata={"description": "working days to an answer"})


class OpinionTopic(Schema):
    id = fields.String(required=True)
    titles = fields.Nested(OpinionTitles, required=True)
    category = fields.String(required=True)


class OpinionCategories(Schema):
    """What opinions may be about, with the time to answer, and the topics that trends count."""

    items = fields.List(fields.Nested(OpinionCategory), required=True)
    topics = fields.List(fields.Nested(OpinionTopic), required=True)
