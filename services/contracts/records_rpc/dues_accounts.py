"""Requests and answers about the accounts of dues of a year."""

from __future__ import annotations

from marshmallow import Schema, fields

from services.contracts.records_rpc.dues import YEAR
from services.contracts.records_rpc.parts import Day, identifier

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
