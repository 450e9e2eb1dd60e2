"""Spreadsheets of dues as rows: bases of a year, and statements of the payment system.

Runs in a process of its own. Money stands in yuan in a file, and is fen from here on.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from services.records.dues.months import month_of
from services.records.roster.columns import DUES_BASE, STATEMENT
from services.records.roster.model import NUMBER, CellWrong, Problem, one_of, read_date, values_of
from services.records.roster.reading import Roster, sheets
from services.records.roster.tables import tables

_KINDS = {
    "salaried": ("在职", "按月领取工资", "工资", "教职工", "salaried"),
    "retired": ("离退休", "退休", "离休", "retired"),
    "student": ("学生", "student"),
    "low_income": ("低收入", "下岗失业", "低保", "low_income"),
    "farmer": ("农民", "farmer"),
}
_MONTH = re.compile(r"\A(\d{4})(?:-|/|\.|年)?(\d{1,2})月?\Z")
_SLIP = Decimal("0.0001")  # of a fen: what a spreadsheet's own reckoning adds to a sum
_MOST_FEN = 10**15  # beyond it a spreadsheet has lost digits; what is too much is for the rules to say


def read_bases(argument: Mapping[str, str]) -> Roster:
    """The bases of ``content`` (base64), called ``filename``; see ``roster.reading.read``."""
    return _read(argument, DUES_BASE, lambda values: (values.get("number"), values.get("from_month", "")))


def read_statement(argument: Mapping[str, str]) -> Roster:
    """The payments of a statement; see ``read_bases``."""
    return _read(argument, STATEMENT, lambda values: (values.get("reference"),))


def parse(kind: str, cells: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """The values of a row of ``kind`` and all that is wrong with it; see ``roster.model.parse``."""
    return values_of(_READERS[kind], _NEVER_BLANK[kind], cells)


def read_fen(text: str) -> int:
    """Yuan as fen: 3000, 3,000.50 or ￥3000.5; raises ``CellWrong`` for what is no whole number of fen."""
    try:
        fen = Decimal(text.replace(",", "").lstrip("¥￥").removesuffix("元").strip()) * 100
    except InvalidOperation:
        raise CellWrong("money.invalid") from None
    if not fen.is_finite() or abs(fen) > _MOST_FEN or abs(fen - fen.to_integral_value()) > _SLIP:
        raise CellWrong("money.invalid")
    return int(fen.to_integral_value())


def read_month(text: str) -> str:
    """A month as ``2026-09``: 2026-9, 2026/09, 2026年9月, 202609, or a day of it."""
    found = _MONTH.match(text)
    if found is None:
        return month_of(read_date(text))
    year, number = found.groups()
    return month_of(read_date(f"{year}-{number}-1"))


def _day(text: str) -> str:
    """A day, whatever time of it stands beside."""
    return read_date(re.split(r"[ T]", text, maxsplit=1)[0])


def _reference(text: str) -> str:
    if len(text) > 60:
        raise CellWrong("cell.too_long")
    return text


def _read(
    argument: Mapping[str, str], kind: str, key: Callable[[Mapping[str, Any]], tuple[Any, ...]]
) -> Roster:
    found = tables(base64.b64decode(argument["content"]), argument["filename"])

    def key_of(_: str, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        parts = key(values)
        return None if None in parts else parts

    return sheets(found, (kind,), parse, key_of)


_READERS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    DUES_BASE: {
        "number": NUMBER,
        "kind": one_of(_KINDS, "dues.kind_unknown"),
        "base_fen": read_fen,
        "amount_fen": read_fen,
        "from_month": read_month,
    },
    STATEMENT: {"reference": _reference, "number": NUMBER, "amount_fen": read_fen, "paid_on": _day},
}
_NEVER_BLANK: Mapping[str, frozenset[str]] = {
    DUES_BASE: frozenset({"number"}),
    STATEMENT: frozenset({"reference", "number", "amount_fen", "paid_on"}),
}
