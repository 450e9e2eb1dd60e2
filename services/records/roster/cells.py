"""Texts in cells: what a spreadsheet would run, or our reading would take for a blank, is written so that it
comes back as it was. No I/O."""

from __future__ import annotations

import re
import unicodedata

BLANK = frozenset({"", "无", "-", "—", "/", "n/a"})
_FORMULA = ("=", "+", "-", "@")
_MARK = "'"  # as a spreadsheet marks what is text and nothing else
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff·])\s+(?=[\u3400-\u9fff·])")


def narrow(text: str) -> str:
    """A cell without outer blanks and differences of width; blanks that only align Chinese names are cut."""
    return _BETWEEN_HAN.sub("", " ".join(unicodedata.normalize("NFKC", text).split()))


def marked(text: str) -> str:
    """``text`` for a cell: marked where a spreadsheet would take it for a formula, or we for a blank."""
    seen = narrow(text)
    return _MARK + text if seen and _needs_mark(seen) else text if seen else ""


def unmarked(cell: str) -> str:
    """What ``marked`` was given, of a cell that is ``narrow``."""
    meant = cell.removeprefix(_MARK)
    return meant if meant and meant != cell and _needs_mark(meant) else cell


def _needs_mark(text: str) -> bool:
    meant = text.lstrip(f"{_MARK} ")
    return meant.startswith(_FORMULA) or meant.lower() in BLANK
