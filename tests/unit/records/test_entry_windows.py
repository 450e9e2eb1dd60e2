"""Until when an activity is entered, and what an opening by the level above allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Invalid
from services.chassis.policies import Ruling, effective, load_all
from services.records.activities import beginnings as activities
from services.records.activities import windows as rules
from tests.unit.records.activity_kinds import KINDS, POLICIES

TODAY = date(2026, 9, 10)
RULINGS = effective(load_all(POLICIES, "entry-window-*.yaml"), TODAY)
LATEST, LONGEST = RULINGS["latest_entry"], RULINGS["longest_opening"]
WINDOW_DAYS = int(RULINGS["entry_window"].value)
THEME_DAY = KINDS["theme_day"]
BRANCH = {"kind": "branch", "active": True, "founded_on": "2019-03-01"}
FIRST, LAST, END = date(2026, 3, 1), date(2026, 3, 31), date(2026, 10, 1)


def window(**more: Any) -> dict[str, Any]:
    """What the dean opened: March, until the first of October."""
    given = {"organisation": "b", "held_from": FIRST, "held_until": LAST, "open_until": END, "reason": "交接"}
    opened = rules.open_window("w1", {**given, **more}, by="dean", today=TODAY, longest=LONGEST)
    return {"id": "w1", **opened.state}


def closed(before: dict[str, Any], today: date = TODAY) -> dict[str, Any]:
    change = rules.close_window("w1", before, reason="已录完", by="dean", today=today)
    return {"id": "w1", **change.state} if change else before


def planned(held_on: date) -> dict[str, Any]:
    given = {"organisation": "b", "title": "主题党日", "held_on": held_on}
    return dict(activities.plan("a", given, BRANCH, THEME_DAY, TODAY).state)


def entered(
    before: dict[str, Any], today: date, *openings: dict[str, Any], by: str = "writer", **more: Any
) -> dict[str, Any]:
    given = {"attendance": [{"person": "p", "state": "present"}], "minutes": "记录", **more}
    change = activities.record(
        "a",
        before,
        given,
        kind=THEME_DAY,
        entitled={"p"},
        by=by,
        today=today,
        window_days=WINDOW_DAYS,
        limit=rules.Limit(LATEST, openings),
    )
    return dict(change.state) if change else before


@pytest.mark.parametrize(("waited", "late"), [(7, False), (8, True), (90, True)])
def test_an_entry_is_in_time_then_late_for_ever(waited: int, late: bool) -> None:
    state = entered(planned(FIRST), FIRST + timedelta(days=waited))
    assert (state["late"], state["opened_by"]) == (late, None)


def test_the_day_after_the_last_is_refused_by_rule_pack_article_and_what_is_accepted() -> None:
    with pytest.raises(Invalid, match=r"activity\.entry_closed") as refused:
        entered(planned(FIRST), FIRST + timedelta(days=91))
    assert refused.value.fields == {"held_on": ["activity.entry_closed"]}
    assert refused.value.params == {
        "rule": "latest_entry",
        "pack": "entry-window-default",
        "article": LATEST.parameter.article,
        "latest": "2026-05-30",
    }


@pytest.mark.parametrize("held_on", [FIRST, LAST])
@pytest.mark.parametrize("today", [TODAY, END])
def test_under_an_opening_it_is_entered_from_its_first_day_to_its_last(held_on: date, today: date) -> None:
    state = entered(planned(held_on), today, window())
    assert (state["late"], state["opened_by"]) == (True, {"window": "w1", "reason": "交接"})


@pytest.mark.parametrize(
    ("held_on", "today", "by", "opening"),
    [
        (FIRST - timedelta(days=1), TODAY, "writer", window()),
        (LAST + timedelta(days=1), TODAY, "writer", window()),
        (FIRST, END + timedelta(days=1), "writer", window()),
        (FIRST, TODAY, "writer", closed(window())),
        (FIRST, TODAY, "dean", window()),  # nobody enters under what they opened themselves
    ],
)
def test_outside_of_an_opening_the_entry_stays_closed(
    held_on: date, today: date, by: str, opening: dict[str, Any]
) -> None:
    with pytest.raises(Invalid, match=r"activity\.entry_closed"):
        entered(planned(held_on), today, opening, by=by)


@given(
    waited=st.integers(0, 400),
    openings=st.lists(st.tuples(st.integers(-40, 40), st.integers(0, 30), st.booleans()), max_size=4),
)
def test_an_old_entry_is_made_exactly_where_an_opening_allows_it(
    waited: int, openings: list[tuple[int, int, bool]]
) -> None:
    held_on = TODAY - timedelta(days=waited)
    made = []
    for shift, length, over in openings:
        first = min(held_on + timedelta(days=shift), TODAY)
        last = min(first + timedelta(days=length), TODAY)
        one = window(held_from=first, held_until=last)
        made.append((first <= held_on <= last and not over, closed(one) if over else one))
    allowed = waited <= LATEST.value or any(fits for fits, _ in made)
    if not allowed:
        with pytest.raises(Invalid, match=r"activity\.entry_closed"):
            entered(planned(held_on), TODAY, *(one for _, one in made))
        return
    state = entered(planned(held_on), TODAY, *(one for _, one in made))
    assert state["late"] is (waited > WINDOW_DAYS)
    assert (state["opened_by"] is None) is (waited <= LATEST.value)


def test_what_was_entered_is_recorded_anew_whenever_but_not_moved_to_a_closed_day() -> None:
    entry = entered(planned(LAST), LAST)
    returned = {**entry, "state": "returned"}
    for before in (entry, returned):
        anew = entered(before, TODAY, minutes="补充")
        assert (anew["minutes"], anew["late"], anew["opened_by"]) == ("补充", False, None)
        with pytest.raises(Invalid, match=r"activity\.entry_closed"):
            entered(before, TODAY, held_on=FIRST)
        moved = entered(before, TODAY, window(), held_on=FIRST)
        assert (moved["late"], moved["opened_by"]["window"]) == (True, "w1")


def test_what_was_entered_under_an_opening_says_so_for_ever() -> None:
    entry = entered(planned(FIRST), TODAY, window())
    anew = entered(entry, END + timedelta(days=5), minutes="补充")
    assert (anew["late"], anew["opened_by"]) == (True, entry["opened_by"])
    moved = entered(anew, TODAY, held_on=TODAY)
    assert (moved["late"], moved["opened_by"]) == (True, entry["opened_by"])


@pytest.mark.parametrize(
    ("more", "field", "code", "accepted"),
    [
        ({"held_until": FIRST - timedelta(days=1)}, "held_until", "days_reversed", "2026-03-01"),
        ({"held_until": TODAY + timedelta(days=1)}, "held_until", "in_future", "2026-09-10"),
        ({"open_until": TODAY - timedelta(days=1)}, "open_until", "over", "2026-09-10"),
        ({"open_until": TODAY + timedelta(days=32)}, "open_until", "too_long", "2026-10-11"),
    ],
)
def test_an_opening_that_is_refused_says_what_would_be_accepted(
    more: dict[str, date], field: str, code: str, accepted: str
) -> None:
    with pytest.raises(Invalid, match=rf"entry_window\.{code}") as refused:
        window(**more)
    assert set(refused.value.fields) == {field}
    assert accepted in refused.value.params.values()
    if code == "too_long":
        assert (refused.value.params["rule"], refused.value.params["pack"]) == (
            "longest_opening",
            "entry-window-default",
        )


@pytest.mark.parametrize("days", [0, 31])
def test_an_opening_lasts_a_day_or_up_to_the_days_of_the_pack(days: int) -> None:
    last = TODAY + timedelta(days=days)
    opening = window(held_from=TODAY, held_until=TODAY, open_until=last)
    assert rules.is_open(opening, last)
    assert not rules.is_open(opening, last + timedelta(days=1))


def test_a_pack_of_the_university_shortens_an_opening() -> None:
    shorter = Ruling(replace(LONGEST.parameter, value=7), LONGEST.pack)
    given = {"organisation": "b", "held_from": FIRST, "held_until": LAST, "reason": "交接"}
    last = TODAY + timedelta(days=7)
    assert rules.open_window("w", {**given, "open_until": last}, by="d", today=TODAY, longest=shorter)
    day_after = last + timedelta(days=1)
    with pytest.raises(Invalid, match=r"entry_window\.too_long"):
        rules.open_window("w", {**given, "open_until": day_after}, by="d", today=TODAY, longest=shorter)


def test_what_is_closed_or_over_is_not_closed_again() -> None:
    opening = window()
    for over, today in ((closed(opening), TODAY), (opening, END + timedelta(days=1))):
        assert rules.close_window("w1", over, reason="再次关闭", by="dean", today=today) is None


def test_the_event_tells_days_and_no_reason() -> None:
    given = {"organisation": "b", "held_from": FIRST, "held_until": LAST, "open_until": END, "reason": "交接"}
    opened = rules.open_window("w1", given, by="dean", today=TODAY, longest=LONGEST)
    shut = rules.close_window("w1", opened.state, reason="已录完", by="dean", today=TODAY)
    assert shut is not None
    days = {"held_from": FIRST, "held_until": LAST, "open_until": END}
    for change, closed_on in ((opened, None), (shut, TODAY)):
        told = {"window": "w1", "organisation": "b", **days, "closed_on": closed_on}
        assert [each.data for each in change.events] == [told]
