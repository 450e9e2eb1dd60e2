"""Requests and answers about the tree as it was, and about its reorganisation."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import ORGANISATION_CHANGES, ORGANISATION_KINDS
from services.contracts.records_rpc.parts import Day, Listing, Page, identifier


class ListEditions(Listing):
    """What an organisation was called and where it stood, newest first."""

    organisation = identifier()


class Edition(Schema):
    """An organisation as it was for some days. Editions leave no gap between them.

    Of several on one day the last counts: one that ends before it begins was replaced on its first day.
    """

    organisation = identifier()
    edition = fields.Integer(required=True)
    since = Day(required=True)
    until = Day(required=True, allow_none=True, metadata={"description": "last day; null while it goes on"})
    change = fields.String(
        required=True,
        validate=validate.OneOf(ORGANISATION_CHANGES),
        metadata={"description": "what began it"},
    )
    reason = fields.String(required=True, allow_none=True)
    document_number = fields.String(required=True, allow_none=True)
    recorded_on = Day(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    parent = fields.String(required=True, allow_none=True)
    path = fields.List(fields.String(), required=True)
    has_committee = fields.Boolean(required=True)
    has_leading_group = fields.Boolean(required=True)
    active = fields.Boolean(required=True)
    dissolved_on = Day(required=True, allow_none=True)
    successors = fields.List(fields.String(), required=True)


class Editions(Page):
    items = fields.List(fields.Nested(Edition), required=True)
