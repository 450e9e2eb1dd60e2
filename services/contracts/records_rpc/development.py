"""Requests and answers about member development: dossiers and their steps."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.files import MOST_ATTACHMENTS, KeptFile
from services.contracts.records_events.development import (
    CLOSING_REASONS,
    DEVELOPMENT_OUTCOMES,
    DEVELOPMENT_STEPS,
    DOSSIER_STATES,
)
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier

ACTORS = ("branch", "above")
MATERIAL_STATES = ("there", "missing", "wanted", "later")
STAGES = ("application", "activist", "candidate", "admission", "probation")
MOST_PEOPLE = 10


class Words(Schema):
    """A text for people."""

    zh = fields.String(required=True)
    en = fields.String(required=True)


class MeetingVote(Schema):
    """Counts of one secret vote on one person; people without a vote are counted nowhere."""

    entitled = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=5000))
    present = fields.Integer(strict=True, required=True, validate=validate.Range(min=0, max=5000))
    written = fields.Integer(
        strict=True,
        load_default=0,
        validate=validate.Range(min=0, max=5000),
        metadata={"description": "written opinions that excused absentees sent before the meeting"},
    )
    in_favour = fields.Integer(
        strict=True,
        required=True,
        validate=validate.Range(min=0, max=5000),
        metadata={"description": "votes in favour, written ones included"},
    )
    secret = fields.Boolean(required=True)


class AttachedMaterial(Schema):
    """A file that is one of the step's papers; with it the paper is there."""

    material = fields.String(required=True, validate=validate.Length(min=1, max=64))
    file = identifier(metadata={"description": "sent to /api/v1/files"})


class _Materials(Schema):
    materials = fields.List(
        fields.String(validate=validate.Length(min=1, max=64)),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={
            "description": "codes of the papers that are there; which are needed: listDevelopmentSteps"
        },
    )
    attachments = fields.List(
        fields.Nested(AttachedMaterial), load_default=list, validate=validate.Length(max=MOST_ATTACHMENTS)
    )
    reference = Text(120, load_default=None, allow_none=True)
    comment = Text(500, least=0, load_default=None, allow_none=True)


class OpenDossier(_Materials):
    """Open the dossier of a person with their application, at the organisation where they belong."""

    person = identifier()
    born_on = Day(required=True)
    on = Day(required=True, metadata={"description": "day of the application"})


class Intended(_Materials):
    """A step on a day, with what it is recorded with."""

    dossier = identifier()
    step = fields.String(required=True, validate=validate.OneOf(DEVELOPMENT_STEPS[1:]))
    on = Day(required=True)
    outcome = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(DEVELOPMENT_OUTCOMES))
    people = fields.List(
        identifier(),
        load_default=list,
        validate=validate.Length(max=MOST_PEOPLE),
        metadata={"description": "contacts or introducers"},
    )
    publicity_since = Day(load_default=None, allow_none=True)
    publicity_until = Day(load_default=None, allow_none=True)
    training_days = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(min=0, max=366)
    )
    training_hours = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(min=0, max=5000)
    )
    special = fields.Boolean(
        load_default=False, metadata={"description": "an approval put off for special reasons"}
    )
    extension_months = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1, max=60)
    )
    vote = fields.Nested(MeetingVote, load_default=None, allow_none=True)
    activity = identifier(
        required=False,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "the record of the branch meeting that decided: its vote has to be the same"
        },
    )


class PreviewStep(Intended):
    """What the rules would say about a step; nothing is written. The day may be one to come."""


class RecordStep(Intended, Expecting):
    """Record a step as it was decided. Without an outcome where there is nothing to decide."""


class Finding(Schema):
    """One thing the rules say, with the parameter, the pack and the article it is from."""

    code = fields.String(required=True)
    rule = fields.String(required=True)
    hardness = fields.String(required=True, validate=validate.OneOf(("block", "warn", "info")))
    pack = fields.String(required=True, allow_none=True)
    article = fields.String(required=True, allow_none=True)
    at = fields.String(required=True, metadata={"description": "the field of the request it is about"})
    params = fields.Dict(required=True, metadata={"description": "what would be accepted"})
    text = fields.Nested(Words, required=True)


class Verdict(Schema):
    """``accepted`` unless a finding blocks; ``may_act``: whether the caller may record the step."""

    accepted = fields.Boolean(required=True)
    may_act = fields.Boolean(required=True)
    packs = fields.List(fields.String(), required=True)
    findings = fields.List(fields.Nested(Finding), required=True)


class MaterialFile(KeptFile):
    """A file that was attached; it is read as the dossier is, and whoever opens it is on record."""

    material = fields.String(required=True)


class Struck(Schema):
    by = fields.String(required=True)
    on = Day(required=True)
    reason = fields.String(required=True)


class Entry(Schema):
    """A recorded step. ``warnings`` are what the rules said when it was recorded."""

    step = fields.String(required=True, validate=validate.OneOf(DEVELOPMENT_STEPS))
    on = Day(required=True)
    outcome = fields.String(required=True, allow_none=True)
    people = fields.List(fields.String())
    publicity_since = Day()
    publicity_until = Day()
    training_days = fields.Integer()
    training_hours = fields.Integer()
    special = fields.Boolean()
    extension_months = fields.Integer()
    vote = fields.Nested(MeetingVote)
    activity = fields.String()
    materials = fields.List(fields.String())
    attachments = fields.List(fields.Nested(MaterialFile))
    reference = fields.String()
    comment = fields.String()
    recorded_on = Day(required=True)
    by = fields.String(required=True, metadata={"description": "person id"})
    organisation = fields.String(required=True)
    packs = fields.List(fields.String(), required=True)
    warnings = fields.List(fields.Nested(Finding), required=True)
    struck = fields.Nested(Struck, required=True, allow_none=True)


class Move(Schema):
    on = Day(required=True)
    by = fields.String(required=True)
    left = fields.String(required=True, metadata={"description": "organisation"})
    joined = fields.String(required=True, metadata={"description": "organisation"})


class DossierSummary(Schema):
    """Where one person stands on the way."""

    id = identifier()
    version = fields.Integer(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(DOSSIER_STATES))
    stage = fields.String(required=True, validate=validate.OneOf(STAGES))
    number = fields.Integer(required=True, metadata={"description": "the furthest step done, 1 to 25"})
    closed_for = fields.String(required=True, allow_none=True)


class Dossier(DossierSummary):
    """A dossier with every entry, also those struck out."""

    born_on = Day(required=True)
    entries = fields.List(fields.Nested(Entry), required=True)
    moves = fields.List(fields.Nested(Move), required=True)


class GetDossier(Schema):
    """One dossier. Whoever opens somebody else's is on record, and its person sees it."""

    dossier = identifier()


class ListDossiers(Listing):
    """Dossiers of what the caller may read; without a post, the caller's own."""

    organisation = identifier(required=False)
    within = identifier(required=False)
    person = identifier(required=False)
    state = fields.String(validate=validate.OneOf(DOSSIER_STATES))
    stage = fields.String(validate=validate.OneOf(STAGES))


class Dossiers(Page):
    items = fields.List(fields.Nested(DossierSummary), required=True)


class MoveDossier(Expecting):
    """Bring a dossier to where its person belongs now; asked by the organisation that receives it."""

    dossier = identifier()


class StrikeStep(Expecting):
    """Strike the newest step out, from strictly above; it stays visible."""

    dossier = identifier()
    reason = Text(200, required=True)


class CloseDossier(Expecting):
    """End the way without membership."""

    dossier = identifier()
    reason = fields.String(required=True, validate=validate.OneOf(CLOSING_REASONS))
