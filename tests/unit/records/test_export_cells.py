"""What stands in a spreadsheet: values as what they are, and never anything that is run."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields, validate

from services.chassis.sheets.model import (
    COUNT,
    DAY,
    MONEY,
    MOST_CHARACTERS,
    TEXT,
    cell,
    neutralised,
    sheet_title,
)
from services.chassis.sheets.writing import write
from services.contracts.kinds import ROLES
from services.contracts.records_rpc.parts import Day
from services.records.exports.columns import Listed, columns_of
from services.records.exports.model import FLAG, NUMBER, ORGANISATION, PERSON, WORD, Column, value_of


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+86",
        "-1",
        "@SUM(A1)",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "﹦1",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u3000＝1",
        "\tx",
        "\x00=1",
    ],
)
def test_what_a_program_might_run_stays_text(text: str) -> None:
    assert neutralised(text).startswith("'")


@pytest.mark.parametrize("text", ["", "党课", "1-2", "a=b", "2026-09-01", " 党课", "'=1"])
def test_anything_else_stays_as_it_is(text: str) -> None:
    assert neutralised(text) == text


@given(st.text())
def test_no_text_makes_a_formula_or_a_file_that_cannot_be_read(text: str) -> None:
    safe = neutralised(text)
    assert len(safe) <= MOST_CHARACTERS
    assert safe.lstrip()[:1] not in set("=+-@＝＋－＠")
    assert neutralised(safe) == safe
    shown = openpyxl.load_workbook(io.BytesIO(b"".join(write(iter([_head(TEXT), [[text]]])))))
    assert shown.worksheets[0]["A2"].data_type in ("s", "inlineStr", "n")


def test_a_text_longer_than_a_cell_is_cut() -> None:
    assert len(neutralised("=" * 50_000)) == MOST_CHARACTERS


@pytest.mark.parametrize(
    ("kind", "value", "native"),
    [
        (MONEY, 3001, Decimal("30.01")),
        (MONEY, -5, Decimal("-0.05")),
        (MONEY, 0, Decimal(0)),
        (DAY, "2026-09-01", date(2026, 9, 1)),
        (DAY, "=1", "'=1"),
        (COUNT, 7, 7),
        (TEXT, 7, "7"),
        (TEXT, None, None),
    ],
)
def test_a_value_is_what_it_is(kind: str, value: Any, native: Any) -> None:
    assert cell(kind, value) == native


@given(st.integers(-(2**53), 2**53))
def test_money_is_exact(fen: int) -> None:
    native = cell(MONEY, fen)
    assert isinstance(native, Decimal)
    assert native * 100 == fen


@given(st.text())
def test_every_text_names_a_sheet(text: str) -> None:
    title = sheet_title(text)
    assert 0 < len(title) <= 31
    openpyxl.Workbook().create_sheet(title)


class Source(Schema):
    rule = fields.String()
    article = fields.String()


class Item(Schema):
    id = fields.String()
    version = fields.Integer()
    person = fields.String()
    organisation = fields.String()
    role = fields.String(validate=validate.OneOf(ROLES))
    state = fields.String(validate=validate.OneOf(("here", "there")))
    on = Day()
    paid_fen = fields.Integer()
    present = fields.Integer()
    late = fields.Boolean()
    months = fields.List(fields.String())
    parts = fields.List(fields.Nested(Source))
    source = fields.Nested(Source)
    spent_fen = fields.Dict()


def test_columns_follow_from_the_schema() -> None:
    listed = Listed("list_items", without=("source.rule",), money={"spent_fen": ("awards",)})
    assert columns_of(Item, listed) == (
        Column("person", PERSON, "column.person"),
        Column("person", NUMBER, "column.number"),
        Column("organisation", ORGANISATION, "column.organisation"),
        Column("role", WORD, "column.role", "word.role"),
        Column("state", TEXT, "column.state"),
        Column("on", DAY, "column.on"),
        Column("paid_fen", MONEY, "column.paid_fen"),
        Column("present", COUNT, "column.present"),
        Column("late", FLAG, "column.late"),
        Column("months", TEXT, "column.months"),
        Column("source.article", TEXT, "column.article"),
        Column("spent_fen.awards", MONEY, "column.spent_fen.awards"),
        Column("id", TEXT, "column.id"),
    )


def test_an_entry_says_what_its_schema_leaves_open() -> None:
    listed = Listed("x", titles={"on": "column.day"}, words={"state": "word.duty"}, people=("id",))
    found = {column.field: column for column in columns_of(Item, listed)}
    assert found["on"].title == "column.day"
    assert (found["state"].kind, found["state"].words) == (WORD, "word.duty")
    assert found["id"].kind == PERSON


def test_what_is_missing_on_the_way_is_an_empty_cell() -> None:
    assert value_of({"source": {"article": "第十条"}}, "source.article") == "第十条"
    assert value_of({"source": None}, "source.article") is None
    assert value_of({}, "source.article") is None


def test_a_book_has_sheets_with_heads_and_kinds() -> None:
    pieces = [
        {"title": "党费", "columns": [{"title": "金额", "kind": MONEY}, {"title": "日期", "kind": DAY}]},
        [[3001, "2026-09-01"], [None, None]],
        [[-5, "2026-09-02"]],
        _head(COUNT),
    ]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(write(iter(pieces)))))
    dues, other = book.worksheets
    assert [each.value for each in dues[1]] == ["金额", "日期"]
    assert dues["A1"].font.bold
    assert dues.freeze_panes == "A2"
    assert (dues["A2"].value, dues["A2"].number_format) == (30.01, "#,##0.00")
    assert dues["B2"].value.date() == date(2026, 9, 1)
    assert (dues["A3"].value, dues["A4"].value) == (None, -0.05)
    assert other.max_row == 1


def _head(kind: str) -> dict[str, Any]:
    return {"title": "一", "columns": [{"title": "头", "kind": kind}]}
