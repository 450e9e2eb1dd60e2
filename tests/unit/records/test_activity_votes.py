"""Votes in the record of a branch meeting: counts that agree with who was there, judged by whole numbers."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Invalid
from services.chassis.policies import effective, load_all
from services.records.activities.votes import Voting, counted
from services.records.votes.model import Electorate

FOLDER = Path(__file__).parents[3] / "services" / "records" / "policies"


PACKS = [
    pack
    for pattern in ("meetings-*.yaml", "election-*.yaml", "development-national-*.yaml")
    for pack in load_all(FOLDER, pattern)
]
RULINGS = effective(PACKS, date(2026, 9, 8))


def voting(members: int, *without: str) -> Voting:
    return Voting(Electorate(frozenset(f"p{n}" for n in range(members)), frozenset(without)), RULINGS)


def attended(present: int, excused: int, absent: int = 0) -> list[dict[str, Any]]:
    states = ["present"] * present + ["excused"] * excused + ["absent"] * absent
    return [{"person": f"p{n}", "state": state, "guest": False} for n, state in enumerate(states)]


def vote(entitled: int, present: int, in_favour: int, **more: Any) -> dict[str, Any]:
    return {
        "matter": "admission",
        "person": "candidate",
        "secret": True,
        "entitled": entitled,
        "present": present,
        "written": 0,
        "in_favour": in_favour,
        "against": present - in_favour,
        "abstained": 0,
        "written_in_favour": 0,
        **more,
    }


def kept(attendance: list[dict[str, Any]], **given: Any) -> dict[str, Any]:
    return counted("branch_meeting", given, attendance, voting(len(attendance)))


@given(st.integers(1, 40), st.data())
def test_a_vote_is_carried_by_more_than_half_of_those_entitled_who_are_more_than_half_present(
    entitled: int, data: st.DataObject
) -> None:
    present = data.draw(st.integers(0, entitled))
    in_favour = data.draw(st.integers(0, present))
    found = kept(attended(present, 0, entitled - present), votes=[vote(entitled, present, in_favour)])
    outcome = found["votes"][0]["outcome"]
    assert outcome["quorate"] is (2 * present > entitled)
    assert outcome["carried"] is (2 * present > entitled and 2 * in_favour > entitled)
    assert found["quorum"]["quorate"] is (2 * present > entitled)
    assert {each["pack"] for each in outcome["rules"]} == {"development-national-2026"}
    assert found["quorum"]["pack"] == "meetings-national-2018"


def test_a_written_opinion_of_an_excused_absentee_counts_and_is_not_presence() -> None:
    given_vote = vote(4, 3, 3, written=1, written_in_favour=1, against=1)
    found = kept(attended(3, 1), votes=[given_vote])["votes"][0]
    assert (found["outcome"]["carried"], found["outcome"]["least_in_favour"]) == (True, 3)


@pytest.mark.parametrize(
    ("changes", "field", "code", "accepted"),
    [
        ({"entitled": 5}, "votes.0.entitled", "vote.entitled_differs", {"entitled": 4}),
        ({"present": 4, "in_favour": 4}, "votes.0.present", "vote.more_than_attended", {"most": 3}),
        ({"abstained": 1}, "votes.0.in_favour", "vote.sum_differs", {"cast": 3}),
        ({"written": 2, "against": 2}, "votes.0.written", "vote.written_more_than_absent", {"most": 1}),
        (
            {"written": 1, "against": 1, "written_in_favour": 2},
            "votes.0.written_in_favour",
            "vote.more_than_cast",
            {"most": 1},
        ),
        ({"person": None}, "votes.0.person", "vote.person_missing", {}),
        (
            {"secret": False},
            "votes.0.secret",
            "vote.not_secret",
            {
                "rule": "vote_secret",
                "pack": "development-national-2026",
                "article": "第二十条至第二十二条",
                "accepted": "secret",
            },
        ),
    ],
)
def test_counts_that_do_not_agree_are_refused_with_what_would_be_accepted(
    changes: dict[str, Any], field: str, code: str, accepted: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        kept(attended(3, 1), votes=[vote(4, 3, 3) | changes])
    assert refused.value.fields == {field: [code]}
    assert refused.value.params == accepted


def test_one_person_at_a_time_and_each_once() -> None:
    twice = [vote(4, 3, 3), vote(4, 3, 2)]
    with pytest.raises(Invalid, match=r"vote\.person_twice"):
        kept(attended(3, 1), votes=twice)
    assert len(kept(attended(3, 1), votes=[twice[0], twice[1] | {"person": "another"}])["votes"]) == 2


def test_who_has_no_vote_is_entitled_to_come_and_not_to_vote() -> None:
    attendance = [*attended(3, 0), {"person": "probationary", "state": "present", "guest": False}]
    found = counted("branch_meeting", {}, attendance, voting(3, "p1", "elsewhere"))
    assert (found["quorum"]["entitled"], found["quorum"]["present"], found["without_vote"]) == (2, 2, 1)
    assert counted("branch_meeting", {"without_vote": 1}, attendance, voting(3, "p1")) == found
    with pytest.raises(Invalid, match=r"vote\.without_vote_differs") as refused:
        counted("branch_meeting", {"without_vote": 2}, attendance, voting(3, "p1"))
    assert refused.value.params == {"accepted": 1}


def test_the_absence_of_who_has_no_vote_is_nobodys_written_opinion() -> None:
    given_vote = vote(3, 2, 2, written=1, written_in_favour=1, against=1)
    with pytest.raises(Invalid, match=r"vote\.written_more_than_absent"):
        counted("branch_meeting", {"votes": [given_vote]}, attended(2, 1, 1), voting(4, "p2"))


def test_an_election_names_who_was_elected_by_which_rules() -> None:
    candidates = [{"candidate": f"c{n}", "votes": votes} for n, votes in enumerate((5, 4, 1))]
    given_one = {"subject": "支委", "entitled": 5, "present": 5, "seats": 2, "candidates": candidates}
    found = kept(attended(5, 0), elections=[given_one])["elections"][0]["outcome"]
    assert found["elected"] == ("c0", "c1")
    assert {each["rule"] for each in found["rules"]} == {
        "election_present",
        "election_votes",
        "election_surplus",
    }
    with pytest.raises(Invalid) as refused:
        kept(attended(5, 0), elections=[given_one | {"candidates": candidates + candidates[:1]}])
    assert refused.value.fields == {"elections.0.candidates": ["vote.candidate_twice"]}


def test_only_a_branch_meeting_votes() -> None:
    with pytest.raises(Invalid) as refused:
        counted("theme_day", {"votes": [vote(4, 3, 3)]}, attended(3, 1), None)
    assert refused.value.params == {"accepted": "branch_meeting"}
    assert counted("theme_day", {}, attended(3, 1), None)["quorum"] is None
