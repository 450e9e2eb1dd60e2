"""Names are found by any part of them, however it is written, by one value of an index."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from services.records.directory.naming import sought, spelled

NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80).filter(str.strip)


def finds(part: str, name: str) -> bool:
    kept, question = spelled(name), sought(part)
    return question["grams"] in kept["grams"] and bool(
        re.search(question["spelling"]["$regex"], kept["spelling"])
    )


@given(NAMES, st.data())
def test_every_part_finds_its_name(name: str, data: st.DataObject) -> None:
    whole = " ".join(name.split())
    start = data.draw(st.integers(0, len(whole) - 1))
    part = whole[start : data.draw(st.integers(start + 1, len(whole)))].strip()
    if part and spelled(part)["spelling"] in spelled(name)["spelling"]:
        assert finds(part, name)


@given(NAMES, NAMES)
def test_nothing_else_does(part: str, name: str) -> None:
    assert finds(part, name) is (spelled(part)["spelling"] in spelled(name)["spelling"])


def test_wide_letters_capitals_and_blanks_make_no_difference() -> None:
    assert finds("mba 第１", "ＭＢＡ  第1党支部")
    assert not finds("第2", "MBA 第1党支部")


def test_what_is_rare_in_names_is_looked_up_first() -> None:
    assert sought("党支部计算机")["grams"] == "计算"
