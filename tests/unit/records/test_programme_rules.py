"""Programmes as pure rules: what counts towards a target, for whom, and on which days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Invalid
from services.records.programmes import model

TODAY = date(2026, 9, 10)
TARGETS = [
    {"name": "联合党日", "number": 4, "unit": "次", "owed_by": "programme", "counts": "activities"},
    {"name": "参加党课", "number": 2, "unit": "次", "owed_by": "person", "counts": "activities"},
    {"name": "志愿服务", "number": 20, "unit": "小时", "owed_by": "person", "counts": "entries"},
    {"name": "获奖", "number": 3, "unit": "项", "owed_by": "programme", "counts": "entries"},
]
PLACE = {"person": "p", "mentor": "m", "since": "2026-03-01", "until": "2026-08-31"}


def opened(**more: Any) -> dict[str, Any]:
    given_ = {
        "organisation": "o",
        "kind": "quality",
        "title": "素质工程",
        "from_year": 2026,
        "to_year": 2028,
        "targets": TARGETS,
        **more,
    }
    return dict(model.open_programme("g", given_, today=TODAY).state)


def held(on: str, present: str | None = "p", state: str = "approved") -> dict[str, Any]:
    attendance = [{"person": present, "state": "present"}] if present else []
    return {"held_on": on, "state": state, "attendance": attendance}


def entry(target: str = "t3", number: int = 2, person: str | None = "p", **more: Any) -> dict[str, Any]:
    said = {"target": target, "number": number, "person": person, "on": date(2026, 5, 1), "text": "证明"}
    given_ = {**said, "attachments": [], **more}
    return dict(model.enter("e", "g", opened(), PLACE, given_, by="w", today=TODAY).state)


def test_a_persons_target_counts_approved_activities_of_their_days_at_which_they_were_present() -> None:
    state: Mapping[str, Any] = opened()
    activities = {
        "a": held("2026-05-01"),
        "b": held("2026-02-28"),
        "c": held("2026-09-01"),
        "d": held("2026-08-31"),
        "e": held("2026-05-02", present="q"),
        "f": held("2026-05-03", state="submitted"),
    }
    for activity in (*activities, "gone"):
        for target in ("t1", "t2"):
            changed = model.link("g", state, target=target, activity=activity, linked=True)
            assert changed is not None
            state = changed.state
    mine = {each["id"]: each["done"] for each in model.progress(state, PLACE, activities, [])}
    assert mine == {"t2": 2, "t3": 0}
    whole = {each["id"]: each["done"] for each in model.progress(state, None, activities, [])}
    assert whole == {"t1": 5, "t2": None, "t3": None, "t4": 0}


@given(numbers=st.lists(st.integers(1, 100), max_size=8), data=st.data())
def test_what_is_struck_counts_as_if_it_had_not_been_entered(numbers: list[int], data: st.DataObject) -> None:
    entries = [entry(number=each) for each in numbers]
    struck = data.draw(st.sets(st.integers(0, max(len(numbers) - 1, 0)))) if numbers else set()
    after = [
        model.strike("e", each, reason="重复").state if position in struck else each
        for position, each in enumerate(entries)
    ]
    [own] = [each for each in model.progress(opened(), PLACE, {}, after) if each["id"] == "t3"]
    assert own["done"] == sum(each for position, each in enumerate(numbers) if position not in struck)


@given(links=st.lists(st.tuples(st.sampled_from(["t1", "t2"]), st.sampled_from("abc"), st.booleans())))
def test_a_link_is_there_once_or_not_at_all(links: list[tuple[str, str, bool]]) -> None:
    state: Mapping[str, Any] = opened()
    expected: set[tuple[str, str]] = set()
    for target, activity, linked in links:
        changed = model.link("g", state, target=target, activity=activity, linked=linked)
        assert (changed is None) == (((target, activity) in expected) == linked)
        state = changed.state if changed else state
        expected = expected | {(target, activity)} if linked else expected - {(target, activity)}
    kept = [(each["target"], each["activity"]) for each in state["links"]]
    assert (len(kept), set(kept)) == (len(expected), expected)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"target": "t2"}, "programme.target_unfit"),
        ({"target": "t9"}, "programme.target_unfit"),
        ({"target": "t4"}, "programme.person_unfit"),
        ({"person": None}, "programme.person_unfit"),
        ({"on": TODAY + timedelta(days=1)}, "programme.entry_in_future"),
        ({"on": date(2026, 2, 28)}, "programme.not_in_cohort"),
        ({"on": date(2026, 9, 1)}, "programme.not_in_cohort"),
    ],
)
def test_what_is_entered_wrongly_is_refused(more: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        entry(**more)
    assert refused.value.code == code


def test_after_its_end_nothing_of_a_programme_changes() -> None:
    ended = model.close("g", opened(), summary="完成").state
    place = {"person": "p", "mentor": None, "since": TODAY, "until": None}
    said = {"target": "t3", "number": 1, "person": "p", "on": TODAY, "text": "x", "attachments": []}
    for attempt in (
        lambda: model.close("g", ended, summary="又"),
        lambda: model.link("g", ended, target="t1", activity="a", linked=True),
        lambda: model.member("g", ended, None, place),
        lambda: model.enter("e", "g", ended, PLACE, said, by="w", today=TODAY),
    ):
        with pytest.raises(Conflict, match=r"programme\.closed"):
            attempt()
    with pytest.raises(Conflict, match=r"programme\.entry_struck"):
        model.strike("e", model.strike("e", entry(), reason="x").state, reason="x")


def test_a_mentor_is_somebody_else_and_stays_until_another_is_named() -> None:
    given_ = {"person": "p", "mentor": "m", "since": TODAY, "until": None}
    with pytest.raises(Invalid, match=r"programme\.own_mentor"):
        model.member("g", opened(), None, {**given_, "mentor": "p"})
    first = model.member("g", opened(), None, given_)
    assert first is not None
    assert model.member("g", opened(), first.state, given_) is None
    del given_["mentor"]
    ended = model.member("g", opened(), first.state, {**given_, "until": TODAY})
    assert ended is not None
    assert (ended.state["mentor"], ended.state["until"]) == ("m", "2026-09-10")


@pytest.mark.parametrize("years", [(2024, 2026), (2028, 2029), (2026, 2025), (2026, 2032)])
def test_the_years_of_a_programme_are_near_and_few(years: tuple[int, int]) -> None:
    with pytest.raises(Invalid) as refused:
        opened(from_year=years[0], to_year=years[1])
    assert refused.value.params["accepted"]
