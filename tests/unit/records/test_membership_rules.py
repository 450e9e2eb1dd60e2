"""Where people belonged, as pure rules."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.errors import Invalid
from services.records.directory import persons
from services.records.membership import model as rules

TODAY = date(2026, 9, 10)
PLACE = {"kind": "branch", "active": True, "path": ["r", "s", "b"]}
MEMBERS = ("member", "probationary")
_STANDINGS = st.fixed_dictionaries(
    {
        "organisation": st.sampled_from(("b", "c", "g")),
        "political_status": st.sampled_from(("none", "activist", "probationary", "member")),
        "active": st.booleans(),
    }
)
_STEPS = st.lists(st.tuples(_STANDINGS, st.integers(0, 40)), max_size=12)
_FIRST = st.one_of(st.none(), st.just(TODAY))


def person(**more: Any) -> dict[str, Any]:
    given = {"number": "1", "name": "甲", "political_status": "member", "organisation": "b", **more}
    return dict(persons.enter_person("p", given, PLACE, TODAY).state)


def lived(first: date | None, standing: dict[str, Any], steps: list[tuple[dict[str, Any], int]]) -> Any:
    """The spells after ``steps``, and by day what was last said on it or before."""
    spells, day = rules.begin(standing, first), TODAY
    said = {TODAY: standing}
    for each, days in steps:
        day += timedelta(days=days)
        spells = rules.follow(spells, each, day)
        said[day] = each
    return spells, said, day


@settings(deadline=None)
@given(_FIRST, _STANDINGS, _STEPS)
def test_spells_leave_no_gap_and_never_overlap(
    first: date | None, standing: dict[str, Any], steps: list[tuple[dict[str, Any], int]]
) -> None:
    spells, _, _ = lived(first, standing, steps)
    assert spells[-1]["until"] is None
    for before, after in pairwise(spells):
        assert date.fromisoformat(before["until"]) + timedelta(days=1) == date.fromisoformat(after["since"])
        assert before["since"] is None or before["since"] <= before["until"]
        assert any(before[name] != after[name] for name in rules.STANDING)


@settings(deadline=None)
@given(_FIRST, _STANDINGS, _STEPS)
def test_each_day_has_the_standing_that_was_said_last(
    first: date | None, standing: dict[str, Any], steps: list[tuple[dict[str, Any], int]]
) -> None:
    spells, said, last = lived(first, standing, steps)
    current = standing
    for offset in range((last - TODAY).days + 2):
        day = TODAY + timedelta(days=offset)
        current = said.get(day, current)
        spell = rules.on(spells, day)
        assert spell is not None
        assert {name: spell[name] for name in rules.STANDING} == current


def test_a_change_before_the_present_spell_is_refused_with_the_days_that_would_do() -> None:
    entered = person(since=date(2026, 9, 1))
    with pytest.raises(Invalid, match=r"person\.since_too_early") as refused:
        persons.change_person("p", entered, {"organisation": "c", "since": date(2026, 8, 31)}, PLACE, TODAY)
    assert refused.value.params == {"accepted": "2026-09-01 …"}
    moved = persons.change_person(
        "p", entered, {"organisation": "c", "since": date(2026, 9, 5)}, PLACE, TODAY
    )
    assert moved is not None
    assert [(each["organisation"], each["since"], each["until"]) for each in moved.state["spells"]] == [
        ("b", "2026-09-01", "2026-09-04"),
        ("c", "2026-09-05", None),
    ]
    assert moved.state["belonged"] == ["b", "c"]
    assert moved.events[0].data["since"] == date(2026, 9, 5)
    with pytest.raises(Invalid, match=r"person\.since_in_future"):
        persons.change_person("p", entered, {"organisation": "c", "since": date(2026, 9, 11)}, PLACE, TODAY)


def test_what_is_no_change_of_standing_begins_no_spell() -> None:
    entered = person()
    renamed = persons.change_person("p", entered, {"name": "乙"}, None, TODAY)
    assert renamed is not None
    assert renamed.state["spells"] == entered["spells"]
    assert "since" not in renamed.state
    assert persons.change_person("p", entered, {"since": TODAY}, None, TODAY) is None


def test_who_was_a_member_is_told_by_the_day() -> None:
    entered = person(joined_on=date(2026, 3, 1))
    assert rules.member_on(entered, ["b"], MEMBERS, date(2026, 3, 1))
    assert not rules.member_on(entered, ["b"], MEMBERS, date(2026, 2, 28))
    left = persons.change_person("p", entered, {"active": False}, None, TODAY)
    assert left is not None
    assert rules.member_on(left.state, ["b"], MEMBERS, date(2026, 9, 9))
    assert not rules.member_on(left.state, ["b"], MEMBERS, TODAY)
    assert not rules.member_on(entered, ["c"], MEMBERS, TODAY)
    assert rules.member_on(left.state, None, MEMBERS, date(2026, 9, 9))  # wherever it was
    assert not rules.member_on(left.state, None, MEMBERS, TODAY)
    assert not rules.member_on(person(political_status="activist"), ["b"], MEMBERS, TODAY)
    assert not rules.member_on(person(since=TODAY), ["b"], MEMBERS, date(2026, 9, 9))


def test_the_spells_of_a_year_are_those_that_touch_a_day_of_it() -> None:
    spells = membership_of(
        ("a", None, "2025-12-31"), ("b", "2026-01-01", "2026-06-30"), ("a", "2026-07-01", None)
    )
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    assert [each["since"] for each in rules.within(spells, "a", first, last)] == ["2026-07-01"]
    assert [each["since"] for each in rules.within(spells, "b", first, last)] == ["2026-01-01"]
    assert [each["since"] for each in rules.within(spells, "a", date(2025, 12, 31), last)] == [
        None,
        "2026-07-01",
    ]
    assert rules.within(spells, "c", first, last) == []


def membership_of(*spells: tuple[str, str | None, str | None]) -> list[dict[str, object]]:
    return [{"organisation": at, "since": since, "until": until} for at, since, until in spells]


@pytest.mark.parametrize(("told", "counts"), [(-30, 0), (0, 0), (7, 7)])
def test_what_is_told_late_counts_from_its_day_or_from_the_last_beginning(told: int, counts: int) -> None:
    standing = {"organisation": "b", "political_status": "probationary", "active": True}
    spells = rules.follow(rules.begin({**standing, "organisation": "c"}, None), standing, TODAY)
    day = TODAY + timedelta(days=told)
    since = rules.accepted(spells, day)
    assert since == TODAY + timedelta(days=counts)
    after = rules.follow(spells, {**standing, "political_status": "member"}, since)
    assert after[-1]["since"] == since.isoformat()
    assert rules.accepted(rules.begin(standing, None), day) == day
