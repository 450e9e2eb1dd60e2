"""Templates: what a text may say, and that a value cannot make it say something else."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.kinds import MESSAGE_KINDS
from services.notify.application import FOLDER
from services.notify.templates.model import (
    LANGUAGES,
    SHOWN,
    day_label,
    period_label,
    read_template,
    variables_of,
)
from services.notify.templates.parts import Size, size_of
from services.notify.templates.register import load_shipped

SHIPPED = load_shipped(FOLDER / "templates")
RAW = {
    "id": "reminder-overdue",
    "version": 1,
    "kind": "obligation",
    "event": "evaluation.obligation.overdue.v1",
    "channel": "sms",
    "variables": ["organisation", "rule"],
    "most_characters": 120,
    "texts": {"zh": "{organisation}的{rule}尚未召开。", "en": "{organisation} owes {rule}."},
}


def test_the_variables_are_filled_in() -> None:
    text = read_template(RAW).render("zh", {"organisation": "石油工程第一党支部", "rule": "主题党日"})
    assert text == "石油工程第一党支部的主题党日尚未召开。"


@given(st.sampled_from(sorted(SHIPPED)), st.sampled_from(LANGUAGES), st.text(max_size=300))
def test_no_value_makes_a_text_longer_than_declared_or_breaks_its_line(
    key: str, language: str, value: str
) -> None:
    template = SHIPPED[key]
    text = template.render(language, dict.fromkeys(template.variables, value))
    assert len(text) <= template.most_characters
    assert not set("\n\r\u2028\u202e\x00") & set(text)


def test_no_text_claims_what_an_earlier_step_did() -> None:
    said = [text for template in SHIPPED.values() for text in template.texts.values()]
    claims = re.compile("提醒[后仍]|次提醒|再次|(two|second|earlier) reminders?", re.IGNORECASE)
    old = set(SHIPPED["reminder-again.v1"].texts.values()) | set(SHIPPED["reminder-above.v1"].texts.values())
    found = [text for text in said if claims.search(text) and text not in old]
    assert found == [], "an earlier one may have been suppressed"


def test_values_go_out_in_the_order_declared_whatever_the_order_given() -> None:
    given_ = {"rule": "主题党日", "organisation": "石油工程第一党支部"}
    assert list(read_template(RAW).filled(given_)) == RAW["variables"]


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
        {"event": "evaluation.score.changed.v1"},
        {"event": "nobody.publishes.this.v1"},
        {"event": None},
        {"kind": "weather"},
        {"texts": {"zh": "{organisation}{rule}\n", "en": "{organisation}{rule}"}},
        {"signature": {"zh": "党建记实"}},
        {"signature": {"zh": "【党建】", "en": "Jishi"}},
        {"provider_templates": {"pigeon": "1"}},
        {"provider_templates": {"aliyun": "SMS 1"}},
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
    for template in SHIPPED.values():
        own = template.event == "campus.message.requested.v1"
        assert own or set(template.variables) <= set(SHOWN)


@pytest.mark.parametrize(
    ("period", "zh"),
    [
        ("2026-Q3", "2026年第三季度"),
        ("2026-09", "2026年9月"),
        ("2026", "2026年"),
        ("2026-2027-1-06", "2026—2027学年第一学期第6个双周"),
        ("2026-2027-9-06", "2026-2027-9-06"),
        ("2026-13", "2026-13"),
        ("term", "term"),
    ],
)
def test_a_period_is_said_as_people_say_it(period: str, zh: str) -> None:
    assert period_label(period)["zh"] == zh


def test_a_day_is_said_as_people_say_it() -> None:
    assert day_label(date(2026, 9, 5)) == {"zh": "2026年9月5日", "en": "2026-09-05"}


def test_a_signature_goes_before_the_text_in_the_way_of_its_language() -> None:
    signed = read_template({**RAW, "signature": {"zh": "党建记实", "en": "Jishi"}})
    values = {"organisation": "A", "rule": "B"}
    assert signed.render("zh", values) == "【党建记实】A的B尚未召开。"
    assert signed.render("en", values) == "[Jishi] A owes B."


def test_the_variables_of_a_text_are_those_that_its_event_has() -> None:
    assert variables_of("evaluation.obligation.overdue.v1") == ("organisation", "rule", "period", "due_on")
    assert variables_of("feedback.opinion.overdue.v1") == ("organisation", "due_on")
    assert variables_of("campus.message.requested.v1") is None
    assert variables_of(None) == ()


def test_every_kind_with_a_ladder_has_its_texts_and_each_is_of_one_kind() -> None:
    kinds = {}
    for template in SHIPPED.values():
        kinds.setdefault(template.id, set()).add(template.kind)
    assert all(len(each) == 1 for each in kinds.values())
    assert set(MESSAGE_KINDS) >= {kind for each in kinds.values() for kind in each}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", Size("gsm7", 0, 1)),
        ("a" * 160, Size("gsm7", 160, 1)),
        ("a" * 161, Size("gsm7", 161, 2)),
        ("a" * 306, Size("gsm7", 306, 2)),
        ("a" * 307, Size("gsm7", 307, 3)),
        ("€" * 80, Size("gsm7", 160, 1)),
        ("€" * 81, Size("gsm7", 162, 2)),
        # 153 is odd: an escape and what it escapes stay together, so each part holds 76 of them.
        ("€" * 153, Size("gsm7", 306, 3)),
        ("中" * 70, Size("ucs2", 70, 1)),
        ("中" * 71, Size("ucs2", 71, 2)),
        ("中" * 134, Size("ucs2", 134, 2)),
        ("中" * 135, Size("ucs2", 135, 3)),
        ("a" * 69 + "中", Size("ucs2", 70, 1)),
        ("😀" * 35, Size("ucs2", 70, 1)),
        # 67 is odd: the halves of a character stay together, so each part holds 33 of them.
        ("😀" * 67, Size("ucs2", 134, 3)),
    ],
)
def test_the_size_of_a_text_is_what_a_provider_charges(text: str, size: Size) -> None:
    assert size_of(text) == size


@given(st.text(max_size=400))
def test_a_text_takes_as_many_parts_as_it_needs_and_no_more(text: str) -> None:
    size = size_of(text)
    whole, part = (160, 153) if size.encoding == "gsm7" else (70, 67)
    assert (size.parts == 1) == (size.characters <= whole)
    if size.parts > 1:
        assert size.characters <= size.parts * part
        assert size.characters > (size.parts - 1) * (part - 1)


@pytest.mark.parametrize("key", ["reminder-overdue.v2", "reminder-digest.v1", "opinion-due-soon.v1"])
def test_a_usual_reminder_is_not_long(key: str) -> None:
    values = {"organisation": "石油工程第一党支部", "rule": "主题党日", "period": "2026年9月"}
    template = SHIPPED[key]
    filled = {name: values.get(name, "2026年9月30日") for name in template.variables}
    assert size_of(template.render("zh", filled)).parts <= 2
