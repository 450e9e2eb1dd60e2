"""Requests and responses of the evaluation service."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import OBLIGATION_STATES

_ID = validate.Length(min=1, max=64)
_CURSOR = validate.Length(min=1, max=400)
_YEAR = validate.Range(min=2000, max=2100)
_LIMIT = validate.Range(min=1, max=100)


class Bilingual(Schema):
    """A text for people, in both languages."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


# --- obligations -----------------------------------------------------------------------------------


class ListObligations(Schema):
    """Obligations the caller may see, latest due date first.

    ``organisation``: of that organisation and all below it; refused where the caller may not read it.
    ``mine``: only of the organisations where the caller holds a post, and of the one they belong to.
    Neither: everything the caller may see.
    """

    organisation = fields.String(validate=_ID)
    mine = fields.Boolean(load_default=False)
    state = fields.String(validate=validate.OneOf(OBLIGATION_STATES))
    rule = fields.String(validate=_ID)
    year = fields.Integer(validate=_YEAR)
    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=50, validate=_LIMIT)


class Obligation(Schema):
    """What one organisation owes in one period under one rule."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    rule = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    period = fields.String(required=True, metadata={"description": "2026-Q3, 2026-09 or 2026"})
    state = fields.String(required=True, validate=validate.OneOf(OBLIGATION_STATES))
    needed = fields.Integer(required=True, metadata={"description": "how many records fulfil it"})
    starts_on = fields.Date(required=True)
    due_on = fields.Date(required=True, metadata={"description": "last day on which it is on time"})
    make_up_until = fields.Date(
        required=True, metadata={"description": "last day on which it can be made up"}
    )
    fulfilled_on = fields.Date(required=True, allow_none=True)
    evidence = fields.List(fields.String(), required=True, metadata={"description": "activity ids"})
    pack = fields.String(required=True)
    article = fields.String(required=True)
    hardness = fields.String(required=True)


class ObligationPage(Schema):
    """A page of obligations; ``next`` is the cursor of the page after it, or null."""

    items = fields.List(fields.Nested(Obligation), required=True)
    next = fields.String(required=True, allow_none=True)


class GetObligation(Schema):
    """One obligation, to those who may read its organisation."""

    obligation = fields.String(required=True, validate=_ID)


class ExplainObligation(Schema):
    """Why an obligation stands as it does, to those who may read its organisation."""

    obligation = fields.String(required=True, validate=_ID)


class Source(Schema):
    """The pack and the article that a verdict rests on."""

    pack = fields.String(required=True)
    title = fields.String(required=True)
    document_number = fields.String(required=True, allow_none=True)
    issuer = fields.String(required=True)
    article = fields.String(required=True)
    hardness = fields.String(required=True)
    confidence = fields.String(required=True)


class Record(Schema):
    """An approved record that was counted, as far as evaluation knows it."""

    activity = fields.String(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True)
    held_on = fields.Date(required=True)
    late = fields.Boolean(required=True)


class ObligationExplanation(Schema):
    """An obligation with the reasons of its state, its records and its source."""

    obligation = fields.Nested(Obligation, required=True)
    reasons = fields.List(fields.Nested(Bilingual), required=True)
    records = fields.List(fields.Nested(Record), required=True)
    source = fields.Nested(Source, required=True)


class MyDuties(Schema):
    """What the organisations whose posts the caller holds still owe, most urgent first."""

    limit = fields.Integer(load_default=100, validate=_LIMIT)


class Duties(Schema):
    """The caller's duties: overdue first, then by due date. ``counts`` counts all, not only ``items``."""

    today = fields.Date(required=True)
    organisations = fields.List(fields.String(), required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    items = fields.List(fields.Nested(Obligation), required=True)
