"""The two packs side by side: every number with its article, its hardness and how sure it is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.chassis.policies import PackError, effective, parse
from services.records.development.rulebook import RuleBook
from tests.unit.records.development_ways import FOLDER, PACKS

BY_ID = {pack.id: pack for pack in PACKS}
OLD, NEW = BY_ID["development-national-2014"], BY_ID["development-national-2026"]
HALF = {"part": 1, "of": 2}


@pytest.mark.parametrize(
    ("rule", "old", "new", "article", "hardness", "confidence"),
    [
        ("age", 18, 18, "第五条", "block", "C"),
        ("talk_within", 1, 1, "第七条", "warn", "C"),
        ("contacts", {"least": 1, "most": 2}, {"least": 1, "most": 2}, "第九条", "block", "C"),
        ("check_every", 6, 6, "第十一条", "warn", "C"),
        ("cultivation", 12, 12, "第十三条", "block", "C"),
        ("publicity", None, 5, "第十三条", "block", "C"),
        ("introducers", 2, 2, "第十四条", "block", "C"),
        ("political_review", "pass", "pass", "第十六条", "block", "C"),
        ("training", {"days": 3, "hours": 24}, {"days": 3, "hours": 24}, "第十七条", "block", "C"),
        ("pre_review", "pass", "pass", "第十八条", "block", "C"),
        ("meeting_within", None, 1, "第十九条", "warn", "C"),
        ("vote_present", HALF, HALF, "第二十条至第二十二条", "block", "C"),
        ("vote_in_favour", HALF, HALF, "第二十条至第二十二条", "block", "C"),
        (
            "approval_within",
            {"usual": 3, "special": 6},
            {"usual": 3, "special": 6},
            "第二十五条",
            "warn",
            "C",
        ),
        ("oath_within", None, 1, "第二十九条", "warn", "C"),
        ("probation", 12, 12, "第三十一条", "block", "C"),
        (
            "extension",
            {"least": 6, "most": 12, "times": 1},
            {"least": 6, "most": 12, "times": 1},
            "第三十二条",
            "block",
            "G",
        ),
        ("full_approval_within", 3, 3, "第三十三条", "warn", "C"),
    ],
)
def test_a_parameter_is_as_the_two_regulations_say(
    rule: str, old: Any, new: Any, article: str, hardness: str, confidence: str
) -> None:
    found = NEW.parameters[rule]
    assert (found.value, found.article, found.hardness, found.confidence) == (
        new,
        article,
        hardness,
        confidence,
    )
    before = OLD.parameters.get(rule)
    assert (before.value if before else None) == old
    assert before is None or (before.hardness, before.confidence) == (hardness, confidence)


def test_what_is_general_knowledge_is_to_be_verified() -> None:
    unsure = {name for pack in PACKS for name, each in pack.parameters.items() if each.confidence == "G"}
    assert unsure == {"extension", "order", "materials", "probation_check_every"}
    assert all(each.verify for pack in PACKS for each in pack.parameters.values() if each.confidence == "G")


def test_the_packs_follow_each_other_without_a_gap_or_an_overlap() -> None:
    for day, pack in ((date(2026, 5, 10), OLD), (date(2026, 5, 11), NEW)):
        assert effective(PACKS, day)["cultivation"].pack is pack
    assert effective(PACKS, date(2014, 5, 27)) == {}
    periods = list(RuleBook(PACKS).periods(date(2026, 1, 1)))
    assert periods == [(date(2026, 1, 1), date(2026, 5, 10)), (date(2026, 5, 11), None)]


@pytest.mark.parametrize(("months", "taken"), [(24, True), (6, False)])
def test_a_university_may_ask_for_more_and_never_for_less(months: int, taken: bool) -> None:
    own = parse(
        f"""
id: development-own
title: 本校规定
issuer: 校党委
level: university
effective_from: 2026-06-01
parameters:
  cultivation: {{value: {months}, article: 第一条, hardness: block, confidence: S}}
"""
    )
    if taken:
        ruling = effective([*PACKS, own], date(2026, 9, 1))["cultivation"]
        assert (ruling.value, ruling.pack.id) == (24, "development-own")
    else:
        with pytest.raises(PackError, match="looser"):
            effective([*PACKS, own], date(2026, 9, 1))


def test_every_pack_says_where_it_is_from() -> None:
    assert {path.stem for path in FOLDER.glob("development-*.yaml")} == set(BY_ID)
    assert all(pack.issuer and pack.title for pack in PACKS)
