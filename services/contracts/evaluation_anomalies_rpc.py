"""Requests and responses about what asks for a talk."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.evaluation_rpc import Bilingual
from services.contracts.kinds import ANOMALY_RULES, ANOMALY_STATES

_ID = validate.Length(min=1, max=64)


class ListAnomalies(Schema):
    """What the heads at and below the caller's posts were asked; never what is about the caller."""

    state = fields.String(validate=validate.OneOf(ANOMALY_STATES))
    rule = fields.String(validate=validate.OneOf(ANOMALY_RULES))
    cursor = fields.String(validate=validate.Length(min=1, max=400))
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=100))


class GetAnomaly(Schema):
    """One, to those who are responsible for a talk; on record."""

    anomaly = fields.String(required=True, validate=_ID)


class ConcludeAnomaly(Schema):
    """The talk was held, or there is no need for one; either way with a reason."""

    anomaly = fields.String(required=True, validate=_ID)
    outcome = fields.String(required=True, validate=validate.OneOf(("talked", "dismissed")))
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))
    expected_version = fields.Integer(strict=True)


class ListedAnomaly(Schema):
    """Something that asks a named human for a talk; nothing follows from it by itself."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    rule = fields.String(required=True, validate=validate.OneOf(ANOMALY_RULES))
    title = fields.Nested(Bilingual, required=True)
    organisation = fields.String(required=True)
    person = fields.String(
        required=True, allow_none=True, metadata={"description": "whom it is about; null: the organisation"}
    )
    asked = fields.String(required=True, metadata={"description": "who is asked for a talk"})
    asked_at = fields.String(required=True, metadata={"description": "the organisation they are head of"})
    raised_on = fields.Date(required=True)
    talk_by = fields.Date(required=True)
    pack = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(ANOMALY_STATES))
    concluded_by = fields.String(required=True, allow_none=True)
    concluded_on = fields.Date(required=True, allow_none=True)


class Anomaly(ListedAnomaly):
    """As listed, with the figures that it rests on and the reason with which it ended."""

    text = fields.Nested(Bilingual, required=True)
    reason = fields.String(required=True, allow_none=True)


class AnomalyPage(Schema):
    """A page; ``next`` is the cursor of the page after it, or null."""

    items = fields.List(fields.Nested(ListedAnomaly), required=True)
    next = fields.String(required=True, allow_none=True)
