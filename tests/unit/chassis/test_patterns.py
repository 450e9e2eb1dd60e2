"""A pattern that is to hold a whole text ends with ``\\Z``: ``$`` lets a line break at the end pass."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from marshmallow import ValidationError

from services.contracts.campus_events import PersonUpserted

ROOT = Path(__file__).parents[3]
_TAKES_A_PATTERN = {"compile", "Regexp", "match", "fullmatch", "search"}


def patterns(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in _TAKES_A_PATTERN and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def test_no_pattern_that_is_shipped_ends_where_a_line_break_may_follow() -> None:
    files = [each for top in ("services", "gateway", "deploy") for each in (ROOT / top).rglob("*.py")]
    found = [
        (each.relative_to(ROOT).as_posix(), line, pattern)
        for each in files
        for line, pattern in patterns(ast.parse(each.read_text(encoding="utf-8")))
    ]
    assert len(found) > 50
    assert [each for each in found if each[2].endswith("$") and not each[2].endswith("\\$")] == []


def test_a_line_break_at_the_end_is_no_part_of_a_number() -> None:
    told = {"number": "2021001234\n", "name": "x", "political_status": "none", "organisation_code": "B1"}
    with pytest.raises(ValidationError) as refused:
        PersonUpserted.encode(told)
    assert "number" in refused.value.normalized_messages()
