"""Membership as it was, through the service."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.chassis.errors import Invalid, NotFound
from services.chassis.testing import wait_for
from tests.component.records.surroundings import Campus, Faculty, workbook
from tests.component.records.test_imports import PEOPLE


def told(campus: Campus, person: str) -> list[tuple[str, str, bool, str | None, str | None]]:
    """The spells of a person, the oldest first."""
    items = campus.call(campus.administrator, "get_membership_history", person=person)["items"]
    names = ("organisation", "political_status", "active", "since", "until")
    return [tuple(each[name] for name in names) for each in reversed(items)]  # type: ignore[misc]


def test_every_way_of_changing_a_person_leaves_its_spell(campus: Campus, faculty: Faculty) -> None:
    person, root = campus.person("X1", faculty.branch, political_status="activist"), campus.administrator
    campus.clock.advance(timedelta(days=1))  # the 11th: a campus event
    campus.say(campus.upsert(number="X1", political_status="candidate"))
    wait_for(lambda: len(told(campus, person)) == 2)
    campus.clock.advance(timedelta(days=1))  # the 12th: a roster
    job = campus.imported(workbook(人员=[PEOPLE, ["测试X1", "X1", "", "预备党员", "B2", "", "", ""]]))
    assert job["state"] == "done"
    campus.clock.advance(timedelta(days=8))  # the 20th: a command that names its day
    campus.call(root, "change_person", person=person, organisation=faculty.group, since="2026-09-18")
    campus.clock.advance(timedelta(days=1))
    campus.call(root, "change_person", person=person, active=False)
    assert told(campus, person) == [
        (faculty.branch, "activist", True, None, "2026-09-10"),
        (faculty.branch, "candidate", True, "2026-09-11", "2026-09-11"),
        (faculty.neighbour, "probationary", True, "2026-09-12", "2026-09-17"),
        (faculty.group, "probationary", True, "2026-09-18", "2026-09-20"),
        (faculty.group, "probationary", False, "2026-09-21", None),
    ]
    with pytest.raises(Invalid, match=r"person\.since_too_early"):
        campus.call(root, "change_person", person=person, active=True, since="2026-09-20")

    members, statuses = campus.application.membership, ("member", "probationary")
    assert person in members.members_on(faculty.neighbour, date(2026, 9, 15), statuses)
    assert person in members.members_on(faculty.branch, date(2026, 9, 19), statuses, groups=True)
    assert person not in members.members_on(faculty.branch, date(2026, 9, 19), statuses)
    assert person not in members.members_on(faculty.branch, date(2026, 9, 21), statuses, groups=True)
    plan = campus.application.database["people"].find({"belonged": {"$in": [faculty.group]}}).explain()
    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])

    assert len(campus.call(person, "get_membership_history", person=person)["items"]) == 5
    with pytest.raises(NotFound, match=r"people\.not_found"):
        campus.call(faculty.next_door, "get_membership_history", person=person)


def test_who_is_entitled_is_judged_on_the_day_of_the_meeting(campus: Campus, faculty: Faculty) -> None:
    """Who left since was owed a place; who came since is a guest."""
    activity = campus.call(
        faculty.secretary,
        "plan_activity",
        organisation=faculty.branch,
        kind="branch_meeting",
        title="支部党员大会",
        held_on="2026-09-09",
    )["id"]
    root = campus.administrator
    campus.call(root, "change_person", person=faculty.member, organisation=faculty.neighbour)
    campus.call(root, "change_person", person=faculty.next_door, organisation=faculty.branch)
    here = [faculty.secretary, faculty.groupie, faculty.next_door]

    def record(people: list[str]) -> dict[str, Any]:
        return campus.call(
            faculty.secretary,
            "record_activity",
            activity=activity,
            attendance=[{"person": each, "state": "present"} for each in people],
            minutes="记录",
        )

    with pytest.raises(Invalid, match=r"attendance\.incomplete"):
        record(here)
    recorded = record([*here, faculty.member])
    assert (recorded["expected"], recorded["present"]) == (3, 3)
    guests = {each["person"] for each in recorded["attendance"] if each["guest"]}
    assert guests == {faculty.next_door}
