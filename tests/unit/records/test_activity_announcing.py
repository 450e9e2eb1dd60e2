"""Notices, other plans, cancellations, what is made up for: whom it concerns is told, counts are true."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid, Refusal
from services.contracts.records_events import ActivityAnnounced, ActivityCancelled, ActivityMadeUp
from services.records.activities import announcing, beginnings, drafting, makeups, visibility
from services.records.activities import model as rules
from tests.unit.records.activity_kinds import KINDS, conduct

TODAY = date(2026, 9, 10)
BRANCH = {"kind": "branch", "active": True, "founded_on": "2019-03-01"}
MEMBERS = frozenset({"a", "b", "c"})
LATER = TODAY + timedelta(days=7)


def planned(kind: str = "theme_day", held_on: date = LATER, **more: Any) -> dict[str, Any]:
    given = {"organisation": "o", "title": "主题党日", "held_on": held_on, **more}
    return dict(beginnings.plan("x", given, BRANCH, KINDS[kind], TODAY).state)


def announced(state: dict[str, Any]) -> Change:
    change = announcing.announce("x", state, entitled=MEMBERS, today=TODAY)
    assert change is not None
    for event in change.events:
        event.contract.encode(event.data)
    return change


def told(change: Change) -> set[str]:
    return {person for event in change.events for person in event.data.get("invitees", ())}


def test_all_who_are_entitled_and_the_observers_are_told_where_nobody_is_named() -> None:
    change = announced(planned(observers=["guest"]))
    assert told(change) == {*MEMBERS, "guest"}
    assert change.state["people"] == sorted({*MEMBERS, "guest"})
    again = announcing.announce("x", change.state, entitled=MEMBERS, today=TODAY)
    assert again is None


@settings(deadline=None)
@given(count=st.integers(1, 1000))
def test_many_are_told_in_parts_that_together_are_all_of_them(count: int) -> None:
    people = [f"p{number}" for number in range(count)]
    change = announced(planned(invitees=people))
    assert told(change) == set(people)
    assert [event.data["part"] for event in change.events] == list(range(1, len(change.events) + 1))
    assert {event.data["parts"] for event in change.events} == {len(change.events)}
    assert all(len(event.data["invitees"]) <= 200 for event in change.events)


def test_nobody_is_told_of_what_is_over_or_of_nobody() -> None:
    with pytest.raises(Conflict, match=r"activity\.over"):
        announcing.announce("x", planned(held_on=date(2026, 9, 9)), entitled=MEMBERS, today=TODAY)
    with pytest.raises(Invalid, match=r"activity\.nobody_invited"):
        announcing.announce("x", planned(invitees=[]), entitled=MEMBERS, today=TODAY)


@pytest.mark.parametrize(
    ("more", "retold"),
    [
        ({"held_on": LATER + timedelta(days=1)}, True),
        ({"place": "礼堂"}, True),
        ({"starts_at": "14:30"}, True),
        ({"invitees": ["a", "d"]}, True),
        ({"title": "十月主题党日"}, False),
        ({"agenda": ["学习"]}, False),
    ],
)
def test_another_day_time_place_or_list_is_told_anew(more: dict[str, Any], retold: bool) -> None:
    before = announced(planned()).state
    given = {"title": "主题党日", "held_on": LATER, **more}
    change = announcing.replan(
        "x", before, given, BRANCH, kind=KINDS["theme_day"], entitled=MEMBERS, today=TODAY
    )
    assert change is not None
    notices = [event for event in change.events if event.contract is ActivityAnnounced]
    assert bool(notices) is retold
    assert all(event.data["moved"] for event in notices)


def test_a_talk_is_found_by_who_takes_part_and_who_writes_or_reviews_there() -> None:
    state = announced(planned("talk", invitees=["a", "b"])).state
    assert state["restricted"]
    for reader, reach, confided, found in (
        ("a", {"o"}, set(), True),
        ("a", None, set(), True),
        ("a", {"other"}, set(), False),
        ("c", {"o"}, set(), False),
        ("c", None, set(), False),
        ("c", {"o", "other"}, {"o"}, True),
        ("c", None, {"o"}, True),
        ("c", {"o"}, {"other"}, False),
        ("c", None, None, True),
        ("c", {"o"}, None, True),
        ("c", {"other"}, None, False),
    ):
        assert visibility.finds(state, reader, reach, confided) is found
    meeting = announced(planned()).state
    for reach, found in (({"o"}, True), (None, True), ({"other"}, False)):
        assert visibility.finds(meeting, "anybody", reach, set()) is found
        assert visibility.finds(meeting, "anybody", reach, None) is found


def test_an_event_of_a_talk_names_whom_it_concerns_and_one_of_an_open_meeting_nobody() -> None:
    (talk,) = announced(planned("talk", invitees=["a", "b"])).events
    assert (talk.data["restricted"], talk.data["concerned"]) == (True, ["a", "b"])
    (meeting,) = announced(planned()).events
    assert "concerned" not in meeting.data


# -- making up -------------------------------------------------------------------------------------

HELD = date(2026, 6, 1)


def recorded(states: dict[str, str]) -> dict[str, Any]:
    given = {
        "attendance": [
            {"person": person, "state": state, "cause": "illness" if state == "excused" else None}
            for person, state in states.items()
        ],
        "minutes": "记录",
    }
    change = rules.record(
        "x",
        planned(held_on=HELD),
        given,
        kind=KINDS["theme_day"],
        entitled=MEMBERS,
        by="w",
        today=TODAY,
        window_days=7,
    )
    assert change is not None
    return dict(change.state)


def made_up(state: dict[str, Any], person: str, on: date, today: date = TODAY) -> Change | None:
    given = {"person": person, "on": on, "how": "自学"}
    return makeups.make_up("x", state, given, by="w", today=today, window=conduct()["make_up_days"])


STATES = {"a": "present", "b": "absent", "c": "excused"}


@settings(deadline=None)
@given(days=st.integers(-3, 40))
def test_what_was_missed_is_made_up_within_thirty_days_and_never_counts_as_present(days: int) -> None:
    before, on = recorded(STATES), HELD + timedelta(days=days)
    if not 0 <= days <= 30:
        with pytest.raises(Invalid) as refused:
            made_up(before, "b", on)
        if days > 30:
            assert refused.value.params == {
                "rule": "make_up_days",
                "pack": "activity-conduct-default",
                "article": "第一条",
                "latest": "2026-07-01",
            }
        return
    change = made_up(before, "b", on)
    assert change is not None
    (event,) = change.events
    assert event.contract is ActivityMadeUp
    data = ActivityMadeUp.encode(event.data)
    assert (data["made_up"], data["present"], data["excused"]) == (1, 1, 1)
    assert made_up(dict(change.state), "b", on) is None
    with pytest.raises(Conflict, match=r"make_up\.done"):
        made_up(dict(change.state), "b", on + timedelta(days=1) if days < 30 else HELD)


@pytest.mark.parametrize("person", ["a", "stranger"])
def test_only_who_was_entitled_and_missing_makes_up(person: str) -> None:
    with pytest.raises(Invalid, match=r"make_up\.not_missing"):
        made_up(recorded(STATES), person, HELD)


def test_nothing_is_made_up_tomorrow() -> None:
    with pytest.raises(Invalid, match=r"activity\.in_future"):
        made_up(recorded(STATES), "b", HELD + timedelta(days=9), today=HELD + timedelta(days=8))


# -- drafts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "now", "said"),
    [
        ("2026年9月主题党日", date(2026, 10, 8), "2026年10月主题党日"),
        ("九月主题党日", date(2026, 12, 1), "十二月主题党日"),
        ("2026年12月31日总结会", date(2027, 1, 4), "2027年1月4日总结会"),
        ("学习七一讲话", date(2026, 10, 1), "学习七一讲话"),
        ("十二月九日运动纪念", date(2026, 10, 1), "十二月九日运动纪念"),
    ],
)
def test_a_title_follows_its_day_and_keeps_what_is_not_of_the_day(title: str, now: date, said: str) -> None:
    was = date(2026, 12, 31) if "31" in title else date(2026, 9, 3)
    assert drafting.retitled(title, was, now) == said


def test_what_came_of_the_last_meeting_is_not_said_of_the_next() -> None:
    kind = KINDS["organisational_life_meeting"]
    said = {"theme": "对照检查", "duration": 90, "criticism": True, "self_criticism": True}
    source = {"title": "组织生活会", "details": said}
    body = drafting.draft("o", kind, source, ["a"], LATER, TODAY)
    assert body["details"] == {"theme": "对照检查", "duration": 90}
    assert {"details.criticism", "details.self_criticism"} <= set(drafting.asked(kind, body))


@settings(deadline=None)
@given(was=st.dates(date(2020, 1, 1), date(2030, 1, 1)), now=st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_a_title_that_followed_its_day_follows_it_back(was: date, now: date) -> None:
    title = f"{was.year}年{was.month}月{was.day}日支委会"
    assert drafting.retitled(drafting.retitled(title, was, now), now, was) == title


# -- every way through -----------------------------------------------------------------------------


class Life(RuleBasedStateMachine):
    """Whatever is tried in whatever order, who was told is told of the end, and what is over stays over."""

    def __init__(self) -> None:
        super().__init__()
        self.state = planned()
        self.told: set[str] = set()
        self.cancelled: set[str] | None = None
        self.moment = TODAY

    def _try(self, decide: Any) -> None:
        before = self.state
        try:
            change = decide(before)
        except Refusal:
            return
        if change is None:
            return
        assert before["state"] != "cancelled", "nothing happens to what was cancelled"
        for event in change.events:
            event.contract.encode(event.data)
            if event.contract is ActivityAnnounced:
                self.told |= set(event.data["invitees"])
            if event.contract is ActivityCancelled:
                self.cancelled = (self.cancelled or set()) | set(event.data["invitees"])
        self.state = dict(change.state)

    @rule(days=st.integers(0, 5))
    def wait(self, days: int) -> None:
        self.moment += timedelta(days=days)

    @rule()
    def announce(self) -> None:
        self._try(lambda state: announcing.announce("x", state, entitled=MEMBERS, today=self.moment))

    @rule(
        days=st.integers(-2, 9),
        place=st.sampled_from((None, "301")),
        invitees=st.none() | st.just(["a", "d"]),
    )
    def replan(self, days: int, place: str | None, invitees: list[str] | None) -> None:
        given = {
            "title": "主题党日",
            "held_on": self.moment + timedelta(days=days),
            "place": place,
            "invitees": invitees,
        }
        self._try(
            lambda state: announcing.replan(
                "x",
                state,
                given,
                BRANCH,
                kind=KINDS["theme_day"],
                entitled=MEMBERS,
                today=self.moment,
            )
        )

    @rule()
    def cancel(self) -> None:
        self._try(lambda state: announcing.cancel("x", state, reason="停电", today=self.moment))

    @rule(others=st.sampled_from(("present", "absent", None)))
    def record(self, others: str | None) -> None:
        given = {"attendance": [], "others": others, "minutes": "记录"}
        self._try(
            lambda state: rules.record(
                "x",
                state,
                given,
                kind=KINDS["theme_day"],
                entitled=MEMBERS,
                by="w",
                today=self.moment,
                window_days=7,
            )
        )

    @rule(person=st.sampled_from("abd"), days=st.integers(0, 40))
    def make_up(self, person: str, days: int) -> None:
        on = date.fromisoformat(self.state["held_on"]) + timedelta(days=days)
        self._try(lambda state: made_up(state, person, on, today=self.moment))

    @invariant()
    def who_is_invited_was_told_and_who_was_invited_is_told_of_the_end(self) -> None:
        assert set(self.state["invited"]) <= self.told
        if self.cancelled is not None:
            assert self.cancelled == set(self.state["invited"])

    @invariant()
    def counts_are_what_the_list_says(self) -> None:
        states = [entry["state"] for entry in self.state["attendance"] if not entry["guest"]]
        assert self.state["present"] == states.count("present")
        missing = {each["person"] for each in self.state["attendance"] if each["state"] != "present"}
        assert {each["person"] for each in self.state["make_ups"]} <= missing
        assert self.state["made_up"] == len(self.state["make_ups"])


TestLife = Life.TestCase
TestLife.settings = settings(deadline=None)
