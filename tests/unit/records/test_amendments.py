"""An approved record is never edited: versions stay as they were, and the approved one counts."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Forbidden, Invalid, Refusal
from services.records.activities import amending
from services.records.activities import model as rules
from services.records.activities.content import CONTENT
from tests.unit.records.activity_kinds import KINDS, conduct
from tests.unit.records.test_activity_rules import TODAY, planned, recorded, submitted


def approved(**more: Any) -> dict[str, Any]:
    state = submitted(recorded(planned(TODAY - timedelta(days=2)), **more))
    return dict(rules.review("a", state, verdict="approve", comment=None, by="above", today=TODAY).state)


def amended(
    before: dict[str, Any], *, by: str = "w", entitled: frozenset[str] = frozenset({"p"}), **given: Any
) -> Change:
    return amending.amend(
        "a",
        before,
        given,
        reason="更正",
        kind=KINDS["theme_day"],
        entitled=entitled,
        voting=None,
        by=by,
        today=TODAY + timedelta(days=30),
        window_days=7,
        rulings=conduct(),
    )


def reviewed(
    before: Any, verdict: str = "approve", by: str = "above", comment: str | None = "看过"
) -> Change:
    return amending.review(
        "a", before, verdict=verdict, comment=comment, by=by, today=TODAY + timedelta(days=31)
    )


def test_the_approved_record_counts_until_its_amendment_is_approved() -> None:
    before = approved()
    proposed = amended(before, minutes="更正后的记录")
    assert proposed.state["minutes"] == before["minutes"]
    assert proposed.events[0].contract.type == "records.activity.amendment_submitted.v1"
    assert proposed.state["versions"][1]["changed"] == ["minutes"]
    with pytest.raises(Conflict, match=r"amendment\.pending"):
        amended(dict(proposed.state), minutes="又一次")
    after = reviewed(proposed.state)
    assert (after.state["minutes"], after.state["revision"]) == ("更正后的记录", 2)
    assert after.events[0].contract.type == "records.activity.approved.v1"
    assert after.events[0].data["revision"] == 2
    assert [each["state"] for each in after.state["versions"]] == ["superseded", "approved"]
    assert after.state["versions"][0]["record"]["minutes"] == before["minutes"]


def test_a_returned_amendment_changes_nothing_and_may_be_followed_by_another() -> None:
    before = approved()
    returned = reviewed(amended(before, minutes="错").state, "return", comment="不实")
    assert returned.events[0].contract.type == "records.activity.amendment_returned.v1"
    assert {name: returned.state[name] for name in CONTENT} == {name: before[name] for name in CONTENT}
    again = reviewed(amended(dict(returned.state), minutes="对").state)
    assert [each["state"] for each in again.state["versions"]] == ["superseded", "returned", "approved"]
    assert again.state["revision"] == 3


def test_whoever_had_a_hand_in_it_does_not_review_it() -> None:
    proposed = amended(approved(), by="another", minutes="更正")
    for by in ("w", "another"):
        with pytest.raises(Forbidden, match=r"activity\.own_record"):
            reviewed(proposed.state, by=by)
    with pytest.raises(Invalid, match=r"review\.comment_missing"):
        reviewed(proposed.state, "return", comment=None)


def test_what_an_amendment_leaves_out_stays_as_approved_whoever_is_entitled_by_now() -> None:
    before = approved(decisions=[{"text": "办", "responsible": "p", "due_on": TODAY}])
    proposed = amended(before, entitled=frozenset({"p", "moved in later"}), minutes="更正")
    record = proposed.state["versions"][1]["record"]
    assert {**record, "minutes": before["minutes"]} == {name: before[name] for name in CONTENT}
    with pytest.raises(Invalid, match=r"attendance\.incomplete"):
        amended(before, entitled=frozenset({"p", "q"}), attendance=[{"person": "p", "state": "present"}])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"minutes": "记录"}, "amendment.nothing_changed"),
        ({"minutes": None}, "activity.minutes_missing"),
        ({"attendance": [{"person": "p", "state": "absent"}]}, "activity.nobody_present"),
        ({"held_on": TODAY + timedelta(days=1)}, "activity.entered_before_held"),
    ],
)
def test_an_amendment_is_as_sound_as_a_record(given: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid, match=code.replace(".", r"\.")):
        amended(approved(), **given)


def test_a_day_that_is_amended_is_held_against_the_entry_that_was_made() -> None:
    def late(held_on: date) -> bool:
        return bool(reviewed(amended(approved(), held_on=held_on).state).state["late"])

    assert not late(TODAY - timedelta(days=7))
    assert late(TODAY - timedelta(days=8))


def test_what_was_late_stays_late_on_whatever_day_it_is_said_to_have_been_held() -> None:
    late = {**approved(), "late": True, "held_on": (TODAY - timedelta(days=20)).isoformat()}
    moved = reviewed(amended(late, held_on=TODAY - timedelta(days=1)).state).state
    assert (moved["held_on"], moved["late"]) == ((TODAY - timedelta(days=1)).isoformat(), True)
    assert all(each["late"] for each in amending.versions(moved))


class Amendments(RuleBasedStateMachine):
    """Whatever is tried in whatever order: what was once said in a version is said there for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.state = approved()
        self.seen: dict[int, dict[str, Any]] = {}

    def _try(self, decide: Any) -> None:
        before = deepcopy(self.state)
        try:
            change = decide()
        except Refusal:
            assert self.state == before
            return
        (event,) = change.events
        event.contract.encode(event.data)
        if event.contract.type != "records.activity.approved.v1":
            assert {name: change.state[name] for name in CONTENT} == {name: before[name] for name in CONTENT}
        self.state = dict(change.state)

    @rule(minutes=st.sampled_from(("记录", "甲", "乙", None)), by=st.sampled_from(("w", "v")))
    def amend(self, minutes: str | None, by: str) -> None:
        self._try(lambda: amended(self.state, by=by, minutes=minutes))

    @rule(verdict=st.sampled_from(("approve", "return")), by=st.sampled_from(("w", "v", "above")))
    def review(self, verdict: str, by: str) -> None:
        self._try(lambda: reviewed(self.state, verdict, by))

    @invariant()
    def versions_are_immutable_and_one_counts(self) -> None:
        versions = amending.versions(self.state)
        assert [each["number"] for each in versions] == list(range(1, len(versions) + 1))
        counting = [each for each in versions if each["state"] == "approved"]
        assert [each["number"] for each in counting] == [self.state["revision"]]
        assert counting[0]["record"] == {name: self.state[name] for name in CONTENT}
        for each in versions:
            said = {name: each[name] for name in ("record", "reason", "by", "on", "changed")}
            assert self.seen.setdefault(each["number"], deepcopy(said)) == said


Amendments.TestCase.settings = settings(max_examples=25, deadline=None)
TestAmendments = Amendments.TestCase
