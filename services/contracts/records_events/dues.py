"""Events of Party dues. Of a person they say months and dates and no amount: that would tell the income."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import DUES_USES

MONTH = validate.Regexp(r"\A[0-9]{4}-(0[1-9]|1[0-2])\Z", error="month.invalid")


class DuesBaseSet(EventContract):
    """From ``from_month`` on a person's dues are reckoned anew. The base itself stays in records."""

    type = "records.dues_base.set.v1"

    person = fields.String(required=True)
    year = fields.Integer(required=True)
    from_month = fields.String(required=True, validate=MONTH)


class _Bill(EventContract):
    """What every event of a bill carries; sequences of one bill have no holes."""

    bill = fields.String(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "where the person belonged then"})
    month = fields.String(required=True, validate=MONTH)
    due_on = fields.Date(
        required=True, metadata={"description": "last day of the month; of its quarter where it is deferred"}
    )


class DuesBilled(_Bill):
    """A person's dues for one month are asked for: one bill a person and month."""

    type = "records.dues_bill.issued.v1"


class DuesSettled(_Bill):
    """Nothing of the bill is owed any more: it was paid, or waived with approval."""

    type = "records.dues_bill.settled.v1"

    settled_on = fields.Date(required=True, metadata={"description": "day of the payment or the approval"})


class DuesReopened(_Bill):
    """What had settled the bill was undone: it is owed again."""

    type = "records.dues_bill.reopened.v1"


class DuesDeferred(_Bill):
    """The bill is due later than it was, at the end of its quarter, since the level above approved it."""

    type = "records.dues_bill.deferred.v1"


class DuesArrearsPrompted(EventContract):
    """An organisation is prompted that a person has not paid for months in a row: once for each row.

    Somebody is to ask and to talk. Nothing else follows for the person.
    """

    type = "records.dues_arrears.prompted.v1"

    prompt = fields.String(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    from_month = fields.String(required=True, validate=MONTH)
    to_month = fields.String(required=True, validate=MONTH)
    prompted_on = fields.Date(required=True)
    pack = fields.String(required=True)
    article = fields.String(required=True)


class _Payment(EventContract):
    """What every event of a payment carries."""

    payment = fields.String(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)


class DuesReceived(_Payment):
    """Dues came in, entered by a treasurer or told by the campus payment system."""

    type = "records.dues_payment.received.v1"

    paid_on = fields.Date(required=True)
    entered_by = fields.String(required=True, validate=validate.OneOf(("treasurer", "campus")))


class DuesDrawn(_Payment):
    """A part that was paid ahead settled a bill that came later."""

    type = "records.dues_payment.drawn.v1"


class DuesGivenBack(_Payment):
    """A payment was undone by its reversal; the payment itself stays as it was."""

    type = "records.dues_payment.reversed.v1"

    reversed_on = fields.Date(required=True)


class _Relief(EventContract):
    """A request to pay less or nothing for some months. Why it was asked stays in records."""

    relief = fields.String(required=True)
    organisation = fields.String(required=True)


class DuesReliefAsked(_Relief):
    """A branch asks for relief for one of its members, who is not named here."""

    type = "records.dues_relief.asked.v1"


class DuesReliefDecided(_Relief):
    """The level above approved the relief or refused it."""

    type = "records.dues_relief.decided.v1"

    approved = fields.Boolean(required=True)


class _Deferral(EventContract):
    """A request to pay by the quarter. For whom and why it was asked stays in records."""

    deferral = fields.String(required=True)
    organisation = fields.String(required=True)


class DuesDeferralAsked(_Deferral):
    """A branch asks that dues of some months may be paid by the end of their quarter."""

    type = "records.dues_deferral.asked.v1"


class DuesDeferralDecided(_Deferral):
    """The level above approved paying by the quarter or refused it."""

    type = "records.dues_deferral.decided.v1"

    approved = fields.Boolean(required=True)


class _Expenditure(EventContract):
    """What every event of an expenditure carries."""

    expenditure = fields.String(required=True)
    organisation = fields.String(required=True)
    use = fields.String(required=True, validate=validate.OneOf(DUES_USES))
    amount_fen = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))


class ExpenditureAsked(_Expenditure):
    """An organisation asks to spend dues."""

    type = "records.dues_expenditure.asked.v1"


class ExpenditureDecided(_Expenditure):
    """The level above approved the expenditure or refused it."""

    type = "records.dues_expenditure.decided.v1"

    approved = fields.Boolean(required=True)


class ExpenditurePaid(_Expenditure):
    """What was approved was paid out."""

    type = "records.dues_expenditure.paid.v1"

    paid_on = fields.Date(required=True)


class ExpenditureReversed(_Expenditure):
    """What was paid out came back, by a reversal."""

    type = "records.dues_expenditure.reversed.v1"

    reversed_on = fields.Date(required=True)


class DuesAccountsPublished(EventContract):
    """The accounts of one organisation's year are open to its members."""

    type = "records.dues_accounts.published.v1"

    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    published_on = fields.Date(required=True)
