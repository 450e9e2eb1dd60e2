"""Requests and answers about opinions."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.feedback_rpc.shapes import MOST_TEXT, Listed, expected_version, identifier, written
from services.contracts.feedback_rpc.tickets import SpentTicket
from services.contracts.kinds import OPINION_MODES, OPINION_STATES

OPINION_CATEGORIES = (
    "organisation_life",
    "education",
    "development",
    "dues",
    "conduct",
    "teaching",
    "management",
    "service",
    "other",
)


class Spoken(Schema):
    """What is said. ``organisation`` is the one concerned; who answers is decided by the service.

    An opinion ``about_head`` goes to the level above, and never to the organisation concerned.
    """

    organisation = identifier()
    category = fields.String(required=True, validate=validate.OneOf(OPINION_CATEGORIES))
    about_head = fields.Boolean(load_default=False)
    text = written(MOST_TEXT)


class SubmitOpinion(Spoken):
    """Speak by name: the author is the one who is signed in, and those who answer learn of it at once."""


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


class FollowReceipt(Schema):
    """Ask what became of an opinion by the code of its receipt."""

    code = fields.String(required=True, validate=validate.Length(min=1, max=64))


class Answer(Schema):
    """The measure that answers an opinion, as its author sees it."""

    measure = fields.String(required=True)
    title = fields.String(required=True)
    due_on = fields.Date(required=True)
    result = fields.String(required=True, allow_none=True)
    published_on = fields.Date(required=True, allow_none=True)


class OpinionProgress(Schema):
    """What became of an opinion. The text is not repeated: a code read over a shoulder tells nothing."""

    state = fields.String(required=True, validate=validate.OneOf(OPINION_STATES))
    category = fields.String(required=True)
    organisation = fields.String(required=True)
    received_on = fields.Date(required=True)
    declined_because = fields.String(required=True, allow_none=True)
    answer = fields.Nested(Answer, required=True, allow_none=True)


class OpinionItem(Schema):
    """An opinion in a list: neither its author nor its whole text."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    mode = fields.String(required=True, validate=validate.OneOf(OPINION_MODES))
    state = fields.String(required=True, validate=validate.OneOf(OPINION_STATES))
    organisation = fields.String(required=True, metadata={"description": "the one responsible for an answer"})
    concerns = fields.String(required=True, metadata={"description": "the one the author named"})
    category = fields.String(required=True)
    about_head = fields.Boolean(required=True)
    received_on = fields.Date(required=True)
    excerpt = fields.String(required=True)


class Opinion(OpinionItem):
    """An opinion as its author and its handlers see it."""

    text = fields.String(required=True)
    author = fields.String(
        required=True, allow_none=True, metadata={"description": "person id; null where nobody gave a name"}
    )
    declined_because = fields.String(required=True, allow_none=True)
    declined_on = fields.Date(required=True, allow_none=True)
    answer = fields.Nested(Answer, required=True, allow_none=True)


class ListOpinions(Listed):
    """``mine``: what I said by name. Else what I have to handle, below ``organisation`` where it is given."""

    organisation = identifier(required=False)
    state = fields.String(validate=validate.OneOf(OPINION_STATES))
    mine = fields.Boolean(load_default=False)


class OpinionPage(Schema):
    """``next`` is null on the last page."""

    items = fields.List(fields.Nested(OpinionItem), required=True)
    next = fields.String(required=True, allow_none=True)


class GetOpinion(Schema):
    """Read one opinion: its author, or a handler of the responsible organisation or above."""

    opinion = identifier()


class DeclineOpinion(Schema):
    """Refuse an opinion with a reason, which its author can read."""

    opinion = identifier()
    reason = written(500)
    version = expected_version()
