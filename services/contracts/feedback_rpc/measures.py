"""Requests and answers about measures and their results."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.feedback_rpc.shapes import MOST_TEXT, Listed, expected_version, identifier, written
from services.contracts.kinds import MEASURE_STATES

MOST_OPINIONS = 50


class PlanMeasure(Schema):
    """Answer opinions of one organisation with a measure that has an owner and a due date."""

    opinions = fields.List(identifier(), required=True, validate=validate.Length(min=1, max=MOST_OPINIONS))
    organisation = identifier()
    title = written(200, "shown to authors and, with the result, to everyone: names nobody")
    owner = identifier()
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

    measure = identifier()


class ListMeasures(Listed):
    """``mine``: those I own. Else those I have to handle, below ``organisation`` where it is given."""

    organisation = identifier(required=False)
    state = fields.String(validate=validate.OneOf(MEASURE_STATES))
    mine = fields.Boolean(load_default=False)


class MeasurePage(Schema):
    """``next`` is null on the last page."""

    items = fields.List(fields.Nested(Measure), required=True)
    next = fields.String(required=True, allow_none=True)


class PublishResult(Schema):
    """Publish what a measure came to; every opinion that it answers is answered by it."""

    measure = identifier()
    text = written(MOST_TEXT, "public: names nobody")
    version = expected_version()


class ListPublicMeasures(Listed):
    """The open view; asks for no session."""

    organisation = identifier(required=False)


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
