"""Requests and answers about transfers of membership."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import POLITICAL_STATUSES, SEXES, TRANSFER_KINDS, TRANSFER_STATES
from services.contracts.records_rpc.directory import ID_NUMBER, NUMBER, PHONE
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier

LETTER = validate.Regexp(r"\A\S(?:.{0,38}\S)?\Z", error="transfer.letter_number")


class AskTransfer(Schema):
    """Ask a branch or group of the campus to take a person in; by a writer of theirs, or by themselves."""

    person = identifier()
    destination = identifier()


class _Letter(Schema):
    letter_number = fields.String(
        required=True, validate=LETTER, metadata={"description": "of the letter of introduction 介绍信"}
    )
    letter_on = Day(required=True, metadata={"description": "when the letter was given"})


class AskTransferOut(_Letter):
    """A letter was given for a place outside; the transfer is completed when its receipt is entered."""

    person = identifier()
    place = Text(120, required=True, metadata={"description": "the organisation outside that receives"})


class EnterTransferIn(_Letter):
    """Take in somebody who comes from outside: entered anew, or known by the number and no member here."""

    number = fields.String(required=True, validate=NUMBER)
    name = Text(60, required=True)
    sex = fields.String(load_default="unknown", validate=validate.OneOf(SEXES))
    political_status = fields.String(
        required=True, validate=validate.OneOf([each for each in POLITICAL_STATUSES if each != "none"])
    )
    destination = identifier()
    place = Text(120, required=True, metadata={"description": "where they come from"})
    joined_on = Day(
        load_default=None, allow_none=True, metadata={"description": "of members: date of admission 入党日期"}
    )
    phone = fields.String(load_default=None, allow_none=True, validate=PHONE)
    id_number = fields.String(load_default=None, allow_none=True, validate=ID_NUMBER)


class _Transfer(Expecting):
    transfer = identifier()


class DecideTransfer(_Transfer):
    """The receiving branch accepts, and membership changes; or refuses, with the reason."""

    verdict = fields.String(required=True, validate=validate.OneOf(("accept", "refuse")))
    comment = Text(500, load_default=None, allow_none=True)


class WithdrawTransfer(_Transfer):
    """Take back what was asked; asks for the person or a writer of the branch that would be left."""


class CompleteTransfer(_Transfer):
    """Enter the receipt 回执 of a letter: the person is inactive from that day on, and posts end."""

    receipt_on = Day(required=True)


class GetTransfer(Schema):
    transfer = identifier()


class TransferSource(Schema):
    """The rule that gives the limit."""

    rule = fields.String(required=True)
    pack = fields.String(required=True)
    article = fields.String(required=True)


class Redirected(Schema):
    """What it was asked for at first, where a branch at one of its ends was reorganised."""

    left = fields.String(required=True, allow_none=True)
    destination = fields.String(required=True, allow_none=True)
    on = Day(required=True)


class Transfer(Schema):
    """A transfer as it stands."""

    id = identifier()
    version = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(TRANSFER_KINDS))
    state = fields.String(required=True, validate=validate.OneOf(TRANSFER_STATES))
    person = fields.String(required=True)
    name = fields.String(required=True)
    left = fields.String(required=True, allow_none=True)
    destination = fields.String(required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True)
    letter_number = fields.String(required=True, allow_none=True)
    letter_on = Day(required=True, allow_none=True)
    receipt_on = Day(required=True, allow_none=True)
    asked_by = fields.String(required=True)
    asked_on = Day(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_on = Day(required=True, allow_none=True)
    comment = fields.String(required=True, allow_none=True)
    due_on = Day(required=True, metadata={"description": "until when it is answered, or the letter is valid"})
    overdue = fields.Boolean(required=True)
    tasks = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "of an accepted one: tasks at the branch that is left which need somebody else"
        },
    )
    redirected = fields.Nested(Redirected, required=True, allow_none=True)
    late = fields.Boolean(required=True, metadata={"description": "it ended after the letter was valid"})
    source = fields.Nested(TransferSource, required=True)


class ListTransfers(Listing):
    """Transfers, newest first, of what the caller may read; without a post, their own."""

    organisation = identifier(required=False)
    within = identifier(required=False)
    person = identifier(required=False)
    kind = fields.String(validate=validate.OneOf(TRANSFER_KINDS))
    state = fields.String(validate=validate.OneOf(TRANSFER_STATES))
    overdue = fields.Boolean(
        load_default=False, metadata={"description": "only what is awaited past its day"}
    )


class Transfers(Page):
    items = fields.List(fields.Nested(Transfer), required=True)
