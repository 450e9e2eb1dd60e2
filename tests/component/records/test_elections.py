"""Committees elected, reminded, moved and ended, through the service."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.testing import wait_for
from tests.component.records.surroundings import Campus, Faculty


def test_a_committee_is_elected_for_its_term_and_its_end_is_told_once(
    campus: Campus, faculty: Faculty
) -> None:
    candidates = [faculty.secretary, faculty.member, faculty.groupie, campus.person("S009", faculty.branch)]
    election: dict[str, Any] = {
        "organisation": faculty.branch,
        "held_on": "2023-10-20",
        "seats": 3,
        "present": 4,
        "candidates": [
            {"person": person, "votes": votes} for person, votes in zip(candidates, (4, 3, 3, 2), strict=True)
        ],
    }
    for person in (faculty.next_door, faculty.member):
        with pytest.raises(Forbidden):
            campus.call(person, "record_election", **election)
    few = {"present": 3, "candidates": [{"person": each, "votes": 2} for each in candidates]}
    with pytest.raises(Invalid, match=r"election\.not_quorate") as refused:
        campus.call(faculty.secretary, "record_election", **{**election, **few})
    assert refused.value.params["accepted"] == 4
    other = {
        "organisation": faculty.neighbour,
        "seats": 1,
        "present": 2,
        "candidates": [
            {"person": faculty.next_door, "votes": 2},
            {"person": campus.person("S020", faculty.neighbour), "votes": 0},
        ],
    }
    with pytest.raises(Invalid, match=r"election\.no_committee"):
        campus.call(campus.administrator, "record_election", **{**election, **other})
    with pytest.raises(Invalid, match=r"election\.candidate_unfit") as refused:
        campus.call(faculty.secretary, "record_election", **{**election, "candidates": other["candidates"]})
    assert refused.value.params["article"] == "中国共产党章程第七条、第四十一条"
    held = campus.call(faculty.secretary, "record_election", "e1", **election)
    assert campus.call(faculty.secretary, "record_election", "e1", **election) == held
    assert (held["due_on"], held["elected"], held["standing"]) == ("2026-10-20", candidates[:3], "running")
    assert (held["entitled"], held["confirmed"]) == (4, None)
    branch = campus.call(faculty.member, "get_organisation", organisation=faculty.branch)
    assert (branch["committee_elected_on"], branch["committee_due_on"]) == ("2023-10-20", "2026-10-20")
    assert campus.call(faculty.member, "get_election", election=held["id"])["id"] == held["id"]
    with pytest.raises(NotFound):
        campus.call(faculty.next_door, "get_election", election=held["id"])

    turn = campus.application.elections.turn_the_day
    for _ in range(2):
        turn(date(2026, 9, 10))
    (soon,) = campus.events("records.election.due_soon.v1")
    assert soon["data"] == {"election": held["id"], "organisation": faculty.branch, "due_on": "2026-10-20"}

    def listed(person: str, standing: str) -> list[str]:
        return [each["id"] for each in campus.call(person, "list_elections", standing=standing)["items"]]

    assert listed(campus.administrator, "due_soon") == listed(faculty.dean, "due_soon") == [held["id"]]
    assert listed(faculty.next_door, "due_soon") == listed(faculty.dean, "overdue") == []

    # The day is turned by the schedule; a postponement is asked below and approved above.
    campus.clock.advance(timedelta(days=41))
    wait_for(lambda: listed(faculty.dean, "overdue") == [held["id"]])
    (overdue,) = campus.events("records.election.overdue.v1")
    assert overdue["subject"] == held["id"]
    with pytest.raises(Invalid, match=r"shift_too_far"):
        campus.call(
            faculty.secretary, "ask_election_shift", election=held["id"], to="2027-10-21", reason="学院调整"
        )
    campus.call(
        faculty.secretary, "ask_election_shift", election=held["id"], to="2026-12-31", reason="学院调整"
    )
    decide = {"election": held["id"], "verdict": "approve"}
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "decide_election_shift", **decide)
    decided = campus.call(faculty.dean, "decide_election_shift", **decide)
    assert (decided["due_on"], decided["standing"]) == ("2026-12-31", "due_soon")
    branch = campus.call(faculty.member, "get_organisation", organisation=faculty.branch)
    assert branch["committee_due_on"] == "2026-12-31"

    again = campus.call(faculty.secretary, "record_election", **{**election, "held_on": "2026-10-21"})
    assert not again["late"]
    terms = campus.call(faculty.member, "list_elections", organisation=faculty.branch)["items"]
    assert [(each["id"], each["standing"]) for each in terms] == [
        (again["id"], "running"),
        (held["id"], "ended"),
    ]
    assert [each["data"]["ended_on"] for each in campus.events("records.election.ended.v1")] == ["2026-10-21"]
    history = campus.call(faculty.member, "list_editions", organisation=faculty.branch)["items"]
    assert [each["change"] for each in history] == ["founded"]

    # A branch that is no more has no committee to elect, however long its term was overdue.
    turn(date(2029, 10, 22))
    assert listed(campus.administrator, "overdue") == [again["id"]]
    campus.call(
        campus.administrator,
        "dissolve_organisation",
        organisation=faculty.branch,
        members_to=faculty.neighbour,
        reason="学院撤并",
    )
    wait_for(
        lambda: not campus.call(faculty.member, "get_organisation", organisation=faculty.branch)["active"]
    )
    turn(date(2029, 10, 23))
    assert listed(campus.administrator, "overdue") == []
    assert campus.call(campus.administrator, "get_election", election=again["id"])["standing"] == "ended"


def test_a_confirmed_election_gives_its_posts_once_and_ends_those_before(
    campus: Campus, faculty: Faculty
) -> None:
    before, after = campus.person("S030", faculty.branch), campus.person("S031", faculty.branch)
    campus.post(before, "publicity_commissioner", faculty.branch)
    campus.post(faculty.groupie, "group_leader", faculty.group)
    candidates = [faculty.secretary, faculty.member, after, before]
    held = campus.call(
        faculty.secretary,
        "record_election",
        organisation=faculty.branch,
        held_on="2026-09-08",
        seats=3,
        present=5,
        candidates=[{"person": each, "votes": 3 + (each != before)} for each in candidates],
        elected=candidates[:3],
    )
    confirm: dict[str, Any] = {
        "election": held["id"],
        "since": "2026-09-09",
        "posts": [
            {"person": faculty.secretary, "role": "secretary"},
            {"person": faculty.member, "role": "organisation_commissioner"},
            {"person": after, "role": "publicity_commissioner"},
        ],
    }
    for person in (faculty.secretary, faculty.member, faculty.next_door):
        with pytest.raises((Forbidden, NotFound)):
            campus.call(person, "confirm_election", **confirm)
    for wrong, code in (
        ([{"person": before, "role": "secretary"}], "not_elected"),
        ([{"person": after, "role": "organiser"}], "role_unfit"),
        ([{"person": after, "role": "secretary"}, confirm["posts"][0]], "post_twice"),
    ):
        with pytest.raises(Invalid, match=code) as refused:
            campus.call(faculty.dean, "confirm_election", **{**confirm, "posts": wrong})
        assert code == "post_twice" or refused.value.params["accepted"]
    with pytest.raises(Invalid, match=r"since_unfit"):
        campus.call(faculty.dean, "confirm_election", **{**confirm, "since": "2026-09-07"})

    def seats() -> set[tuple[str, str, str, str | None]]:
        found = campus.call(faculty.dean, "list_posts", organisation=faculty.branch, active=True)["items"]
        return {(each["person"], each["role"], each["since"], each["until"]) for each in found}

    held_before = seats()
    confirmed = campus.call(faculty.dean, "confirm_election", "c1", **confirm)
    assert seats() == {
        (faculty.secretary, "secretary", "2026-01-01", None),  # who goes on holds the post that they held
        (faculty.member, "organisation_commissioner", "2026-09-09", None),
        (after, "publicity_commissioner", "2026-09-09", None),
    }
    told = len(campus.events("records.post.changed.v1"))
    for key in ("c1", "c2", None):
        again = campus.call(faculty.dean, "confirm_election", key, **confirm)
        assert again["version"] == confirmed["version"]
    with pytest.raises(Conflict, match=r"election\.confirmed"):
        campus.call(faculty.dean, "confirm_election", **{**confirm, "posts": confirm["posts"][:1]})
    changed = campus.events("records.post.changed.v1")
    assert len(changed) == told
    ended = [each["data"] for each in changed if not each["data"]["active"]]
    assert [(each["person"], each["role"], each["until"]) for each in ended] == [
        (before, "publicity_commissioner", "2026-09-10")
    ]
    assert (before, "publicity_commissioner", "2026-01-01", None) in held_before
    [event] = campus.events("records.election.confirmed.v1")
    assert (event["data"]["posts"], event["data"]["confirmed_on"]) == (3, "2026-09-10")
    mine = campus.call(faculty.member, "who_am_i")["posts"]
    assert [each["role"] for each in mine] == ["organisation_commissioner"]
