"""What the columns of a list are. No I/O; what may stand in a cell is decided in the chassis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FLAG = "flag"
WORD = "word"  # of a closed vocabulary
PERSON = "person"  # the name of whoever the id stands for
NUMBER = "number"  # their campus number
PEOPLE = "people"  # names
ORGANISATION = "organisation"

MOST_ROWS = 200_000


@dataclass(frozen=True)
class Column:
    """One column: ``field`` is where its value stands in an item, ``title`` the code of its header.

    ``words`` is where the catalogue has the labels of a closed vocabulary.
    """

    field: str
    kind: str
    title: str
    words: str = ""


def value_of(item: Mapping[str, Any], field: str) -> Any:
    """What stands at a path like ``source.article``; None where something on the way is missing."""
    found: Any = item
    for name in field.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found
