"""Rows into a workbook; runs in a process of its own, since a spreadsheet is heavy work."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter

from services.chassis.sheets.model import COUNT, DAY, MONEY, TEXT, cell, sheet_title

CHUNK = 256 * 1024
_FORMATS = {DAY: "yyyy-mm-dd", MONEY: "#,##0.00"}
_WIDTHS = {DAY: 12, MONEY: 14, COUNT: 10}
_WIDTH = 18


def write(pieces: Iterator[Any]) -> Iterator[bytes]:
    """The bytes of an .xlsx of ``pieces``: a mapping begins a sheet, a list is a bunch of its rows.

    A sheet is ``{"title", "columns": [{"title", "kind"}]}``; rows hold JSON values by column.
    """
    book = Workbook(write_only=True)
    sheet: Any = None
    kinds, content = list[str](), io.BytesIO()
    with ExitStack() as kept:
        for piece in pieces:
            if isinstance(piece, dict):
                kinds = [column["kind"] for column in piece["columns"]]
                sheet = _begun(book, piece, kept)
                continue
            for row in piece:
                sheet.append([_cell(sheet, kind, value) for kind, value in zip(kinds, row, strict=True)])
        book.save(content)
    content.seek(0)
    return iter(lambda: content.read(CHUNK), b"")


class _Unnamed(WorksheetWriter):
    """Writes a sheet's text to a file without a name, which ends with the process however that ends."""

    def cleanup(self) -> None:
        """Nothing has to be removed."""


def _begun(book: Workbook, piece: dict[str, Any], kept: ExitStack) -> Any:
    sheet: Any = book.create_sheet(sheet_title(piece["title"]))
    for position, column in enumerate(piece["columns"], 1):
        letter = get_column_letter(position)
        sheet.column_dimensions[letter].width = _WIDTHS.get(column["kind"], _WIDTH)
    sheet.freeze_panes = "A2"
    file = kept.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    sheet._writer = _Unnamed(sheet, out=f"/proc/self/fd/{file.fileno()}")
    sheet._writer.write_top()
    sheet.append([_bold(sheet, column["title"]) for column in piece["columns"]])
    return sheet


def _bold(sheet: Any, title: str) -> Any:
    text: Any = cell(TEXT, title)
    head = WriteOnlyCell(sheet, text)
    head.font = Font(bold=True)
    return head


def _cell(sheet: Any, kind: str, value: Any) -> Any:
    native: Any = cell(kind, value)
    if native is None or kind not in _FORMATS or isinstance(native, str):
        return native
    formatted = WriteOnlyCell(sheet, native)
    formatted.number_format = _FORMATS[kind]
    return formatted
