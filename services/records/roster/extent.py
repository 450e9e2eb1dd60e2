"""How far the cells of a workbook reach, told from its parts before a reader makes room for them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from xml.parsers import expat

CHUNK = 256 * 1024
_REFERENCE = re.compile(r"\A([A-Za-z]{1,3})([0-9]{1,7})\Z")
# A cell that is only formatted makes no room: one of these says that it holds something.
_CONTENT = frozenset({"v", "is", "f"})
_OTHER_FORMATS = frozenset({"xl/workbook.bin", "content.xml"})


def spread(archive: zipfile.ZipFile, *, most: int) -> bool:
    """Whether the rectangles from A1 to the last cell, over all sheets, hold at most ``most`` cells.

    What a sheet says of itself (``dimension``) is not believed: every cell is looked at, piece by piece, and
    no further than to the first that is too far. Raises ``ValueError`` where a part cannot be judged: it is
    broken, or of another format than .xlsx, which the reader would understand all the same.
    """
    within = 0
    for entry in archive.infolist():
        if entry.filename.lower() in _OTHER_FORMATS:
            raise ValueError("another format")
        extent = _Extent(most - within)
        with archive.open(entry) as part:
            try:
                while extent.fits and (chunk := part.read(CHUNK)):
                    extent.feed(chunk)
            except expat.ExpatError:
                if extent.begun or entry.filename.lower().endswith(".xml"):
                    raise ValueError("a part is broken") from None
                continue  # a picture, a printer's settings
        if not extent.fits:
            return False
        within += extent.area
    return True


class _Extent:
    """The rectangle of one part of the archive; a part without cells has none."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._rows = self._columns = 0
        self._at = (0, 0)  # the row and the column that were begun last, from 1
        self.begun = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._element
        self._parser.StartDoctypeDeclHandler = self._refuse

    @property
    def area(self) -> int:
        return self._rows * self._columns

    @property
    def fits(self) -> bool:
        return self.area <= self._most

    def feed(self, chunk: bytes) -> None:
        self._parser.Parse(chunk)

    def _element(self, qualified: str, attributes: Mapping[str, str]) -> None:
        self.begun = True
        name = qualified.rpartition(":")[2]
        row, column = self._at
        if name == "c":
            self._at = _position(attributes["r"]) if "r" in attributes else (row, column + 1)
        elif name == "row":
            given = attributes.get("r", "")
            self._at = (int(given) if re.fullmatch(r"[0-9]{1,7}", given) else row + 1, 0)
        elif name in _CONTENT:
            self._rows, self._columns = max(self._rows, row), max(self._columns, column)

    def _refuse(self, *_: object) -> None:
        raise ValueError("a part declares its own entities")


def _position(reference: str) -> tuple[int, int]:
    found = _REFERENCE.match(reference)
    if found is None:
        raise ValueError("no reference of a cell")
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column
