"""Requests and answers about probation within the Party 留党察看."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import SANCTION_OUTCOMES, SANCTION_STATES
from services.contracts.records_rpc.directory import document_number
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier


class ImposeSanction(Schema):
    """Enter that a member was put on probation. Their posts end with it, in the same commit."""

    person = identifier()
    years = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=2))
    decided_on = Day(required=True)
    decided_by = identifier(
        metadata={"description": "the organisation that decided: of those above the person's branch"}
    )
    since = Day(
        load_default=None, allow_none=True, metadata={"description": "first day; null: that of the decision"}
    )
    document_number = document_number()


class ProlongSanction(Expecting):
    """Another year of a probation of one year, once."""

    sanction = identifier()
    decided_on = Day(required=True)
    document_number = document_number()


class CloseSanction(Expecting):
    """The decision that ends it: rights given back after its end, the sanction revoked, or expulsion.

    Who is expelled is no member from ``on`` on, in the same commit.
    """

    sanction = identifier()
    outcome = fields.String(required=True, validate=validate.OneOf(SANCTION_OUTCOMES))
    on = Day(
        required=True,
        metadata={"description": "the first day that is not under it any more, as it was decided"},
    )
    document_number = document_number()
    comment = Text(500, load_default=None, allow_none=True)


class GetSanction(Schema):
    sanction = identifier()


class ListSanctions(Listing):
    """Of one person, or of where the caller is responsible; the newest first.

    ``within`` leaves those of people who belong to that organisation or below it.
    """

    person = identifier(required=False)
    within = identifier(required=False)
    state = fields.String(validate=validate.OneOf(SANCTION_STATES))


class SanctionSource(Schema):
    pack = fields.String(required=True)
    article = fields.String(required=True)


class Prolonged(Schema):
    decided_on = Day(required=True)
    document_number = fields.String(required=True, allow_none=True)
    before = Day(required=True, metadata={"description": "its last day until then"})
    until = Day(required=True)
    by = fields.String(required=True, metadata={"description": "who entered it"})


class Closed(Schema):
    outcome = fields.String(required=True, validate=validate.OneOf(SANCTION_OUTCOMES))
    on = Day(required=True)
    document_number = fields.String(required=True, allow_none=True)
    comment = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, metadata={"description": "who entered it"})


class Sanction(Schema):
    """A probation within the Party. It counts from ``since`` to ``last``, both included."""

    id = identifier()
    version = fields.Integer(required=True)
    person = fields.String(required=True)
    name = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "where the person belongs"})
    decided_by = fields.String(required=True)
    decided_on = Day(required=True)
    document_number = fields.String(required=True, allow_none=True)
    years = fields.Integer(required=True)
    since = Day(required=True)
    until = Day(required=True, metadata={"description": "last day as it was imposed or prolonged"})
    last = Day(
        required=True,
        metadata={"description": "last day without rights; before ``since`` where it was revoked whole"},
    )
    lasts = fields.Boolean(required=True, metadata={"description": "today"})
    decision_due = fields.Boolean(
        required=True, metadata={"description": "its period is over and the decision about it is not entered"}
    )
    state = fields.String(required=True, validate=validate.OneOf(SANCTION_STATES))
    prolonged = fields.Nested(Prolonged, required=True, allow_none=True)
    closed = fields.Nested(Closed, required=True, allow_none=True)
    entered_by = fields.String(required=True)
    entered_on = Day(required=True)
    source = fields.Nested(SanctionSource, required=True)


class Sanctions(Page):
    items = fields.List(fields.Nested(Sanction), required=True)
