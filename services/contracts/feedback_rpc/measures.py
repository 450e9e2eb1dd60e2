"""Requests and answers about measures and their results."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.feedback_rpc.shapes import MOST_TEXT, Listed, expected_version, identifier, written
from services.contracts.files import MOST_ATTACHMENTS, KeptFile, attachments
from services.contracts.kinds import MEASURE_STATES

MOST_OPINIONS = 50
MOST_NODES = 20


class PlannedMeasureNode(Schema):
    """A step on the way."""

    title = written(200)
    due_on = fields.Date(required=True)


class PlanMeasure(Schema):
    """Answer opinions of one organisation with a measure that has an owner and a due date."""

    opinions = fields.List(identifier(), required=True, validate=validate.Length(min=1, max=MOST_OPINIONS))
    organisation = identifier()
    title = written(200, "shown to authors and, with the result, to everyone: names nobody")
    owner = identifier()
    due_on = fields.Date(required=True)
    nodes = fields.List(
        fields.Nested(PlannedMeasureNode), load_default=list, validate=validate.Length(max=MOST_NODES)
    )


class Result(Schema):
    """What was done. ``published_on`` is null until somebody else has reviewed it."""

    text = fields.String(required=True)
    activities = fields.List(fields.String(), required=True, metadata={"description": "its evidence"})
    attachments = fields.List(fields.Nested(KeptFile), required=True)
    shown = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "those of its files that everybody reads, once it is published"},
    )
    handed_in_on = fields.Date(required=True)
    published_on = fields.Date(required=True, allow_none=True)


class MeasureNode(Schema):
    id = fields.String(required=True)
    title = fields.String(required=True)
    due_on = fields.Date(required=True)
    done_on = fields.Date(required=True, allow_none=True)


class MeasureReport(Schema):
    text = fields.String(required=True)
    progress = fields.Integer(required=True)
    by = fields.String(required=True)
    on = fields.Date(required=True)


class EarlierMeasure(Schema):
    """Who owned it and when it was due before, and why that was changed."""

    owner = fields.String(required=True)
    due_on = fields.Date(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True)
    on = fields.Date(required=True)


class MeasureReview(Schema):
    accepted = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)
    by = fields.String(required=True)
    on = fields.Date(required=True)


class Measure(Schema):
    """A measure as its handlers and its owner see it. ``opinions`` is empty for who may not handle them.

    ``task`` is the task that records keeps of it; null where it answers what was said about a head, of
    which nothing is known outside.
    """

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(MEASURE_STATES))
    organisation = fields.String(required=True)
    title = fields.String(required=True)
    owner = fields.String(required=True, metadata={"description": "person id"})
    due_on = fields.Date(required=True)
    planned_on = fields.Date(required=True)
    progress = fields.Integer(required=True, metadata={"description": "per cent"})
    nodes = fields.List(fields.Nested(MeasureNode), required=True)
    reports = fields.List(fields.Nested(MeasureReport), required=True)
    changes = fields.List(fields.Nested(EarlierMeasure), required=True)
    opinions = fields.List(fields.String(), required=True)
    task = fields.String(required=True, allow_none=True)
    result = fields.Nested(Result, required=True, allow_none=True)
    reviews = fields.List(fields.Nested(MeasureReview), required=True)
    cancelled_on = fields.Date(required=True, allow_none=True)
    cancelled_because = fields.String(required=True, allow_none=True)


class _OfMeasure(Schema):
    measure = identifier()


class _Changing(_OfMeasure):
    version = expected_version()


class GetMeasure(_OfMeasure):
    """Read one measure: its owner, or a handler of its organisation or above."""


class ListMeasures(Listed):
    """``mine``: those I own. Else those I may read, of ``organisation`` and below where it is given, or whose
    result has ``activity`` for its evidence."""

    organisation = identifier(required=False)
    activity = identifier(required=False)
    state = fields.String(validate=validate.OneOf(MEASURE_STATES))
    mine = fields.Boolean(load_default=False)


class MeasurePage(Schema):
    """``next`` is null on the last page."""

    items = fields.List(fields.Nested(Measure), required=True)
    next = fields.String(required=True, allow_none=True)


class AnswerMore(_Changing):
    """Let a measure answer more opinions of its organisation."""

    opinions = fields.List(identifier(), required=True, validate=validate.Length(min=1, max=MOST_OPINIONS))


class ChangeMeasure(_Changing):
    """Another owner or another due date, with the reason."""

    owner = identifier(required=False)
    due_on = fields.Date()
    reason = written(500)


class ReportMeasure(_OfMeasure):
    """How it stands; ``progress`` of a measure without nodes."""

    text = written(1000)
    progress = fields.Integer(strict=True, validate=validate.Range(min=0, max=100))


class CancelMeasure(_Changing):
    """Give a measure up, with the reason, before its result is handed in. What it answers is open again."""

    reason = written(500, "the authors of its opinions read it")


class FinishNode(_OfMeasure):
    """A step on the way is reached."""

    node = identifier()


class HandInResult(_Changing):
    """Say what a measure came to, with activities and files as evidence. Somebody else reviews it."""

    text = written(MOST_TEXT, "public once it is reviewed: names nobody")
    activities = fields.List(identifier(), load_default=list, validate=validate.Length(max=20))
    attachments = attachments()


class ReviewResult(_Changing):
    """Publish the result, by which every opinion that it answers is answered, or give it back."""

    accepted = fields.Boolean(required=True)
    reason = written(500, required=False)
    show = fields.List(
        identifier(),
        load_default=list,
        validate=validate.Length(max=MOST_ATTACHMENTS),
        metadata={"description": "which of its files everybody reads with it: only such as name nobody"},
    )


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
    answers = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "how many opinions it answers; null where they are fewer than five"},
    )
    evidence = fields.Integer(
        required=True, metadata={"description": "how many activities and files its reviewer has seen"}
    )
    files = fields.List(
        fields.Nested(KeptFile),
        required=True,
        metadata={"description": "those that its reviewer shows: GET /api/v1/public/files/{file}"},
    )


class PublicMeasurePage(Schema):
    """``next`` is null on the last page."""

    items = fields.List(fields.Nested(PublicMeasure), required=True)
    next = fields.String(required=True, allow_none=True)
