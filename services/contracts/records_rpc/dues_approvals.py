"""Requests and answers about what the level above decides of dues: relief, deferral, spending."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import (
    DEFERRAL_STATES,
    DUES_USES,
    EXPENDITURE_STATES,
    RELIEF_STATES,
)
from services.contracts.money import fen
from services.contracts.records_rpc.activities import VERDICTS
from services.contracts.records_rpc.dues import DuesSource, _month
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier


class _Deciding(Expecting):
    """Approve what was asked, or return it with a comment."""

    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(500, least=0, load_default=None, allow_none=True)


class _Asked(Schema):
    """What somebody asked for an organisation, and who decided it when."""

    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    asked_by = fields.String(required=True)
    asked_on = Day(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_on = Day(required=True, allow_none=True)
    source = fields.Nested(DuesSource, required=True)


# -- relief ----------------------------------------------------------------------------------------


class AskDuesRelief(Schema):
    """Ask that a member pays ``monthly_fen`` or nothing for some months; asks for a writer."""

    person = identifier()
    from_month = _month(required=True)
    to_month = _month(required=True)
    monthly_fen = fen(0, load_default=0)
    reason = Text(500, required=True)


class DecideDuesRelief(_Deciding):
    """Approve or return; asks for a post strictly above. Who asked, or is concerned, does not decide."""

    relief = identifier()


class GetDuesRelief(Schema):
    relief = identifier()


class DuesReliefSummary(_Asked):
    person = fields.String(required=True)
    from_month = fields.String(required=True)
    to_month = fields.String(required=True)
    monthly_fen = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(RELIEF_STATES))


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


class DecideDuesDeferral(_Deciding):
    """Approve or return; asks for a post strictly above. Who asked, or is concerned, does not decide."""

    deferral = identifier()


class GetDuesDeferral(Schema):
    deferral = identifier()


class DuesDeferralSummary(_Asked):
    person = fields.String(required=True, allow_none=True)
    from_month = fields.String(required=True)
    to_month = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(DEFERRAL_STATES))


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
    amount_fen = fen(1, required=True)
    purpose = Text(200, required=True)


class DecideDuesExpenditure(_Deciding):
    """Approve or return; asks for a post strictly above. Who asked does not decide."""

    expenditure = identifier()


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


class DuesExpenditure(_Asked):
    use = fields.String(required=True, validate=validate.OneOf(DUES_USES))
    amount_fen = fields.Integer(required=True)
    purpose = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(EXPENDITURE_STATES))
    comment = fields.String(required=True, allow_none=True)
    paid_on = Day(required=True, allow_none=True)
    reversed_on = Day(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class ListDuesExpenditures(Listing):
    """Expenditures of one organisation, newest first."""

    organisation = identifier()
    state = fields.String(validate=validate.OneOf(EXPENDITURE_STATES))


class DuesExpenditures(Page):
    items = fields.List(fields.Nested(DuesExpenditure), required=True)
