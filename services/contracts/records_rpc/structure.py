"""Requests and answers about the tree as it was, and about its reorganisation."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import ORGANISATION_CHANGES, ORGANISATION_KINDS
from services.contracts.records_rpc.directory import CODE, document_number
from services.contracts.records_rpc.parts import Day, Listing, Page, Text, identifier


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


class _Reorganisation(Schema):
    organisation = identifier()
    effective_on = Day(metadata={"description": "else today; not before the last change of what it concerns"})
    reason = Text(500, required=True)
    document_number = document_number()


class NewOrganisation(Schema):
    """Of the same kind and below the same parent as the one it comes from."""

    code = fields.String(required=True, validate=CODE)
    name = Text(80, required=True)
    has_committee = fields.Boolean(load_default=False)
    has_leading_group = fields.Boolean(load_default=False)
    external_id = Text(60, load_default=None, allow_none=True)


class DissolveOrganisation(_Reorganisation):
    """Dissolve an organisation with its groups. Where people belong to it, ``members_to`` takes them."""

    members_to = identifier(required=False)


class MergeOrganisations(_Reorganisation):
    """Merge ``others`` into an organisation; ``as_new``: all of them into one that is founded.

    People, groups and branches go over; posts at what ends end with it.
    """

    others = fields.List(identifier(), required=True, validate=validate.Length(min=1, max=20))
    as_new = fields.Nested(NewOrganisation)


class SplitOrganisation(_Reorganisation):
    """Found a second branch (or group) beside one, with the members and groups that are named."""

    new = fields.Nested(NewOrganisation, required=True)
    members = fields.List(identifier(), load_default=list, validate=validate.Length(max=300))
    groups = fields.List(identifier(), load_default=list, validate=validate.Length(max=50))


class StartedReorganisation(Schema):
    """The job that carries it out, and where people go: an organisation that is there, or will be."""

    job = identifier()
    organisation = fields.String(required=True, allow_none=True)
