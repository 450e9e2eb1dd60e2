"""Texts by code: both languages, parameters inserted as they are, mistakes named."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis import catalogue
from services.chassis.catalogue import Catalogue, CatalogueError
from services.chassis.errors import REFUSALS


def folder(tmp_path: Path, zh: str, en: str) -> Path:
    (tmp_path / "zh.yaml").write_text(zh, encoding="utf-8")
    (tmp_path / "en.yaml").write_text(en, encoding="utf-8")
    return tmp_path


def test_a_code_is_said_in_both_languages(tmp_path: Path) -> None:
    texts = Catalogue.load([folder(tmp_path, "a: {b: '第 {row} 行'}", "a.b: 'row {row}'")])
    assert texts.render("a.b", {"row": 3}) == {"zh": "第 3 行", "en": "row 3"}


def test_each_part_may_have_texts_of_its_own(tmp_path: Path) -> None:
    folder(tmp_path, "whole: 全", "whole: all")
    (tmp_path / "dues.zh.yaml").write_text("dues.paid: 已缴", encoding="utf-8")
    (tmp_path / "dues.en.yaml").write_text("dues.paid: paid", encoding="utf-8")
    texts = Catalogue.load([tmp_path])
    assert texts.render("dues.paid")["en"] == "paid"
    assert "whole" in texts


def test_two_parts_do_not_say_the_same(tmp_path: Path) -> None:
    for part in ("dues", "plans"):
        (tmp_path / f"{part}.zh.yaml").write_text("paid: 甲", encoding="utf-8")
    with pytest.raises(CatalogueError, match="paid"):
        Catalogue.load([tmp_path])


def test_an_unknown_code_is_said_as_itself() -> None:
    assert Catalogue.load().render("no.such") == {"zh": "no.such", "en": "no.such"}


def test_the_messages_of_a_form_are_said_wherever_they_stand_in_it(tmp_path: Path) -> None:
    texts = Catalogue.load([folder(tmp_path, "a.b: '至多 {most}'", "a.b: 'at most {most}'")])
    fields = {"minutes": ["a.b", "Not a code."], "people": {3: {"state": ["a.b"]}}, "odd": None}
    assert texts.texts_of(fields, {"most": 3}) == {"a.b": {"zh": "至多 3", "en": "at most 3"}}


def test_a_missing_parameter_leaves_its_place(tmp_path: Path) -> None:
    texts = Catalogue.load([folder(tmp_path, "a: '{x}'", "a: '{x}'")])
    assert texts.render("a")["en"] == "{x}"


def test_a_service_may_say_the_chassis_codes_otherwise(tmp_path: Path) -> None:
    texts = Catalogue.load([folder(tmp_path, "internal: 甲", "internal: A")])
    assert texts.render("internal") == {"zh": "甲", "en": "A"}


def test_a_text_in_one_language_only_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="only_here"):
        Catalogue.load([folder(tmp_path, "only_here: 甲", "{}")])


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="a is not a text"):
        Catalogue.load([folder(tmp_path, "a: 3", "a: x")])
    with pytest.raises(CatalogueError, match="a mapping"):
        Catalogue.load([folder(tmp_path, "[1]", "a: x")])


@given(st.text(max_size=40))
def test_a_parameter_is_never_read_as_a_format(value: str) -> None:
    texts = Catalogue({"zh": {"a": "<{x}>"}, "en": {"a": "<{x}>"}})
    assert texts.render("a", {"x": value, "y": "never"})["zh"] == f"<{value}>"


def test_every_code_that_the_chassis_refuses_with_has_a_text() -> None:
    source = Path(catalogue.__file__).parent
    said = re.compile(r"\b(?:" + "|".join(REFUSALS) + r')\(\s*"([^"]+)"')
    codes = {code for path in source.glob("*.py") for code in said.findall(path.read_text(encoding="utf-8"))}
    assert len(codes) > 10
    assert sorted(codes - Catalogue.load().codes) == []


def test_a_word_of_the_code_is_told_as_people_call_it() -> None:
    catalogue = Catalogue(
        {
            "zh": {"x.state": "状态（{state:label}）", "label.open": "进行中"},
            "en": {"x.state": "It is {state:label}.", "label.open": "under way"},
        }
    )
    assert catalogue.render("x.state", {"state": "open"}) == {
        "zh": "状态（进行中）",
        "en": "It is under way.",
    }
    assert catalogue.render("x.state", {"state": "new"})["en"] == "It is new."
    assert catalogue.render("x.state")["en"] == "It is {state:label}."
