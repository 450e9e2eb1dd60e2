"""What stands in the cells of a spreadsheet, and what must not. No I/O."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

TEXT = "text"
DAY = "day"
MONEY = "money"  # whole fen in a list, yuan in a cell
COUNT = "count"

MOST_CHARACTERS = 32_767  # of a cell, by the format
MOST_TITLE = 31
_FORMULA = frozenset("=+-@")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NO_TITLE = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def neutralised(text: str) -> str:
    """``text`` as it may stand in a cell: never a formula, never longer than a cell takes.

    What begins with ``= + - @``, also in full width or after blanks, or with a tab or line end, gets an
    apostrophe before it, so that it also stays text in a program to which the sheet is passed on.
    """
    writable = _UNWRITABLE.sub("", text)
    if writable[:1] in ("\t", "\r", "\n") or _begins_a_formula(writable.lstrip()):
        writable = f"'{writable}"
    return writable if len(writable) <= MOST_CHARACTERS else f"{writable[: MOST_CHARACTERS - 1]}…"


def cell(kind: str, value: Any) -> str | int | Decimal | date | None:
    """The native value of a cell; a day that is none is shown as the text that it is."""
    if value is None:
        return None
    if kind == MONEY:
        return Decimal(value).scaleb(-2)
    if kind == COUNT:
        return int(value)
    if kind == DAY:
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    return neutralised(str(value))


def sheet_title(text: str) -> str:
    """``text`` as the name of a sheet: at most 31 characters, none that the format keeps for itself."""
    return _NO_TITLE.sub(" ", text).strip(" '")[:MOST_TITLE] or "1"


def _begins_a_formula(text: str) -> bool:
    return unicodedata.normalize("NFKC", text[:1])[:1] in _FORMULA if text else False
