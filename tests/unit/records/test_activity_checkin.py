"""Which codes are taken when, how often one may be wrong, and what attendance is drafted from it."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Invalid
from services.records.activities import checkin, participation
from tests.unit.records.activity_kinds import conduct

OPENED = datetime(2026, 9, 10, 6, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def opening(minutes: int | None = None) -> checkin.Opening:
    return checkin.opened("x", "2026-09-10", "2026-09-10", OPENED, minutes, conduct())


def code(of: checkin.Opening, window: int) -> str:
    return checkin.code_of(hashlib.sha256(of.secret(window).encode()).hexdigest())


@settings(deadline=None)
@given(window=st.integers(0, 29), waited=st.integers(0, 200))
def test_a_code_is_taken_for_twice_its_window_and_never_after_closing(window: int, waited: int) -> None:
    of = opening(30)
    begins = OPENED + timedelta(seconds=of.seconds * window)
    now = begins + timedelta(seconds=waited)
    assert (window in of.taken(now)) is (waited < 2 * of.seconds and now < of.closes_at)
    assert window not in of.taken(begins - SECOND)
    assert 60 <= 2 * of.seconds <= 120


@settings(deadline=None)
@given(seconds=st.integers(-100, 4000))
def test_codes_are_taken_from_the_opening_until_the_closing(seconds: int) -> None:
    of, now = opening(30), OPENED + timedelta(seconds=seconds)
    assert bool(of.taken(now)) is (0 <= seconds < 1800)
    assert all(number >= 0 for number in of.taken(now))
    if of.taken(now):
        assert now < of.ends(of.window(now)) <= of.closes_at


def test_another_opening_has_other_codes_and_all_have_six_digits() -> None:
    first = opening()
    second = checkin.Opening("x", OPENED + SECOND, first.closes_at, first.seconds)
    codes = [code(of, window) for of in (first, second) for window in range(20)]
    assert all(len(each) == 6 and each.isdigit() for each in codes)
    assert len(set(codes)) > 35
    assert checkin.code_of("0") == "000000"
    assert checkin.restored(checkin.kept(first)) == first


def test_check_in_opens_on_the_day_alone_and_not_for_longer_than_the_pack_says() -> None:
    with pytest.raises(Conflict, match=r"check_in\.not_today"):
        checkin.opened("x", "2026-09-11", "2026-09-10", OPENED, None, conduct())
    with pytest.raises(Invalid, match=r"check_in\.too_long") as refused:
        opening(241)
    assert refused.value.params["most"] == 240
    assert refused.value.params["article"] == "第五条"


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 400)), max_size=30))
def test_after_five_wrong_codes_in_ten_minutes_the_right_one_does_not_help(
    tried: list[tuple[bool, int]],
) -> None:
    state, now, wrong = participation.silent("x", "p"), OPENED, []
    for right, waited in tried:
        now += timedelta(seconds=waited)
        recent = [each for each in wrong if each > now - timedelta(minutes=10)]
        given = {"right": right, "now": now, "wrong_codes": conduct()["wrong_codes"]}
        if state["checked_in_at"] is not None:
            assert participation.check_in(state, **given) is None
        elif len(recent) >= 5:
            with pytest.raises(Conflict, match=r"check_in\.too_many_wrong") as refused:
                participation.check_in(state, **given)
            assert refused.value.params["most"] == 5
        else:
            change = participation.check_in(state, **given)
            assert change is not None
            state = dict(change.state)
            assert (state["checked_in_at"] == now) is right
            wrong = [] if right else [*recent, now]


def said(person: str, **more: Any) -> dict[str, Any]:
    return {**participation.silent("x", person), **more}


def test_attendance_is_drafted_from_what_everybody_said_and_silence_is_no_presence() -> None:
    drafted = participation.drafted(
        {"here", "ill", "coming", "silent"},
        [
            said("here", answer="excused", cause="duty", checked_in_at=OPENED),
            said("ill", answer="excused", cause="illness"),
            said("coming", answer="coming"),
            said("observer", checked_in_at=OPENED),
            said("stayed away", answer="coming"),
        ],
    )
    assert {(each["person"], each["state"], each["source"]) for each in drafted} == {
        ("here", "present", "check_in"),
        ("ill", "excused", "reply"),
        ("coming", "absent", "reply"),
        ("silent", "absent", "none"),
        ("observer", "present", "check_in"),
    }


def test_an_excuse_says_why_and_the_last_word_before_the_day_is_over_counts() -> None:
    activity = {"state": "planned", "held_on": "2026-09-10"}
    day = date(2026, 9, 10)
    with pytest.raises(Invalid, match=r"attendance\.reason_missing"):
        participation.reply(said("p"), {"answer": "excused"}, activity, day)
    first = participation.reply(said("p"), {"answer": "excused", "cause": "illness"}, activity, day)
    assert first is not None
    again = participation.reply(first.state, {"answer": "coming"}, activity, day)
    assert again is not None
    assert (again.state["answer"], again.state["cause"]) == ("coming", None)
    assert participation.reply(again.state, {"answer": "coming"}, activity, day) is None
    with pytest.raises(Conflict, match=r"activity\.over"):
        participation.reply(first.state, {"answer": "coming"}, activity, day + timedelta(days=1))
