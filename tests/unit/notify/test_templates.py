"""Templates: what a text may say, and that a value cannot make it say something else."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.settings import Settings
from services.notify.application import load_ladder, load_templates
from services.notify.templates.model import LANGUAGES, day_label, period_label, read_template

RAW = {
    "id": "reminder-overdue",
    "version": 1,
    "channel": "sms",
    "variables": ["organisation", "rule"],
    "most_characters": 120,
    "texts": {"zh": "{organisation}的{rule}尚未召开。", "en": "{organisation} owes {rule}."},
}


def test_the_variables_are_filled_in() -> None:
    text = read_template(RAW).render("zh", {"organisation": "石油工程第一党支部", "rule": "主题党日"})
    assert text == "石油工程第一党支部的主题党日尚未召开。"


@given(st.sampled_from(sorted(load_templates())), st.sampled_from(LANGUAGES), st.text(max_size=300))
def test_no_value_makes_a_text_longer_than_declared_or_breaks_its_line(
    key: str, language: str, value: str
) -> None:
    template = load_templates()[key]
    text = template.render(language, dict.fromkeys(template.variables, value))
    assert len(text) <= template.most_characters
    assert not set("\n\r\u2028\u202e\x00") & set(text)


def test_no_step_claims_what_an_earlier_one_did() -> None:
    templates = load_templates()
    ladder = load_ladder(Settings("notify"))
    said = [text for rung in ladder.rungs for text in templates[rung.template].texts.values()]
    claims = re.compile("提醒[后仍]|次提醒|再次|(two|second|earlier) reminders?", re.IGNORECASE)
    assert [text for text in said if claims.search(text)] == [], "an earlier one may have been suppressed"


def test_braces_in_a_value_stay_braces() -> None:
    text = read_template(RAW).render("en", {"organisation": "{rule}", "rule": "{organisation.__class__}"})
    assert text == "{rule} owes {organisation.__class__}."


@pytest.mark.parametrize("values", [{"organisation": "x"}, {"organisation": "x", "rule": "y", "name": "z"}])
def test_exactly_the_declared_variables_are_given(values: dict) -> None:
    with pytest.raises(ValueError, match="exactly"):
        read_template(RAW).render("zh", values)


@pytest.mark.parametrize(
    "change",
    [
        {"variables": ["organisation", "rule", "person"]},
        {"variables": ["organisation"]},
        {"texts": {"zh": "{organisation}{rule}"}},
        {"texts": {"zh": "{organisation}{rule}", "en": "{organisation}"}},
        {"texts": {"zh": "{organisation.name}{rule}", "en": "{organisation}{rule}"}},
        {"texts": {"zh": "{organisation!r}{rule}", "en": "{organisation}{rule}"}},
        {"texts": {"zh": "{organisation:>99}{rule}", "en": "{organisation}{rule}"}},
        {"texts": {"zh": "{organisation}{rule}{", "en": "{organisation}{rule}"}},
        {"texts": {"zh": "{}{organisation}{rule}", "en": "{organisation}{rule}"}},
        {"most_characters": 60},
        {"channel": "pigeon"},
        {"version": 0},
        {"colour": "red"},
    ],
)
def test_a_template_that_could_say_something_else_is_refused(change: dict) -> None:
    with pytest.raises(ValueError, match="template is not valid"):
        read_template({**RAW, **change})


def test_no_shipped_template_knows_of_a_person() -> None:
    for template in load_templates().values():
        assert set(template.variables) <= {"organisation", "rule", "period", "due_on"}


@pytest.mark.parametrize(
    ("period", "zh"),
    [
        ("2026-Q3", "2026年第三季度"),
        ("2026-09", "2026年9月"),
        ("2026", "2026年"),
        ("2026-13", "2026-13"),
        ("term", "term"),
    ],
)
def test_a_period_is_said_as_people_say_it(period: str, zh: str) -> None:
    assert period_label(period)["zh"] == zh


def test_a_day_is_said_as_people_say_it() -> None:
    assert day_label(date(2026, 9, 5)) == {"zh": "2026年9月5日", "en": "2026-09-05"}
