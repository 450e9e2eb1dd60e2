"""The life of an activity as pure rules."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Forbidden, Invalid, Refusal
from services.contracts.kinds import ACTIVITY_KINDS, ORGANISATION_KINDS
from services.contracts.records_events import ActivityApproved
from services.records.activities import beginnings
from services.records.activities import model as rules
from tests.unit.records.activity_kinds import DETAILS, KINDS, conduct

TODAY = date(2026, 9, 10)
BRANCH = {"kind": "branch", "active": True, "founded_on": "2019-03-01"}
THEME_DAY = KINDS["theme_day"]
DAYS = st.dates(date(2019, 3, 1), TODAY)


def planned(held_on: date = TODAY, kind: str = "theme_day") -> dict[str, Any]:
    given = {"organisation": "b", "title": "主题党日", "held_on": held_on}
    return dict(beginnings.plan("a", given, BRANCH, KINDS[kind], TODAY).state)


def recorded(
    before: dict[str, Any],
    *,
    today: date = TODAY,
    entitled: set[str] | None = None,
    by: str = "w",
    **more: Any,
) -> dict[str, Any]:
    """``before`` with a record of it; without ``entitled`` whoever is listed is so."""
    given = {
        "attendance": [{"person": "p", "state": "present"}],
        "minutes": "记录",
        "details": DETAILS.get(before["kind"], {}),
        **more,
    }
    listed = {entry["person"] for entry in given["attendance"]}
    change = rules.record(
        "a",
        before,
        given,
        kind=KINDS[before["kind"]],
        entitled=listed if entitled is None else entitled,
        by=by,
        today=today,
        window_days=7,
    )
    return dict(change.state) if change else before


def submitted(state: dict[str, Any], *, by: str = "w") -> dict[str, Any]:
    kind = KINDS[state["kind"]]
    return dict(rules.submit("a", state, kind=kind, by=by, today=TODAY, rulings=conduct()).state)


@given(held_on=DAYS, waited=st.integers(0, 30))
def test_an_entry_is_late_from_the_day_after_the_window(held_on: date, waited: int) -> None:
    state = recorded(planned(held_on), today=held_on + timedelta(days=waited))
    assert state["late"] is (waited > 7)
    assert state["held_on"] == held_on.isoformat()
    assert state["entered_on"] == (held_on + timedelta(days=waited)).isoformat()


@given(again=st.lists(st.tuples(st.integers(0, 40), st.none() | st.integers(-20, 0)), max_size=6))
def test_what_was_late_once_stays_late_and_the_first_entry_counts(
    again: list[tuple[int, int | None]],
) -> None:
    held_on = TODAY - timedelta(days=20)
    state = recorded(planned(held_on))
    assert state["late"] is True
    for days, moved in again:
        more = {} if moved is None else {"held_on": TODAY + timedelta(days=moved)}
        state = recorded(state, today=TODAY + timedelta(days=days), minutes=f"第{days}次", **more)
        assert state["late"] is True
        assert state["entered_on"] == TODAY.isoformat()


@given(
    st.lists(
        st.tuples(st.sampled_from(("present", "absent", "excused")), st.sampled_from((None, "", "出差"))),
        max_size=30,
    )
)
def test_everybody_listed_is_counted_once(entries: list[tuple[str, str | None]]) -> None:
    attendance = [
        {"person": f"p{number}", "state": state, "reason": reason}
        for number, (state, reason) in enumerate(entries)
    ]
    missing = [entry for entry in attendance if entry["state"] == "excused" and not entry["reason"]]
    if missing:
        with pytest.raises(Invalid, match=r"attendance\.reason_missing"):
            recorded(planned(), attendance=attendance)
        return
    state = recorded(planned(), attendance=attendance)
    counted = [entry["state"] for entry in attendance]
    assert state["expected"] == len(counted)
    assert (state["present"], state["excused"]) == (counted.count("present"), counted.count("excused"))


PEOPLE = st.sets(st.sampled_from([f"p{number}" for number in range(12)]), max_size=12)


@given(entitled=PEOPLE, listed=PEOPLE)
def test_all_who_are_entitled_are_listed_and_nobody_else_counts(entitled: set[str], listed: set[str]) -> None:
    attendance = [{"person": person, "state": "present"} for person in sorted(listed)]
    missing = entitled - listed
    if missing:
        with pytest.raises(Invalid, match=r"attendance\.incomplete") as refused:
            recorded(planned(), entitled=entitled, attendance=attendance)
        assert refused.value.params == {"missing": len(missing), "accepted": ", ".join(sorted(missing))}
        return
    state = recorded(planned(), entitled=entitled, attendance=attendance)
    assert (state["expected"], state["present"]) == (len(entitled), len(entitled))
    assert {entry["person"] for entry in state["attendance"] if entry["guest"]} == listed - entitled


def test_to_a_talk_only_those_belong_who_took_part() -> None:
    attendance = [{"person": person, "state": "present"} for person in ("p1", "p2", "stranger")]
    state = recorded(planned(kind="talk"), entitled={"p1", "p2", "p3"}, attendance=attendance)
    assert (state["expected"], state["present"]) == (2, 2)


def test_an_approved_talk_tells_who_of_the_committee_was_there() -> None:
    def approved(kind: str) -> dict[str, Any]:
        there = [{"person": person, "state": "present"} for person in ("p1", "p2")]
        handed_in = submitted(recorded(planned(kind=kind), attendance=there))
        verdict: dict[str, Any] = {"verdict": "approve", "comment": None, "by": "above", "today": TODAY}
        return dict(rules.review("a", handed_in, **verdict, committee={"p2", "p9"}).events[0].data)

    assert approved("talk")["committee"] == ["p2"]
    assert "committee" not in approved("theme_day")


def test_nobody_is_listed_twice() -> None:
    twice = [{"person": "p", "state": "present"}, {"person": "p", "state": "absent"}]
    with pytest.raises(Invalid) as refused:
        recorded(planned(), attendance=twice)
    assert refused.value.fields == {"attendance.1.person": ["attendance.twice"]}


def test_what_has_not_been_held_is_not_recorded() -> None:
    with pytest.raises(Invalid, match=r"activity\.in_future"):
        recorded(planned(TODAY + timedelta(days=1)))


def test_recording_the_same_again_is_no_event() -> None:
    state = recorded(planned())
    given = {"attendance": [{"person": "p", "state": "present"}], "minutes": "记录"}
    kind = KINDS["theme_day"]
    again = rules.record("a", state, given, kind=kind, entitled={"p"}, by="w", today=TODAY, window_days=7)
    assert again is None


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"minutes": None}, "activity.minutes_missing"),
        ({"attendance": [{"person": "p", "state": "absent"}]}, "activity.nobody_present"),
    ],
)
def test_a_review_needs_attendance_and_minutes(more: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid, match=code):
        submitted(recorded(planned(), **more))


def test_nobody_reviews_what_they_submitted() -> None:
    handed_in = submitted(recorded(planned()))
    with pytest.raises(Forbidden, match=r"activity\.own_record"):
        rules.review("a", handed_in, verdict="approve", comment=None, by="w", today=TODAY)


def test_nobody_reviews_what_they_had_a_hand_in_whoever_recorded_it_anew_or_submitted_it() -> None:
    first = recorded(planned(), by="first")
    again = recorded(first, by="second", minutes="补充")
    handed_in = submitted(again, by="third")
    for by in ("first", "second", "third"):
        with pytest.raises(Forbidden, match=r"activity\.own_record"):
            rules.review("a", handed_in, verdict="approve", comment=None, by=by, today=TODAY)
    approved = rules.review("a", handed_in, verdict="approve", comment=None, by="above", today=TODAY)
    assert approved.state["state"] == "approved"


@pytest.mark.parametrize("kind", ACTIVITY_KINDS)
@pytest.mark.parametrize("holder", ORGANISATION_KINDS)
def test_each_kind_is_held_only_where_the_rules_know_it(kind: str, holder: str) -> None:
    organisation = {**BRANCH, "kind": holder}
    given = {"organisation": "o", "title": "题", "held_on": TODAY}
    if holder in KINDS[kind].holders:
        assert beginnings.plan("a", given, organisation, KINDS[kind], TODAY).state["state"] == "planned"
    else:
        with pytest.raises(Invalid, match=r"activity\.kind_unfit") as refused:
            beginnings.plan("a", given, organisation, KINDS[kind], TODAY)
        assert refused.value.params["article"] == KINDS[kind].article


def test_nothing_is_planned_before_the_founding_nor_for_who_is_gone_nor_years_ahead() -> None:
    for organisation, held_on, code in (
        (BRANCH, date(2019, 2, 28), "before_founding"),
        ({**BRANCH, "active": False}, TODAY, "inactive"),
        (BRANCH, TODAY + timedelta(days=800), "too_far_ahead"),
    ):
        given = {"organisation": "b", "title": "题", "held_on": held_on}
        with pytest.raises(Invalid, match=code):
            beginnings.plan("a", given, organisation, KINDS["theme_day"], TODAY)


@given(
    expected=st.integers(0, 60),
    present=st.integers(0, 60),
    excused=st.integers(0, 60),
    waited=st.integers(-3, 30),
)
def test_a_record_taken_over_is_sound_or_refused(
    expected: int, present: int, excused: int, waited: int
) -> None:
    held_on = TODAY - timedelta(days=30)
    given = {
        "organisation": "b",
        "title": "题",
        "held_on": held_on,
        "entered_on": held_on + timedelta(days=waited),
        "expected": expected,
        "present": present,
        "excused": excused,
        "has_minutes": True,
    }
    if waited < 0 or present + excused > expected:
        with pytest.raises(Invalid):
            beginnings.take_over("a", given, BRANCH, kind=KINDS["theme_day"], today=TODAY, window_days=7)
        return
    change = beginnings.take_over("a", given, BRANCH, kind=KINDS["theme_day"], today=TODAY, window_days=7)
    event = ActivityApproved.encode(change.events[0].data)
    assert event["imported"] is True
    assert event["late"] is (waited > 7)


class Life(RuleBasedStateMachine):
    """Whatever is tried in whatever order, a record moves only along its states, one event a step."""

    def __init__(self) -> None:
        super().__init__()
        self.state = planned()
        self.approvals = 0
        self.steps = 1

    def _try(self, decide: Any, allowed: set[str]) -> None:
        before = self.state
        try:
            change = decide()
        except Refusal:
            return
        if change is None:
            return
        assert before["state"] in allowed
        assert len(change.events) == 1
        change.events[0].contract.encode(change.events[0].data)
        self.state = dict(change.state)
        self.steps += 1

    @rule(minutes=st.sampled_from((None, "甲", "乙")), present=st.booleans())
    def record(self, minutes: str | None, present: bool) -> None:
        given = {
            "attendance": [{"person": "p", "state": "present" if present else "absent"}],
            "minutes": minutes,
        }
        self._try(
            lambda: rules.record(
                "a",
                self.state,
                given,
                kind=THEME_DAY,
                entitled={"p"},
                by="w",
                today=TODAY,
                window_days=7,
            ),
            {"planned", "recorded", "returned"},
        )

    @rule(by=st.sampled_from(("w", "r")))
    def submit(self, by: str) -> None:
        self._try(lambda: self._submitted(by), {"recorded"})

    def _submitted(self, by: str) -> Change:
        return rules.submit("a", self.state, kind=THEME_DAY, by=by, today=TODAY, rulings=conduct())

    @rule(
        verdict=st.sampled_from(("approve", "return")),
        comment=st.sampled_from((None, "缺")),
        by=st.sampled_from(("w", "r")),
    )
    def review(self, verdict: str, comment: str | None, by: str) -> None:
        before = self.state
        self._try(
            lambda: rules.review("a", before, verdict=verdict, comment=comment, by=by, today=TODAY),
            {"submitted"},
        )
        if self.state["state"] == "approved" and before["state"] != "approved":
            self.approvals += 1

    @precondition(lambda self: self.state["state"] == "approved")
    @rule()
    def change_nothing_after_approval(self) -> None:
        with pytest.raises(Conflict):
            self._submitted("w")

    @invariant()
    def what_counts_was_reviewed_with_minutes_and_people(self) -> None:
        assert self.approvals <= 1
        if self.state["state"] in ("submitted", "approved"):
            assert self.state["present"]
            assert self.state["has_minutes"]
        for said in self.state["reviews"]:
            assert said["verdict"] == "approve" or said["comment"]


Life.TestCase.settings = settings(max_examples=25, deadline=None)
TestLife = Life.TestCase


@given(st.lists(st.tuples(st.none() | st.integers(-3, 40), st.none() | st.just("p")), max_size=5))
def test_what_was_decided_is_never_due_before_the_meeting(given_ones: list[tuple[int | None, Any]]) -> None:
    decisions = [
        {"text": "办", "responsible": who, "due_on": None if days is None else TODAY + timedelta(days=days)}
        for days, who in given_ones
    ]
    early = [position for position, (days, _) in enumerate(given_ones) if days is not None and days < 0]
    if early:
        with pytest.raises(Invalid, match=r"decision\.due_before_held") as refused:
            recorded(planned(), decisions=decisions)
        assert set(refused.value.fields) == {f"decisions.{position}.due_on" for position in early}
        assert refused.value.params == {"earliest": TODAY.isoformat()}
        return
    state = recorded(planned(), decisions=decisions)
    assert [each["responsible"] for each in state["decisions"]] == [who for _, who in given_ones]
