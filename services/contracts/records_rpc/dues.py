"""Requests and answers about bases, bills and arrears of dues, in integer fen; a month is ``2026-09``."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.contracts.kinds import (
    BILL_STATES,
    DUES_KINDS,
    PROMPT_STATES,
)
from services.contracts.money import fen
from services.contracts.records_events.dues import MONTH
from services.contracts.records_rpc.imports import BilingualText
from services.contracts.records_rpc.parts import Day, Listing, Page, Text, identifier

MOST_LINES = 1000
YEAR = validate.Range(min=2008, max=2200)


def _month(**kwargs: Any) -> fields.String:
    return fields.String(validate=MONTH, **kwargs)


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
    base_fen = fen(
        0,
        load_default=None,
        allow_none=True,
        metadata={"description": "monthly base after tax, or pension; for salaried and retired"},
    )
    amount_fen = fen(
        1, load_default=None, allow_none=True, metadata={"description": "monthly dues of a farmer"}
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
    """Show the base itself to who keeps the dues there; on record with the reason."""

    reason = Text(200, least=4, required=True)


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
