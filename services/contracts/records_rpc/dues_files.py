"""Requests and answers about spreadsheets of dues: a file is sent first, and then taken over by a job."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.records_rpc.dues import YEAR
from services.contracts.records_rpc.parts import Day, Listing, Page, identifier

LINE_OUTCOMES = (
    "agreed",
    "person_differs",
    "amount_differs",
    "day_differs",
    "reversed",
    "missing",
    "unnamed",
)
_OUTCOME = {"description": "missing: not in our books; unnamed: ours, and not in the statement"}


class ImportDuesBases(Schema):
    """Set bases of ``year`` by a spreadsheet (.xlsx or .csv), as a job; asks for a writer of whom it names.

    Columns: 学号/工号 and 月缴费基数 in yuan; where wanted 缴费类别, 月缴金额 and 起始月份.
    """

    file = identifier(metadata={"description": "sent to /api/v1/files; forgotten when the job is over"})
    year = fields.Integer(required=True, strict=True, validate=YEAR)


class ReconcileDuesFile(Schema):
    """Compare a statement (.xlsx or .csv) with the books of an organisation and all below it, as a job.

    Columns: 流水号, 学号/工号, 金额 in yuan and 缴费日期. Asks for a writer; nothing in the books is changed.
    """

    file = identifier(metadata={"description": "sent to /api/v1/files; forgotten when the job is over"})
    organisation = identifier()
    since = Day(required=True)
    until = Day(required=True)


class GetDuesReconciliation(Schema):
    reconciliation = identifier()


class DuesReconciliation(Schema):
    """What a statement came to."""

    id = identifier(metadata={"description": "of the job that compared it"})
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    since = Day(required=True)
    until = Day(required=True)
    asked_by = fields.String(required=True, metadata={"description": "person id"})
    outcomes = fields.Dict(
        keys=fields.String(validate=validate.OneOf(LINE_OUTCOMES)), values=fields.Integer(), required=True
    )


class ListDuesReconciliation(Listing):
    """Line by line in the order of the file, then what the statement lacks."""

    reconciliation = identifier()
    outcome = fields.String(validate=validate.OneOf(LINE_OUTCOMES))


class DuesReconciliationLine(Schema):
    number = fields.Integer(required=True)
    row = fields.Integer(required=True, allow_none=True, metadata={"description": "of the file"})
    reference = fields.String(required=True)
    payment = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True, validate=validate.OneOf(LINE_OUTCOMES), metadata=_OUTCOME)


class DuesReconciliationLines(Page):
    items = fields.List(fields.Nested(DuesReconciliationLine), required=True)
