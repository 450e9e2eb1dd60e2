"""Requests and answers about payments of dues, and what they are compared with."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import PAYMENT_STATES
from services.contracts.money import MOST_FEN, fen
from services.contracts.records_rpc.directory import NUMBER
from services.contracts.records_rpc.dues import MOST_LINES, DuesVerdict
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier

# -- payments --------------------------------------------------------------------------------------


class EnterDuesPayment(Schema):
    """Enter what a person paid; asks for a writer. The oldest month is settled first.

    More than is owed is refused, unless it is ``ahead``: it then settles bills that come.
    """

    person = identifier()
    amount_fen = fen(1, required=True)
    paid_on = Day(required=True)
    ahead = fields.Boolean(load_default=False)
    reference = Text(60, load_default=None, allow_none=True, metadata={"description": "receipt number"})


class ReverseDuesPayment(Expecting):
    """Undo a payment wholly; asks for a writer. What it settled is owed again; the payment stays listed."""

    payment = identifier()
    reason = Text(200, required=True)


class GetDuesPayment(Schema):
    payment = identifier()


class DuesPaymentPart(Schema):
    cause = fields.String(required=True)
    bill = fields.String(required=True)
    fen = fields.Integer(required=True)


class DuesPayment(Schema):
    """Money that came in, and what it settled."""

    id = identifier()
    version = fields.Integer(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    paid_on = Day(required=True)
    entered_by = fields.String(required=True, metadata={"description": "treasurer or campus"})
    reference = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(PAYMENT_STATES))
    parts = fields.List(fields.Nested(DuesPaymentPart), required=True)
    ahead_fen = fields.Integer(required=True)
    warnings = fields.List(fields.Nested(DuesVerdict), required=True)
    reversed_on = Day(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class ListDuesPayments(Listing):
    """Payments, newest first: of an organisation, of a person, or (neither given) the caller's own."""

    organisation = identifier(required=False)
    person = identifier(required=False)
    state = fields.String(validate=validate.OneOf(PAYMENT_STATES))


class DuesPayments(Page):
    items = fields.List(fields.Nested(DuesPayment), required=True)


class StatementLine(Schema):
    """One payment as the payment system has it."""

    reference = Text(60, required=True)
    number = fields.String(required=True, validate=NUMBER, metadata={"description": "campus number"})
    amount_fen = fen(-MOST_FEN, required=True, metadata={"description": "below zero: given back"})
    paid_on = Day(required=True)


class ReconcileDues(Schema):
    """Compare a statement with what one organisation's book has of these days; asks for a writer.

    Nothing is written: what differs is undone and entered anew by people.
    """

    organisation = identifier()
    since = Day(required=True)
    until = Day(required=True)
    lines = fields.List(fields.Nested(StatementLine), required=True, validate=validate.Length(max=MOST_LINES))


class ReconciledLine(Schema):
    reference = fields.String(required=True)
    payment = fields.String(required=True, allow_none=True)
    outcome = fields.String(
        required=True,
        metadata={
            "description": "agreed, person_differs, amount_differs, day_differs, reversed or missing here"
        },
    )


class Reconciliation(Schema):
    lines = fields.List(fields.Nested(ReconciledLine), required=True)
    unnamed = fields.List(
        fields.String(), required=True, metadata={"description": "payments that the statement does not have"}
    )
