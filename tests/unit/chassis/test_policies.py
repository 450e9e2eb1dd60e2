"""Policy packs: read strictly with lines, in force by day and place, lower levels only tighten."""

import contextlib
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.policies import (
    LEVELS,
    Pack,
    PackError,
    Parameter,
    at_least_as_strict,
    effective,
    in_force,
    load_all,
    parse,
)

GOOD = """\
id: frequency-2018
title: 中国共产党支部工作条例（试行）
document_number: 中发〔2018〕
issuer: 中共中央
level: national
effective_from: 2018-11-01
parameters:
  theme_day:
    value: 1
    unit: a month
    article: 第十六条
    hardness: warn
    confidence: C
    tighter: higher
  minutes:
    value: {deduction: 0.5, most: 3}
    article: 第十七条
    hardness: info
    confidence: G
    verify: true
    tighter: {deduction: higher}
"""
DAY = date(2026, 3, 10)


def pack(level: str, value: Any, *, tighter: Any = "higher", hardness: str = "warn", **rest: Any) -> Pack:
    parameter = Parameter("p", value, None, "1", hardness, "C", False, tighter)
    made = Pack(f"{level}-pack", "t", None, "i", level, date(2020, 1, 1), None, {"p": parameter})
    return replace(made, **rest)


def test_a_pack_says_what_is_written() -> None:
    read = parse(GOOD)
    assert (read.id, read.level, read.effective_from, read.effective_to) == (
        "frequency-2018",
        "national",
        date(2018, 11, 1),
        None,
    )
    assert read["theme_day"] == 1
    assert read["minutes"] == {"deduction": Decimal("0.5"), "most": 3}
    assert read.parameters["theme_day"].article == "第十六条"
    assert read.parameters["minutes"].verify


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("level: national", "level: galactic", "pack:5: level is none of national"),
        ("effective_from: 2018-11-01", "effective_from: soon", "pack:6: effective_from is not a date"),
        ("    hardness: warn\n", "", "pack:8: hardness is missing"),
        ("confidence: C", "confidence: Z", "pack:13: confidence is none of C, S, G"),
        ("tighter: higher", "tighter: sideways", "pack:14: tighter is neither"),
        ("    verify: true\n", "", "pack:15: minutes is general knowledge"),
        ("issuer: 中共中央", "isuer: 中共中央", "pack:4: isuer is not known"),
        ("    unit: a month", "    value: 2", "pack:10: value is given twice"),
        ("value: 1", "value: .inf", "pack:9: this number is not"),
        ("id: frequency-2018", "id: Frequency 2018", "pack:1: id is not lower-case"),
        ("parameters:", "parameters: [", "pack:9: did not find expected"),
    ],
)
def test_a_mistake_is_named_with_its_line(before: str, after: str, said: str) -> None:
    with pytest.raises(PackError) as refused:
        parse(GOOD.replace(before, after, 1))
    assert any(problem.startswith(said) for problem in refused.value.problems), refused.value.problems


def test_all_mistakes_are_named_at_once() -> None:
    broken = GOOD.replace("confidence: C", "confidence: Z").replace("level: national", "level: x")
    with pytest.raises(PackError) as refused:
        parse(broken)
    assert len(refused.value.problems) == 2


def test_a_folder_is_refused_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(PackError, match="frequency-2018 is the id of 2 packs"):
        load_all(tmp_path)


def test_a_pack_counts_from_its_first_to_its_last_day() -> None:
    made = pack("national", 1, effective_from=DAY, effective_to=DAY)
    days = [DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)]
    assert [bool(in_force([made], day)) for day in days] == [False, True, False]


def test_a_pack_with_a_scope_counts_in_its_subtree_alone() -> None:
    packs = [pack("organisation", 3, scope="faculty"), pack("national", 1)]
    assert effective(packs, DAY)["p"].value == 1
    assert effective(packs, DAY, ["root", "faculty", "branch"])["p"].value == 3
    assert effective(packs, DAY, ["root", "other"])["p"].value == 1


def test_the_lowest_level_counts_and_is_named() -> None:
    ruling = effective([pack("university", 2), pack("national", 1)], DAY)["p"]
    assert (ruling.value, ruling.pack.id) == (2, "university-pack")


def test_a_lower_level_that_loosens_is_refused() -> None:
    with pytest.raises(PackError, match="p is looser than national-pack"):
        effective([pack("national", 2), pack("university", 1)], DAY)
    with pytest.raises(PackError, match="softer"):
        effective([pack("national", 2, hardness="block"), pack("university", 2, hardness="info")], DAY)


def test_a_lower_level_cannot_turn_round_what_is_stricter() -> None:
    with pytest.raises(PackError, match="looser"):
        effective([pack("national", 2), pack("university", 1, tighter="lower")], DAY)
    with pytest.raises(PackError, match="looser than university-pack"):
        effective(
            [
                pack("national", 2),
                pack("university", 4, tighter="lower"),
                pack("organisation", 3, tighter="lower"),
            ],
            DAY,
        )


def test_what_declares_no_direction_is_fixed() -> None:
    with pytest.raises(PackError, match="looser"):
        effective([pack("national", 2, tighter=None), pack("university", 3)], DAY)
    assert effective([pack("national", 2, tighter=None), pack("university", 2)], DAY)["p"].value == 2


def test_two_packs_of_one_level_may_not_disagree() -> None:
    with pytest.raises(PackError, match="set otherwise"):
        effective([pack("national", 1), pack("national", 2, id="another")], DAY)


def test_a_mapping_is_tightened_key_by_key() -> None:
    above = Parameter(
        "p", {"most": 3, "rate": Decimal("0.5")}, None, "1", "warn", "C", False, {"most": "lower"}
    )
    assert at_least_as_strict(above, {"most": 2, "rate": Decimal("0.5")})
    assert not at_least_as_strict(above, {"most": 4, "rate": Decimal("0.5")})
    assert not at_least_as_strict(above, {"most": 2, "rate": Decimal("0.6")})
    assert not at_least_as_strict(above, {"most": 2})


@given(
    direction=st.sampled_from(["higher", "lower"]),
    values=st.lists(st.integers(-5, 5), min_size=1, max_size=len(LEVELS)),
)
def test_what_counts_is_never_looser_than_any_level_above(direction: str, values: list[int]) -> None:
    packs = [pack(level, value, tighter=direction) for level, value in zip(LEVELS, values, strict=False)]
    sign = 1 if direction == "higher" else -1
    monotone = all(sign * later >= sign * earlier for earlier, later in pairwise(values))
    try:
        counted = effective(packs, DAY)["p"].value
    except PackError:
        assert not monotone
    else:
        assert monotone
        assert all(sign * counted >= sign * value for value in values)


@given(st.permutations([pack("national", 1), pack("provincial", 2), pack("university", 3)]))
def test_the_order_of_files_does_not_matter(packs: list[Pack]) -> None:
    assert effective(packs, DAY)["p"].value == 3


words = st.sampled_from([*GOOD.replace(":", " ").split(), "tighter", "verify"]) | st.integers()
shapes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.dates() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=6),
    max_leaves=12,
)


@given(st.text(max_size=300) | shapes.map(lambda shape: yaml.safe_dump(shape, allow_unicode=True)))
def test_any_text_is_a_pack_or_a_refusal(text: str) -> None:
    with contextlib.suppress(PackError):
        assert parse(text).id
