"""What docs/integrating.md says of rosters is what their reading knows, no header or word more or less."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from services.records.roster import words
from services.records.roster.columns import COLUMNS, KINDS, REQUIRED, label

_DOCUMENT = (Path(__file__).parents[3] / "docs" / "integrating.md").read_text(encoding="utf-8")
_WORDS: Mapping[str, Mapping[Any, tuple[str, ...]]] = {
    "组织类别": words.ORGANISATION_KINDS,
    "设支委会, 设领导班子, 有记录": words.FLAGS,
    "政治面貌": {**words.STATUSES, **words.CODES},
    "性别": words.SEXES,
    "职务": words.ROLES,
    "类型": words.ACTIVITIES,
}


def rows(heading: str) -> Iterator[list[str]]:
    """The cells of the table under ``heading``, its header left out."""
    [section] = re.findall(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", _DOCUMENT, re.MULTILINE | re.DOTALL)
    lines = [line for line in section.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_stands_there_with_its_headers(kind: str) -> None:
    heading = {"organisation": "Organisations", "person": "People", "activity": "Past meetings"}[kind]
    told = {first: (needed, others) for first, needed, others, _ in rows(heading)}
    assert told.keys() == {label(kind, field) for field in COLUMNS[kind]}
    for field, headers in COLUMNS[kind].items():
        needed, others = told[headers[0]]
        assert others == ", ".join(headers[1:]), field
        assert (needed == "always") == (field in REQUIRED[kind]), field


def test_every_word_stands_there_with_its_meaning() -> None:
    told: dict[str, dict[str, str]] = {}
    for column, meaning, listed in rows("Words"):
        told.setdefault(column, {})[meaning] = listed
    named = {True: "yes", False: "no"}
    assert told == {
        column: {
            f"`{named.get(meaning, meaning)}`": ", ".join(each for each in said if each != meaning)
            for meaning, said in known.items()
        }
        for column, known in _WORDS.items()
    }
