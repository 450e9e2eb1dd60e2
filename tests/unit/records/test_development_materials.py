"""Which papers a step is recorded with, which of a dossier are there, and outlines to begin with."""

from __future__ import annotations

from datetime import date

import pytest

from services.chassis.catalogue import Catalogue
from services.chassis.errors import Invalid
from services.records.development import materials as rules
from services.records.development.steps import STEP_IDS
from tests.unit.records.development_ways import BOOK, FOLDER, PACKS, PAPERS, TODAY, intended, opened, recorded

CODES = sorted({code for codes in PAPERS.values() for code in codes})


def states(dossier: dict) -> dict[tuple[str, str], str]:
    return {(each.step, each.code): each.state for each in rules.papers(dossier, BOOK, TODAY)}


def test_papers_are_of_steps_that_there_are_in_both_regulations() -> None:
    for pack in (each for each in PACKS if "materials" in each.parameters):
        assert set(pack["materials"]) <= set(STEP_IDS)
        assert (pack.parameters["materials"].verify, pack.parameters["materials"].hardness) == (True, "block")
    assert BOOK.on(date(2020, 1, 1))["materials"].value == PAPERS


@pytest.mark.parametrize("code", CODES)
def test_every_paper_has_a_title_and_an_outline_in_both_languages(code: str) -> None:
    texts = Catalogue.load([FOLDER.parent / "texts"])
    title, template = (texts.render(f"development_{kind}.{code}") for kind in ("material", "template"))
    for language in ("zh", "en"):
        told = rules.outline(title[language], template[language])
        assert told.startswith(f"# {title[language]}\n")
        assert told.count("\n## ") >= 2


def test_an_outline_has_a_heading_for_each_part() -> None:
    assert (
        rules.outline("谈话记录", "时间、地点；双方签名。")
        == "# 谈话记录\n\n## 时间、地点\n\n\n## 双方签名\n\n"
    )


def test_papers_are_there_wanted_or_later() -> None:
    found = states(opened())
    assert found["application", "application_letter"] == "there"
    assert found["talk", "talk_record"] == "wanted"
    assert found["oath", "oath_record"] == "later"


def test_a_paper_that_is_attached_is_there_and_one_that_was_only_warned_of_is_missing() -> None:
    file = {"material": "talk_record", "file": "f", "name": "x.pdf"}
    dossier = recorded(opened(), intended("talk", materials=[], attachments=[file]))
    assert states(dossier)["talk", "talk_record"] == "there"
    (paper,) = [each for each in rules.papers(dossier, BOOK, TODAY) if each.step == "talk"]
    assert paper.attachments == (file,)
    without = {
        **dossier,
        "entries": [{**each, "attachments": [], "materials": []} for each in dossier["entries"]],
    }
    assert states(without)["talk", "talk_record"] == "missing"


def test_what_is_attached_is_a_paper_of_its_step() -> None:
    wrong = intended("talk", attachments=[{"material": "oath_record", "file": "f"}])
    with pytest.raises(Invalid) as refused:
        recorded(opened(), wrong)
    assert refused.value.fields == {"attachments.0.material": ["development.material_unfit"]}
    assert refused.value.params == {
        "accepted": "talk_record",
        "rule": "materials",
        "pack": "development-national-2026",
        "article": "第二章至第五章",
        "hardness": "block",
    }
