"""A roster as bytes of an .xlsx; runs in a process of its own, since a spreadsheet is heavy work."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from services.chassis.sheets.model import TEXT
from services.chassis.sheets.writing import write as workbook


def write(argument: Mapping[str, Any]) -> str:
    """The .xlsx (base64) of ``sheets``, a mapping of names to rows of texts, the header first."""
    return base64.b64encode(b"".join(workbook(_pieces(argument["sheets"])))).decode()


def _pieces(sheets: Mapping[str, list[list[str]]]) -> Iterator[Any]:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    for name, (header, *rows) in sheets.items():
        yield {"title": name, "columns": [{"title": each, "kind": TEXT} for each in header]}
        yield [[ILLEGAL_CHARACTERS_RE.sub("", cell) or None for cell in row] for row in rows]
