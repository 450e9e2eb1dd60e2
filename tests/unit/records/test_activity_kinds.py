"""What each kind of activity is and asks for, read from data and held to at every step."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import Invalid
from services.chassis.policies import PackError
from services.contracts.kinds import ACTIVITY_KINDS
from services.records.activities import conduct as rules
from services.records.activities import details, kinds
from tests.unit.records.activity_kinds import DETAILS, KINDS, POLICIES, conduct

TEXT = (POLICIES / "activity-kinds-default.yaml").read_text(encoding="utf-8")
HELD = date(2026, 9, 1)


def refused(kind: str, given: dict[str, Any], stage: str = "submit") -> Invalid:
    with pytest.raises(Invalid) as caught:
        details.checked(KINDS[kind], given, stage)
    return caught.value


def test_the_shipped_file_says_what_every_kind_is() -> None:
    assert set(KINDS) == set(ACTIVITY_KINDS)
    assert {name for name, kind in KINDS.items() if kind.restricted} == {"talk", "integrity_education"}


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("holders: [group]", "holders: [choir]", "group_meeting.holders"),
        ("entitled: participants", "entitled: everybody", "talk.entitled"),
        ("visibility: closed_record", "visibility: secret", "democratic_life_meeting.visibility"),
        ("speaker: {form: text,", "speaker: {form: song,", "party_lecture.speaker"),
        ("most: 80, at: record", "most: many, at: record", "party_lecture.speaker.most"),
        ("most: 80, at: record", "most: 80, at: dawn", "party_lecture.speaker.at"),
        ("most: 80, at: record", "most: 80, until: record", "party_lecture.details.speaker.until"),
        ("site: {form: text, most: 120}", "site: {form: text}", "heritage_visit.details.site.most"),
        ("confidence: G\n    verify: true", "confidence: G", "general knowledge"),
        ("  talk:\n", "  chat:\n", "talk is missing"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_line_and_field(was: str, now: str, said: str) -> None:
    assert was in TEXT
    with pytest.raises(PackError) as caught:
        kinds.parse(TEXT.replace(was, now, 1), "mine.yaml")
    (line,) = [
        int(re.match(r"mine\.yaml:(\d+): ", problem).group(1))  # type: ignore[union-attr]
        for problem in caught.value.problems
        if said in problem
    ]
    assert 1 <= line <= TEXT.count("\n") + 1


def test_a_wrong_line_is_the_one_that_is_named() -> None:
    with pytest.raises(PackError) as caught:
        kinds.parse(TEXT.replace("entitled: participants", "entitled: everybody"), "mine.yaml")
    number = next(n for n, line in enumerate(TEXT.splitlines(), 1) if "entitled: participants" in line)
    assert caught.value.problems == (
        f"mine.yaml:{number}: talk.entitled is none of members, posts, participants",
    )


@pytest.mark.parametrize("kind", ACTIVITY_KINDS)
def test_each_kind_is_content_with_what_it_asks_for_and_asks_for_no_more(kind: str) -> None:
    given = DETAILS.get(kind, {})
    assert set(details.asked(KINDS[kind], "submit")) <= set(given)
    assert set(details.checked(KINDS[kind], given, "submit")) == set(given)
    assert len(details.asked(KINDS[kind], "submit")) <= 2


@settings(deadline=None)
@given(kind=st.sampled_from(ACTIVITY_KINDS), stage=st.sampled_from(kinds.STAGES), chosen=st.data())
def test_what_is_missing_is_refused_at_its_place_with_pack_article_and_what_is_accepted(
    kind: str, stage: str, chosen: Any
) -> None:
    asked = details.asked(KINDS[kind], stage)
    left_out = set(chosen.draw(st.lists(st.sampled_from(asked), unique=True))) if asked else set()
    given = {name: value for name, value in DETAILS.get(kind, {}).items() if name not in left_out}
    if not left_out:
        assert details.checked(KINDS[kind], given, stage) == details.checked(KINDS[kind], given, None)
        return
    wrong = refused(kind, given, stage)
    assert wrong.code == "activity.detail_missing"
    assert wrong.fields == {
        f"details.{name}": ["activity.detail_missing"] for name in asked if name in left_out
    }
    assert wrong.params["pack"] == "activity-kinds-default"
    assert wrong.params["article"] == KINDS[kind].article
    assert wrong.params["accepted"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(sorted({name for kind in KINDS.values() for name in kind.details})) | st.text(
    max_size=9
)


@settings(deadline=None)
@given(kind=st.sampled_from(ACTIVITY_KINDS), given=st.dictionaries(NAMES, JSON, max_size=5))
def test_whatever_is_sent_is_kept_as_it_should_be_or_refused(kind: str, given: dict[str, Any]) -> None:
    details.people(KINDS[kind], given)
    try:
        kept = details.checked(KINDS[kind], given, None)
    except Invalid:
        return
    assert set(kept) <= set(KINDS[kind].details)
    assert details.checked(KINDS[kind], kept, None) == kept


def test_a_field_of_another_kind_is_refused_with_those_there_are() -> None:
    wrong = refused("theme_day", {"speaker": "某某"})
    assert (wrong.code, wrong.fields) == ("activity.detail_unknown", {"details.speaker": [wrong.code]})
    assert wrong.params["accepted"] == "theme, duration"


def test_of_several_wrong_fields_each_is_told_what_it_accepts() -> None:
    """All were said in the words of the first."""
    wrong = refused("theme_day", {"theme": 5, "duration": "long", "speaker": "某某"})
    accepted = {path: params["accepted"] for path, params in wrong.field_params.items()}
    assert accepted == {
        "details.theme": "1–120",
        "details.duration": "1–1440",
        "details.speaker": "theme, duration",
    }


def meeting(kind: str = "democratic_life_meeting", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "held_on": HELD.isoformat(), "expected": 9, "present": 9, "details": {}, **more}


@settings(deadline=None)
@given(expected=st.integers(1, 40), present=st.integers(0, 40))
def test_two_thirds_are_present_counted_in_whole_people(expected: int, present: int) -> None:
    state = meeting(expected=expected, present=min(present, expected))
    if 3 * state["present"] >= 2 * expected:
        assert rules.judged(state, HELD, conduct()) == []
        return
    with pytest.raises(Invalid, match=r"activity\.too_few_present") as caught:
        rules.judged(state, HELD, conduct())
    least = caught.value.params["least"]
    assert 3 * least >= 2 * expected > 3 * (least - 1)
    assert caught.value.params["pack"] == "activity-conduct-default"


@pytest.mark.parametrize(("days", "late"), [(0, False), (15, False), (16, True)])
@pytest.mark.parametrize("said", [True, False])
def test_a_report_after_fifteen_days_is_remarked_and_stops_nothing(days: int, late: bool, said: bool) -> None:
    day = HELD + timedelta(days=days)
    state = meeting(details={"reported_on": day.isoformat()} if said else {})
    remarks = rules.judged(state, HELD + timedelta(days=60) if said else day, conduct())
    assert [each["code"] for each in remarks] == (["activity.report_late"] if late else [])


@settings(deadline=None)
@given(
    excellent=st.integers(0, 20),
    qualified=st.integers(0, 20),
    basically=st.integers(0, 5),
    expected=st.integers(1, 50),
)
def test_excellent_is_a_third_at_most_and_nobody_is_graded_who_is_not_entitled(
    excellent: int, qualified: int, basically: int, expected: int
) -> None:
    grades = {"excellent": excellent, "qualified": qualified, "basically_qualified": basically}
    state = meeting("democratic_appraisal", expected=expected, details={"grades": grades})
    total = sum(grades.values())
    if total <= expected and 3 * excellent <= total:
        assert rules.judged(state, HELD, conduct()) == []
        return
    with pytest.raises(Invalid) as caught:
        rules.judged(state, HELD, conduct())
    code = "more_graded_than_entitled" if total > expected else "too_many_excellent"
    assert caught.value.code == f"activity.{code}"
