"""Requests and answers about membership as it was."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import POLITICAL_STATUSES, SPELL_REASONS
from services.contracts.records_rpc.parts import Day, identifier


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


class History(Schema):
    """Where a person belonged, the newest spell first."""

    person = identifier()
    items = fields.List(fields.Nested(Spell), required=True)
