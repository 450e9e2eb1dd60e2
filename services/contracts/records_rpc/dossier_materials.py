"""Requests and answers about the papers of a dossier."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.records_events.development import DEVELOPMENT_STEPS
from services.contracts.records_rpc.development import MATERIAL_STATES, MaterialFile, Words
from services.contracts.records_rpc.parts import Day, identifier


class GetDossierMaterials(Schema):
    dossier = identifier()


class MaterialRule(Schema):
    rule = fields.String(required=True)
    pack = fields.String(required=True)
    article = fields.String(required=True)
    hardness = fields.String(required=True)


class DossierMaterial(Schema):
    """A paper of a step. ``missing``: the step was recorded without it; ``wanted``: the step may be next."""

    step = fields.String(required=True, validate=validate.OneOf(DEVELOPMENT_STEPS))
    number = fields.Integer(required=True)
    code = fields.String(required=True)
    title = fields.Nested(Words, required=True)
    template = fields.Nested(Words, required=True)
    state = fields.String(required=True, validate=validate.OneOf(MATERIAL_STATES))
    on = Day(required=True, allow_none=True, metadata={"description": "day of the step that it is with"})
    attachments = fields.List(fields.Nested(MaterialFile), required=True)
    rule = fields.Nested(MaterialRule, required=True)


class DossierMaterials(Schema):
    items = fields.List(fields.Nested(DossierMaterial), required=True)


class GetMaterialTemplate(Schema):
    """An outline of a paper to begin with."""

    material = fields.String(required=True, validate=validate.Length(min=1, max=64))


class MaterialTemplate(Schema):
    code = fields.String(required=True)
    title = fields.Nested(Words, required=True)
    outline = fields.Nested(Words, required=True, metadata={"description": "Markdown"})
