"""Requests and answers about Party dues. Money is integer fen, a month is a text like ``2026-09``."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.contracts.kinds import (
    BILL_STATES,
    DEFERRAL_STATES,
    DUES_KINDS,
    DUES_USES,
    EXPENDITURE_STATES,
    PAYMENT_STATES,
    PROMPT_STATES,
    RELIEF_STATES,
)
from services.contracts.records_events.dues import MONTH
from services.contracts.records_rpc.activities import VERDICTS
from services.contracts.records_rpc.directory import NUMBER
from services.contracts.records_rpc.imports import BilingualText
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier

MOST_LINES = 1000
YEAR = validate.Range(min=2008, max=2200)


def _month(**kwargs: Any) -> fields.String:
    return fields.String(validate=MONTH, **kwargs)


def _fen(**kwargs: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(min=-(2**53), max=2**53), **kwargs)


class DuesSource(Schema):
    """The rule that a figure is from."""

    rule = fields.String(required=True)
    pack = fields.String(required=True)
    article = fields.String(required=True)


class DuesVerdict(DuesSource):
    """A rule that was touched without refusing."""

    hardness = fields.String(required=True)
    months = fields.List(fields.String())


# -- bases -----------------------------------------------------------------------------------------


class SetDuesBase(Schema):
    """Set from which base a person's dues are reckoned, from ``from_month`` on; asks for a writer."""

    person = identifier()
    year = fields.Integer(required=True, strict=True, validate=YEAR)
    kind = fields.String(required=True, validate=validate.OneOf(DUES_KINDS))
    base_fen = _fen(
        load_default=None,
        allow_none=True,
        metadata={"description": "monthly base after tax, or pension; for salaried and retired"},
    )
    amount_fen = _fen(
        load_default=None, allow_none=True, metadata={"description": "monthly dues of a farmer"}
    )
    from_month = _month(load_default=None, allow_none=True, metadata={"description": "January, if not given"})
    correction_reason = Text(
        200,
        load_default=None,
        allow_none=True,
        metadata={"description": "why bills that are made are to be reckoned anew; without it they stand"},
    )


class GetDuesBase(Schema):
    person = identifier()
    year = fields.Integer(required=True, strict=True, validate=YEAR)


class RevealDuesBase(GetDuesBase):
    """Show the base itself; asks for a writer, and is on record with the reason."""

    reason = Text(200, required=True)


class DuesBaseFrom(Schema):
    from_month = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(DUES_KINDS))
    base_fen = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null where it is masked or there is none"}
    )
    masked = fields.Boolean(required=True)
    amount_fen = fields.Integer(required=True, allow_none=True)


class DuesBase(Schema):
    """A person's bases of one year; masked but to the person."""

    id = identifier()
    version = fields.Integer(required=True)
    person = fields.String(required=True)
    year = fields.Integer(required=True)
    bases = fields.List(fields.Nested(DuesBaseFrom), required=True)


# -- bills -----------------------------------------------------------------------------------------


class BillDues(Schema):
    """Make the bills of a month for ``organisation`` and all below it, as a job; asks for its administrator.

    Whoever has a bill of that month keeps it: run again, nothing changes.
    """

    organisation = identifier()
    month = _month(required=True)


class DuesPart(Schema):
    cause = fields.String(required=True)
    payment = fields.String(required=True)
    fen = fields.Integer(required=True, metadata={"description": "negative where a payment was undone"})
    on = Day(required=True)


class DuesCorrection(Schema):
    """What the bill asked before it was reckoned anew."""

    on = Day(required=True)
    by = fields.String(required=True, metadata={"description": "person id"})
    assessed_fen = fields.Integer(required=True)
    reason = fields.String(required=True)


class GetDuesBill(Schema):
    bill = identifier()


class DuesBill(Schema):
    """What one person owes for one month."""

    id = identifier()
    version = fields.Integer(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    month = fields.String(required=True)
    due_on = Day(required=True)
    deferral = fields.String(
        required=True, allow_none=True, metadata={"description": "what put it off to the end of its quarter"}
    )
    kind = fields.String(required=True, validate=validate.OneOf(DUES_KINDS))
    rate = fields.Integer(
        required=True, allow_none=True, metadata={"description": "hundredths of a percent: 50 is 0.5 %"}
    )
    source = fields.Nested(DuesSource, required=True)
    issued_on = Day(required=True)
    assessed_fen = fields.Integer(required=True)
    relieved_fen = fields.Integer(required=True)
    paid_fen = fields.Integer(required=True)
    outstanding_fen = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(BILL_STATES))
    settled_on = Day(required=True, allow_none=True)
    parts = fields.List(fields.Nested(DuesPart), required=True)
    corrections = fields.List(fields.Nested(DuesCorrection), required=True)


class ListDuesBills(Listing):
    """Bills, the newest month first: of an organisation, of a person, or (neither given) the caller's own."""

    organisation = identifier(required=False)
    person = identifier(required=False)
    month = _month()
    state = fields.String(validate=validate.OneOf(BILL_STATES))


class DuesBills(Page):
    items = fields.List(fields.Nested(DuesBill), required=True)


class ListDuesArrears(Schema):
    """Who of one organisation owes dues past their day; asks for a post there or above."""

    organisation = identifier()


class DuesArrears(Schema):
    """One person's arrears. ``prompt``: months in a row call for a talk; nothing follows by itself."""

    person = fields.String(required=True)
    months = fields.List(fields.String(), required=True)
    since = fields.String(required=True)
    outstanding_fen = fields.Integer(required=True)
    in_a_row = fields.Integer(required=True)
    prompt = fields.Nested(DuesVerdict, required=True, allow_none=True)


class DuesArrearsList(Schema):
    items = fields.List(fields.Nested(DuesArrears), required=True)


class ListDuesPrompts(Listing):
    """What an organisation was prompted with, newest first; asks for a post there or above."""

    organisation = identifier()
    state = fields.String(validate=validate.OneOf(PROMPT_STATES))


class DuesPrompt(Schema):
    """Months in a row that somebody has not paid. It ends when they are paid; nothing follows by itself."""

    id = identifier()
    version = fields.Integer(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    from_month = fields.String(required=True)
    to_month = fields.String(required=True, metadata={"description": "so far, while it is open"})
    prompted_on = Day(required=True)
    state = fields.String(required=True, validate=validate.OneOf(PROMPT_STATES))
    ended_on = Day(required=True, allow_none=True)
    source = fields.Nested(DuesSource, required=True)
    text = fields.Nested(BilingualText, required=True)


class DuesPrompts(Page):
    items = fields.List(fields.Nested(DuesPrompt), required=True)


# -- payments --------------------------------------------------------------------------------------


class EnterDuesPayment(Schema):
    """Enter what a person paid; asks for a writer. The oldest month is settled first.

    More than is owed is refused, unless it is ``ahead``: it then settles bills that come.
    """

    person = identifier()
    amount_fen = _fen(required=True)
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
    amount_fen = _fen(required=True)
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


# -- relief ----------------------------------------------------------------------------------------


class AskDuesRelief(Schema):
    """Ask that a member pays ``monthly_fen`` or nothing for some months; asks for a writer."""

    person = identifier()
    from_month = _month(required=True)
    to_month = _month(required=True)
    monthly_fen = _fen(load_default=0)
    reason = Text(500, required=True)


class DecideDuesRelief(Expecting):
    """Approve or return; asks for a post strictly above. Who asked, or is concerned, does not decide."""

    relief = identifier()
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(500, least=0, load_default=None, allow_none=True)


class GetDuesRelief(Schema):
    relief = identifier()


class DuesReliefSummary(Schema):
    id = identifier()
    version = fields.Integer(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    from_month = fields.String(required=True)
    to_month = fields.String(required=True)
    monthly_fen = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(RELIEF_STATES))
    asked_by = fields.String(required=True)
    asked_on = Day(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_on = Day(required=True, allow_none=True)
    source = fields.Nested(DuesSource, required=True)


class DuesRelief(DuesReliefSummary):
    """A request for relief with its reason, which is sealed at rest."""

    reason = fields.String(required=True)
    comment = fields.String(required=True, allow_none=True)


class ListDuesReliefs(Listing):
    organisation = identifier()
    state = fields.String(validate=validate.OneOf(RELIEF_STATES))


class DuesReliefs(Page):
    items = fields.List(fields.Nested(DuesReliefSummary), required=True)


# -- paying by the quarter -------------------------------------------------------------------------


class AskDuesDeferral(Schema):
    """Ask that dues of some months may be paid by the end of their quarter; asks for a writer.

    With a ``person`` for that member alone, else for everybody of the organisation.
    """

    organisation = identifier()
    person = identifier(required=False, load_default=None, allow_none=True)
    from_month = _month(required=True, metadata={"description": "of this quarter at the earliest"})
    to_month = _month(required=True)
    reason = Text(500, required=True)


class DecideDuesDeferral(Expecting):
    """Approve or return; asks for a post strictly above. Who asked, or is concerned, does not decide."""

    deferral = identifier()
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(500, least=0, load_default=None, allow_none=True)


class GetDuesDeferral(Schema):
    deferral = identifier()


class DuesDeferralSummary(Schema):
    id = identifier()
    version = fields.Integer(required=True)
    person = fields.String(required=True, allow_none=True)
    organisation = fields.String(required=True)
    from_month = fields.String(required=True)
    to_month = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(DEFERRAL_STATES))
    asked_by = fields.String(required=True)
    asked_on = Day(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_on = Day(required=True, allow_none=True)
    source = fields.Nested(DuesSource, required=True)


class DuesDeferral(DuesDeferralSummary):
    """A request to pay by the quarter with its reason, which is sealed at rest."""

    reason = fields.String(required=True)
    comment = fields.String(required=True, allow_none=True)


class ListDuesDeferrals(Listing):
    organisation = identifier()
    state = fields.String(validate=validate.OneOf(DEFERRAL_STATES))


class DuesDeferrals(Page):
    items = fields.List(fields.Nested(DuesDeferralSummary), required=True)


# -- spending --------------------------------------------------------------------------------------


class AskDuesExpenditure(Schema):
    """Ask to spend dues; asks for a writer."""

    organisation = identifier()
    use = fields.String(required=True, validate=validate.OneOf(DUES_USES))
    amount_fen = _fen(required=True)
    purpose = Text(200, required=True)


class DecideDuesExpenditure(Expecting):
    """Approve or return; asks for a post strictly above. Who asked does not decide."""

    expenditure = identifier()
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(500, least=0, load_default=None, allow_none=True)


class PayDuesExpenditure(Expecting):
    """Say that what was approved was paid out; asks for a writer."""

    expenditure = identifier()
    paid_on = Day(required=True)


class ReverseDuesExpenditure(Expecting):
    """Say that what was paid out came back; asks for a writer."""

    expenditure = identifier()
    reason = Text(200, required=True)


class GetDuesExpenditure(Schema):
    expenditure = identifier()


class DuesExpenditure(Schema):
    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    use = fields.String(required=True, validate=validate.OneOf(DUES_USES))
    amount_fen = fields.Integer(required=True)
    purpose = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(EXPENDITURE_STATES))
    asked_by = fields.String(required=True)
    asked_on = Day(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_on = Day(required=True, allow_none=True)
    comment = fields.String(required=True, allow_none=True)
    paid_on = Day(required=True, allow_none=True)
    reversed_on = Day(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    source = fields.Nested(DuesSource, required=True)


class ListDuesExpenditures(Listing):
    """Expenditures of one organisation, newest first."""

    organisation = identifier()
    state = fields.String(validate=validate.OneOf(EXPENDITURE_STATES))


class DuesExpenditures(Page):
    items = fields.List(fields.Nested(DuesExpenditure), required=True)


# -- accounts --------------------------------------------------------------------------------------


class GetDuesAccounts(Schema):
    """The accounts of a year: as published for members, as they stand for posts there or above."""

    organisation = identifier()
    year = fields.Integer(required=True, strict=True, validate=YEAR)


class PublishDuesAccounts(GetDuesAccounts):
    """Open the year's accounts to the members, frozen as they stand; asks for a writer."""


class DuesAccounts(Schema):
    """Totals of one organisation's year; nobody is named."""

    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    opening_cash_fen = fields.Integer(required=True)
    assessed_fen = fields.Integer(required=True)
    relieved_fen = fields.Integer(required=True)
    received_fen = fields.Integer(required=True)
    spent_fen = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    closing_cash_fen = fields.Integer(required=True)
    published_on = Day(required=True, allow_none=True)
