"""What may be written in a field for text, and that every refusal has words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from marshmallow import ValidationError

import services.feedback
from services.chassis.catalogue import Catalogue
from services.contracts.feedback_rpc.opinions import SubmitOpinion
from services.contracts.kinds import MEASURE_STATES, OPINION_STATES

FOLDER = Path(services.feedback.__file__).parent


def submitted(text: str) -> str:
    return SubmitOpinion().load({"organisation": "o", "category": "other", "text": text})["text"]


@pytest.mark.parametrize(
    "text", ["1 < 2 > 0", "<通知>", "a<b, c>d", " spaced ", "一\n二\t三\r\n", "👩‍👩‍👧", "=1+1", "椅" * 2000]
)
def test_what_a_person_can_type_is_kept_as_typed(text):
    assert submitted(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "a\x00",
        "\x1b[2J",
        "\ud83d",
        "椅" * 2001,
        "<b>x</b>",
        "<IMG src=x onerror=y>",
        "<br/>",
        "<!-- -->",
    ],
)
def test_what_nobody_can_read_is_refused(text):
    with pytest.raises(ValidationError):
        submitted(text)


def test_every_refusal_has_words_in_both_languages():
    catalogue = Catalogue.load([FOLDER / "texts"])
    sources = "".join(path.read_text() for path in FOLDER.rglob("*.py"))
    codes = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', sources)) | {
        f"opinion.is_{state}" for state in OPINION_STATES
    }
    codes |= {f"measure.is_{state}" for state in MEASURE_STATES}
    codes -= {"opinion.read", "opinion.author", "trends.exported"}  # of the audit and the vault
    codes -= {code for code in codes if code.startswith("feedback.")}  # queues
    assert codes >= {"opinion.no_level_above", "measure.is_published"}
    assert {code for code in codes if code not in catalogue} == set()
