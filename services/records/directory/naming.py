"""How an organisation is found by a part of its name: by pairs of characters, which an index holds. No I/O.

A pattern within a name would read every organisation there is.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

# What most names are made of: pairs of these find nearly everything, so that others are looked up first.
_FREQUENT = frozenset("中共党委员会总支部学院大研究生教工第小组")


def spelled(name: str) -> dict[str, Any]:
    """What is kept of a name to find it by: as it is compared, its characters and pairs of them."""
    spelling = _compared(name)
    return {"spelling": spelling, "grams": sorted({*spelling, *_pairs(spelling)} - {" "})}


def sought(part: str) -> dict[str, Any]:
    """The question for names that hold ``part``, however it is written.

    One value of an index finds some, and against these the whole part is held.
    """
    spelling = _compared(part)
    pairs = _pairs(spelling) or [spelling]
    gram = min(pairs, key=lambda pair: sum(each in _FREQUENT for each in pair))
    return {"grams": gram, "spelling": {"$regex": re.escape(spelling)}}


def _pairs(spelling: str) -> list[str]:
    return [spelling[at : at + 2] for at in range(len(spelling) - 1)]


def _compared(text: str) -> str:
    """Wide and narrow, capital and small letters are the same, and runs of blanks are one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
