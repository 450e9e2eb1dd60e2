"""Committees elected, reminded, moved and ended, through the service."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.chassis.errors import Forbidden, Invalid, NotFound
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
        "entitled": 24,
        "present": 22,
        "candidates": [
            {"person": person, "votes": votes}
            for person, votes in zip(candidates, (20, 18, 15, 3), strict=True)
        ],
    }
    for person in (faculty.next_door, faculty.member):
        with pytest.raises(Forbidden):
            campus.call(person, "record_election", **election)
    with pytest.raises(Invalid, match=r"election\.not_quorate") as refused:
        campus.call(faculty.secretary, "record_election", **{**election, "entitled": 28})
    assert refused.value.params["accepted"] == 23
    with pytest.raises(Invalid, match=r"election\.no_committee"):
        campus.call(
            campus.administrator, "record_election", **{**election, "organisation": faculty.neighbour}
        )
    held = campus.call(faculty.secretary, "record_election", "e1", **election)
    assert campus.call(faculty.secretary, "record_election", "e1", **election) == held
    assert (held["due_on"], held["elected"], held["standing"]) == ("2026-10-20", candidates[:3], "running")
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
