"""Requests and answers about what comes next in development, by which rules, and places of a year."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.records_rpc.development import ACTORS, Words
from services.contracts.records_rpc.parts import Day, Listing, Page, identifier


class GetTimetable(Schema):
    dossier = identifier()


class Because(Schema):
    rule = fields.String(required=True)
    day = Day(required=True)
    pack = fields.String(required=True)
    article = fields.String(required=True)


class TimetableRow(Schema):
    """One step ahead or behind. ``earliest`` of a later one supposes that all before it comes at once."""

    step = fields.String(required=True)
    number = fields.Integer(required=True)
    title = fields.Nested(Words, required=True)
    stage = fields.String(required=True)
    actor = fields.String(required=True, validate=validate.OneOf(ACTORS))
    state = fields.String(required=True, validate=validate.OneOf(("done", "open", "later")))
    on = Day(required=True, allow_none=True)
    earliest = Day(required=True, allow_none=True)
    latest = Day(required=True, allow_none=True)
    overdue = fields.Boolean(required=True)
    provisional = fields.Boolean(required=True, metadata={"description": "holidays not announced yet"})
    because = fields.List(fields.Nested(Because), required=True)


class Timetable(Schema):
    items = fields.List(fields.Nested(TimetableRow), required=True)


class ListDueSteps(Listing):
    """What may come next in every open dossier of an organisation, or of all that the caller may read."""

    organisation = identifier(required=False)
    within = identifier(required=False)


class DueStep(TimetableRow):
    dossier = identifier()
    person = fields.String(required=True)
    organisation = fields.String(required=True)


class DueSteps(Page):
    """A page holds the steps of ``limit`` dossiers; those that are late come first within it."""

    items = fields.List(fields.Nested(DueStep), required=True)


class ListDevelopmentSteps(Schema):
    """The twenty-five steps, and the rules in force on a day (today without one)."""

    on = Day()


class Material(Schema):
    code = fields.String(required=True)
    title = fields.Nested(Words, required=True)
    template = fields.Nested(Words, required=True, metadata={"description": "what the paper has to say"})


class DevelopmentStep(Schema):
    id = identifier()
    number = fields.Integer(required=True)
    title = fields.Nested(Words, required=True)
    stage = fields.String(required=True)
    actor = fields.String(required=True, validate=validate.OneOf(ACTORS))
    after = fields.List(fields.String(), required=True)
    outcomes = fields.List(fields.String(), required=True)
    periodic = fields.Boolean(required=True)
    materials = fields.List(fields.Nested(Material), required=True)


class RuleInForce(Schema):
    rule = fields.String(required=True)
    value = fields.Raw(required=True)
    unit = fields.String(required=True, allow_none=True)
    article = fields.String(required=True)
    hardness = fields.String(required=True)
    confidence = fields.String(required=True)
    verify = fields.Boolean(required=True)
    pack = fields.String(required=True)


class DevelopmentSteps(Schema):
    items = fields.List(fields.Nested(DevelopmentStep), required=True)
    rules = fields.List(fields.Nested(RuleInForce), required=True)


class GivePlaces(Schema):
    """How many an organisation and what is below it may admit in a year, given from strictly above."""

    organisation = identifier()
    year = fields.Integer(required=True, validate=validate.Range(min=2000, max=2100))
    places = fields.Integer(strict=True, required=True, validate=validate.Range(min=0, max=100_000))


class Places(Schema):
    id = identifier()
    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    places = fields.Integer(required=True)
    taken = fields.Integer(required=True)


class GetPlaces(Schema):
    organisation = identifier()
    year = fields.Integer(required=True, validate=validate.Range(min=2000, max=2100))
