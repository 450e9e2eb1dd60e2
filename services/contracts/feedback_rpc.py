"""RPC of the feedback service: opinions, the measures that answer them, and their results."""

from __future__ import annotations

import re

from marshmallow import Schema, ValidationError, fields, validate

from services.contracts.kinds import MEASURE_STATES, OPINION_MODES, OPINION_STATES

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
MOST_TEXT = 2_000
MOST_OPINIONS = 50
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _readable(text: str) -> None:
    """Refuse what no person typed: blank texts, control characters, halves of a character."""
    if not text.strip():
        raise ValidationError("text.blank")
    if _UNFIT.search(text):
        raise ValidationError("text.unfit_characters")


def _text(most: int, description: str = "") -> fields.String:
    """A text a person wrote, kept exactly as written: what looks like HTML is text."""
    return fields.String(
        required=True,
        validate=[validate.Length(min=1, max=most), _readable],
        metadata={"description": description or f"plain text, at most {most} characters"},
    )


def _id(*, required: bool = True) -> fields.String:
    return fields.String(required=required, validate=validate.Length(min=1, max=64))


def _expected_version() -> fields.Integer:
    return fields.Integer(
        strict=True,
        validate=validate.Range(min=1),
        metadata={"description": "refuse with a conflict unless this is still the version"},
    )


class _Page(Schema):
    """What every list takes: ``cursor`` is the ``next`` of the page before."""

    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=100))
    cursor = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))


# Opinions


class SubmitAnonymousOpinion(Schema):
    """Speak without a name. ``organisation`` is the one concerned; who answers is decided by the service.

    An opinion ``about_head`` goes to the level above, and never to the organisation concerned. Those who
    answer learn of it when its batch is released.
    """

    organisation = _id()
    category = fields.String(required=True, validate=validate.OneOf(OPINION_CATEGORIES))
    about_head = fields.Boolean(load_default=False)
    text = _text(MOST_TEXT)


class SubmitOpinion(SubmitAnonymousOpinion):
    """Speak by name: the author is the one who is signed in, and those who answer learn of it at once."""


class Receipt(Schema):
    """Shown once, to the one who spoke without a name. Only a hash of the code is kept."""

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


class ListOpinions(_Page):
    """``mine``: what I said by name. Else what I have to handle, below ``organisation`` where it is given."""

    organisation = _id(required=False)
    state = fields.String(validate=validate.OneOf(OPINION_STATES))
    mine = fields.Boolean(load_default=False)


class OpinionPage(Schema):
    """``next`` is null on the last page."""

    items = fields.List(fields.Nested(OpinionItem), required=True)
    next = fields.String(required=True, allow_none=True)


class GetOpinion(Schema):
    """Read one opinion: its author, or a handler of the responsible organisation or above."""

    opinion = _id()


class DeclineOpinion(Schema):
    """Refuse an opinion with a reason, which its author can read."""

    opinion = _id()
    reason = _text(500)
    version = _expected_version()


# Measures and results


class PlanMeasure(Schema):
    """Answer opinions of one organisation with a measure that has an owner and a due date."""

    opinions = fields.List(_id(), required=True, validate=validate.Length(min=1, max=MOST_OPINIONS))
    organisation = _id()
    title = _text(200, "shown to authors and, with the result, to everyone: names nobody")
    owner = _id()
    due_on = fields.Date(required=True)


class Result(Schema):
    """What was done."""

    text = fields.String(required=True)
    published_on = fields.Date(required=True)


class Measure(Schema):
    """A measure as its handlers and its owner see it. ``opinions`` is empty for who may not handle them."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(MEASURE_STATES))
    organisation = fields.String(required=True)
    title = fields.String(required=True)
    owner = fields.String(required=True, metadata={"description": "person id"})
    due_on = fields.Date(required=True)
    planned_on = fields.Date(required=True)
    opinions = fields.List(fields.String(), required=True)
    result = fields.Nested(Result, required=True, allow_none=True)


class GetMeasure(Schema):
    """Read one measure: its owner, or a handler of its organisation or above."""

    measure = _id()


class ListMeasures(_Page):
    """``mine``: those I own. Else those I have to handle, below ``organisation`` where it is given."""

    organisation = _id(required=False)
    state = fields.String(validate=validate.OneOf(MEASURE_STATES))
    mine = fields.Boolean(load_default=False)


class MeasurePage(Schema):
    """``next`` is null on the last page."""

    items = fields.List(fields.Nested(Measure), required=True)
    next = fields.String(required=True, allow_none=True)


class PublishResult(Schema):
    """Publish what a measure came to; every opinion that it answers is answered by it."""

    measure = _id()
    text = _text(MOST_TEXT, "public: names nobody")
    version = _expected_version()


class ListPublicMeasures(_Page):
    """The open view; asks for no session."""

    organisation = _id(required=False)


class PublicMeasure(Schema):
    """A published result: no person, no opinion's text."""

    measure = fields.String(required=True)
    organisation = fields.String(required=True)
    title = fields.String(required=True)
    result = fields.String(required=True)
    published_on = fields.Date(required=True)


class PublicMeasurePage(Schema):
    """``next`` is null on the last page."""

    items = fields.List(fields.Nested(PublicMeasure), required=True)
    next = fields.String(required=True, allow_none=True)
