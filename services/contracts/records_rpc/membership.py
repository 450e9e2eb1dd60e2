"""Requests and answers about membership as it was."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import POLITICAL_STATUSES, SPELL_REASONS
from services.contracts.records_rpc.parts import Day, Listing, Page, identifier


class GetHistory(Schema):
    """A person's history of membership, for that person and posts at their organisation or above."""

    person = identifier()


class Spell(Schema):
    """One organisation and one status, for days without a change. Spells leave no gap between them."""

    organisation = fields.String(required=True)
    political_status = fields.String(required=True, validate=validate.OneOf(POLITICAL_STATUSES))
    active = fields.Boolean(required=True)
    since = Day(
        required=True,
        allow_none=True,
        metadata={"description": "first day; null where it lies before the records"},
    )
    until = Day(required=True, allow_none=True, metadata={"description": "last day; null while it goes on"})
    reason = fields.String(required=True, validate=validate.OneOf(SPELL_REASONS))


class ListMemberships(Listing):
    """Who belonged to an organisation on some day of a range, by number; for a post at it or above.

    A page is of so many people, each with every spell there that touches the range.
    """

    organisation = identifier()
    since = Day(required=True)
    until = Day(required=True)


class Membership(Spell):
    """A spell of one person."""

    person = fields.String(required=True)


class Memberships(Page):
    items = fields.List(fields.Nested(Membership), required=True)


class History(Schema):
    """Where a person belonged, the newest spell first."""

    person = identifier()
    items = fields.List(fields.Nested(Spell), required=True)
