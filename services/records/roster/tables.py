"""Bytes of a spreadsheet as sheets of texts: .xlsx and .csv, with every way a file can be broken answered."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from services.chassis.errors import Invalid
from services.records.roster.extent import spread

MOST_ROWS = 100_000
MOST_COLUMNS = 200
MOST_CELL = 2_000
MOST_CELLS = 5_000_000  # of the rectangles from A1 to the last cell, empty ones included, all sheets together
MOST_UNPACKED = 400 * 1024 * 1024
_ENCODINGS = ("utf-8-sig", "gb18030")
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Table:
    """A sheet: its name and its cells as texts, from the first line on."""

    name: str
    rows: list[list[str]]


def tables(content: bytes, filename: str) -> list[Table]:
    """The sheets of a file, judged by what it holds and not by how it is called.

    Raises ``Invalid``: ``roster.unreadable``, ``roster.password``, ``roster.old_format`` (.xls),
    ``roster.encoding``, ``roster.too_large``, ``roster.empty``.
    """
    if content.startswith(_ZIP):
        found = _xlsx(content)
    elif content.startswith(_OLE):
        # A protected .xlsx is kept in the container of the old format.
        protected = b"E\0n\0c\0r\0y\0p\0t\0e\0d" in content
        raise Invalid("roster.password" if protected else "roster.old_format")
    else:
        found = [Table(Path(filename).stem, _csv(content))]
    if not any(table.rows for table in found):
        raise Invalid("roster.empty")
    return found


def _xlsx(content: bytes) -> list[Table]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
                raise Invalid("roster.too_large", params={"most": MOST_ROWS})
            # The reader makes room for the whole rectangle before anything can be asked of it.
            if not spread(archive, most=MOST_CELLS):
                raise Invalid("roster.too_large", params={"most": MOST_ROWS})
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        found = []
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_height > MOST_ROWS:
                raise Invalid("roster.too_large", params={"most": MOST_ROWS})
            rows = sheet.to_python(skip_empty_area=False, nrows=MOST_ROWS)
            found.append(Table(name, [[as_text(cell) for cell in row[:MOST_COLUMNS]] for row in rows]))
        return found
    except Invalid:
        raise
    except (
        CalamineError,
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,
        EOFError,
        ValueError,
        OSError,
        KeyError,
    ):
        raise Invalid("roster.unreadable") from None


def _csv(content: bytes) -> list[list[str]]:
    text = _decoded(content)
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
        return list(_bounded([as_text(cell) for cell in row[:MOST_COLUMNS]] for row in reader))
    except csv.Error:
        raise Invalid("roster.unreadable") from None


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = _ENCODINGS
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break  # no text file at all
        return text
    raise Invalid("roster.encoding")


def _bounded(rows: Iterable[list[str]]) -> Iterable[list[str]]:
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise Invalid("roster.too_large", params={"most": MOST_ROWS})
        yield row


def as_text(cell: Any) -> str:
    """A cell as a person would have typed it: whole numbers without a point, dates as ISO text.

    A number too long for a spreadsheet has lost its last digits; its exponent shows, so that no reader
    takes it for a student number.
    """
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        whole = cell.is_integer() and abs(cell) < 1e15
        return str(int(cell)) if whole else f"{cell:.6e}" if abs(cell) >= 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)[:MOST_CELL].strip("\r\n\t ﻿")
