"""The life of an activity through the service: who may do what, and what the others hear of it."""

from __future__ import annotations

from typing import Any

import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from tests.component.records.surroundings import Campus, Faculty


def planned(campus: Campus, faculty: Faculty, **more: Any) -> dict[str, Any]:
    given = {
        "organisation": faculty.branch,
        "kind": "theme_day",
        "title": "九月主题党日",
        "held_on": "2026-09-08",
        "place": "301",
        **more,
    }
    return campus.call(faculty.secretary, "plan_activity", **given)


def recorded(campus: Campus, faculty: Faculty, activity: str, **more: Any) -> dict[str, Any]:
    given = {
        "attendance": [
            {"person": faculty.secretary, "state": "present"},
            {"person": faculty.member, "state": "excused", "reason": "出差"},
            {"person": faculty.groupie, "state": "absent"},
        ],
        "minutes": "学习讨论。",
        "decisions": [{"text": "十月参观校史馆", "responsible": faculty.member, "due_on": "2026-10-31"}],
        **more,
    }
    return campus.call(faculty.secretary, "record_activity", activity=activity, **given)


def test_a_record_goes_from_the_plan_to_the_approval_of_the_level_above(
    campus: Campus, faculty: Faculty
) -> None:
    activity = planned(campus, faculty)["id"]
    entered = recorded(campus, faculty, activity)
    assert (entered["expected"], entered["present"], entered["excused"]) == (3, 1, 1)
    assert entered["attendance"][1]["name"] == "测试S001"
    campus.call(faculty.secretary, "submit_activity", activity=activity)
    approved = campus.call(faculty.dean, "review_activity", activity=activity, verdict="approve")
    assert approved["state"] == "approved"
    assert approved["entered_on"] == "2026-09-10"
    assert approved["held_on"] == "2026-09-08"
    assert approved["late"] is False

    heard = [each for each in campus.events("records.activity.approved.v1") if each["subject"] == activity]
    assert [each["sequence"] for each in heard] == [4]
    assert heard[0]["actor"] == faculty.dean
    assert heard[0]["data"] == {
        "activity": activity,
        "organisation": faculty.branch,
        "kind": "theme_day",
        "held_on": "2026-09-08",
        "entered_on": "2026-09-10",
        "late": False,
        "expected": 3,
        "present": 1,
        "excused": 1,
        "has_minutes": True,
        "decisions": 1,
        "imported": False,
    }


def test_why_somebody_was_missing_they_themselves_writers_and_reviewers_read_and_nobody_else(
    campus: Campus, faculty: Faculty
) -> None:
    activity = planned(campus, faculty)["id"]
    recorded(campus, faculty, activity)
    campus.call(faculty.secretary, "submit_activity", activity=activity)
    inspector = campus.person("R101", faculty.neighbour)
    campus.post(inspector, "inspector", faculty.faculty)

    def reasons(reader: str) -> list[tuple[str | None, str | None]]:
        read = campus.call(reader, "get_activity", activity=activity)
        if read["state"] == "approved":
            versions = campus.call(reader, "get_activity_versions", activity=activity)["items"]
            assert [each["record"]["attendance"] for each in versions] == [read["attendance"]]
        return [(each["cause"], each["reason"]) for each in read["attendance"] if each["state"] == "excused"]

    for state in ("submitted", "approved"):
        if state == "approved":
            campus.call(faculty.dean, "review_activity", activity=activity, verdict="approve")
        for reader in (faculty.member, faculty.secretary, faculty.dean):
            assert reasons(reader) == [("other", "出差")]
        for reader in (faculty.groupie, inspector):
            assert reasons(reader) == [(None, None)]


def test_a_list_that_leaves_out_who_is_entitled_is_refused_and_says_whom(
    campus: Campus, faculty: Faculty
) -> None:
    campus.person("S003", faculty.branch, political_status="activist")
    activity = planned(campus, faculty)["id"]
    present = [{"person": faculty.secretary, "state": "present"}]
    with pytest.raises(Invalid, match=r"attendance\.incomplete") as refused:
        recorded(campus, faculty, activity, attendance=present)
    assert refused.value.params["missing"] == 2
    assert set(refused.value.params["accepted"].split(", ")) == {faculty.member, faculty.groupie}
    assert refused.value.text is not None
    assert "2 人" in refused.value.text["zh"]


def test_outsiders_are_guests_who_count_nowhere_and_are_not_named(campus: Campus, faculty: Faculty) -> None:
    activity = planned(campus, faculty)["id"]
    ours = [
        {"person": person, "state": "present"}
        for person in (faculty.secretary, faculty.member, faculty.groupie)
    ]
    guest = {"person": faculty.next_door, "state": "present"}
    entered = recorded(campus, faculty, activity, attendance=[*ours, guest])
    assert (entered["expected"], entered["present"]) == (3, 3)
    assert [each["guest"] for each in entered["attendance"]] == [False, False, False, True]
    assert ["name" in each for each in entered["attendance"]] == [True, True, True, False]


def test_a_committee_is_its_posts_and_a_groups_meeting_its_own_people(
    campus: Campus, faculty: Faculty
) -> None:
    for kind, organisation, entitled in (
        ("branch_committee", faculty.branch, faculty.secretary),
        ("group_meeting", faculty.group, faculty.groupie),
    ):
        activity = planned(campus, faculty, kind=kind, organisation=organisation)["id"]
        present = [{"person": entitled, "state": "present"}]
        assert recorded(campus, faculty, activity, attendance=present)["expected"] == 1
        with pytest.raises(Invalid, match=r"attendance\.incomplete"):
            recorded(campus, faculty, activity, attendance=[])


def test_what_is_returned_is_recorded_anew_and_says_why(campus: Campus, faculty: Faculty) -> None:
    activity = planned(campus, faculty)["id"]
    recorded(campus, faculty, activity)
    campus.call(faculty.secretary, "submit_activity", activity=activity)
    with pytest.raises(Invalid, match=r"review\.comment_missing") as refused:
        campus.call(faculty.dean, "review_activity", activity=activity, verdict="return")
    assert refused.value.field_texts["review.comment_missing"]["en"] == "Say why the record is returned."
    returned = campus.call(
        faculty.dean, "review_activity", activity=activity, verdict="return", comment="请补充记录"
    )
    assert returned["state"] == "returned"
    with pytest.raises(Conflict, match=r"activity\.state"):
        campus.call(faculty.secretary, "submit_activity", activity=activity)
    again = recorded(campus, faculty, activity, minutes="补充后的记录。")
    assert again["state"] == "recorded"
    assert again["reviews"][0]["comment"] == "请补充记录"


def test_an_entry_after_the_window_is_late(campus: Campus, faculty: Faculty) -> None:
    activity = planned(campus, faculty, held_on="2026-09-02")["id"]
    assert recorded(campus, faculty, activity)["late"] is True


def test_the_same_command_again_is_answered_the_same_and_done_once(campus: Campus, faculty: Faculty) -> None:
    given = {
        "organisation": faculty.branch,
        "kind": "theme_day",
        "title": "主题党日",
        "held_on": "2026-09-08",
    }
    first = campus.call(faculty.secretary, "plan_activity", "key-1", **given)
    again = campus.call(faculty.secretary, "plan_activity", "key-1", **given)
    assert first == again
    assert campus.application.database["activities"].count_documents({}) == 1
    with pytest.raises(Conflict, match=r"idempotency\.key_reused"):
        campus.call(faculty.secretary, "plan_activity", "key-1", **{**given, "title": "另一个"})


def test_members_other_branches_and_strangers_are_refused(campus: Campus, faculty: Faculty) -> None:
    given = {
        "organisation": faculty.branch,
        "kind": "theme_day",
        "title": "主题党日",
        "held_on": "2026-09-08",
    }
    for person in (faculty.member, faculty.next_door, faculty.dean):
        with pytest.raises(Forbidden, match=r"permission\.denied"):
            campus.call(person, "plan_activity", **given)
    with pytest.raises(Unauthenticated):
        campus.call(None, "plan_activity", **given)

    activity = planned(campus, faculty)["id"]
    record = {"activity": activity, "attendance": []}
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "record_activity", **record)
    with pytest.raises(NotFound, match=r"activities\.not_found"):
        campus.call(faculty.next_door, "record_activity", **record)
    with pytest.raises(NotFound):
        campus.call(faculty.next_door, "get_activity", activity=activity)
    with pytest.raises(NotFound):
        campus.call(faculty.next_door, "submit_activity", activity=activity)
    with pytest.raises(Forbidden):
        campus.call(faculty.next_door, "list_activities", organisation=faculty.branch)
    with pytest.raises(Unauthenticated):
        campus.call(None, "get_activity", activity=activity)
    assert campus.call(faculty.member, "get_activity", activity=activity)["id"] == activity
    assert campus.call(faculty.groupie, "get_activity", activity=activity)["id"] == activity


def test_nobody_approves_at_their_own_level_nor_their_own_record(campus: Campus, faculty: Faculty) -> None:
    activity = planned(campus, faculty)["id"]
    recorded(campus, faculty, activity)
    campus.call(faculty.secretary, "submit_activity", activity=activity)
    approve = {"activity": activity, "verdict": "approve"}
    with pytest.raises(Forbidden, match=r"permission\.denied"):
        campus.call(faculty.secretary, "review_activity", **approve)
    with pytest.raises(NotFound):
        campus.call(faculty.next_door, "review_activity", **approve)

    mine = campus.call(
        campus.administrator,
        "plan_activity",
        organisation=faculty.branch,
        kind="talk",
        title="谈心",
        details={"topic": "thought"},
        held_on="2026-09-09",
    )["id"]
    attendance = [{"person": faculty.member, "state": "present"}]
    campus.call(campus.administrator, "record_activity", activity=mine, attendance=attendance, minutes="记录")
    campus.call(campus.administrator, "submit_activity", activity=mine)
    with pytest.raises(Forbidden, match=r"activity\.own_record"):
        campus.call(campus.administrator, "review_activity", activity=mine, verdict="approve")


def test_who_recorded_may_not_approve_though_somebody_else_submitted(
    campus: Campus, faculty: Faculty
) -> None:
    activity = planned(campus, faculty)["id"]
    attendance = [
        {"person": person, "state": "present"}
        for person in (faculty.secretary, faculty.member, faculty.groupie)
    ]
    given = {"activity": activity, "attendance": attendance, "minutes": "记录"}
    campus.call(campus.administrator, "record_activity", **given)
    campus.call(faculty.secretary, "submit_activity", activity=activity)
    with pytest.raises(Forbidden, match=r"activity\.own_record"):
        campus.call(campus.administrator, "review_activity", activity=activity, verdict="approve")


def test_who_writes_for_the_branch_does_not_review_it_from_above(campus: Campus, faculty: Faculty) -> None:
    activity = planned(campus, faculty)["id"]
    recorded(campus, faculty, activity)
    campus.call(faculty.secretary, "submit_activity", activity=activity)
    campus.post(faculty.dean, "organisation_commissioner", faculty.branch)
    with pytest.raises(Forbidden, match=r"activity\.own_organisation"):
        campus.call(faculty.dean, "review_activity", activity=activity, verdict="approve")


def test_a_withdrawn_post_is_without_power_at_once(campus: Campus, faculty: Faculty) -> None:
    posts = campus.call(faculty.secretary, "list_posts")["items"]
    campus.call(campus.administrator, "withdraw_post", post=posts[0]["id"])
    with pytest.raises(Forbidden):
        planned(campus, faculty)


def test_what_is_wrong_with_a_record_is_told_by_field(campus: Campus, faculty: Faculty) -> None:
    activity = planned(campus, faculty, held_on="2026-09-09")["id"]
    twice = [
        {"person": faculty.member, "state": "present"},
        {"person": faculty.member, "state": "excused"},
    ]
    with pytest.raises(Invalid) as refused:
        recorded(campus, faculty, activity, attendance=twice)
    assert set(refused.value.fields) == {"attendance.1.person", "attendance.1.reason"}
    with pytest.raises(Invalid) as refused:
        recorded(campus, faculty, activity, attendance=[{"person": "nobody", "state": "present"}])
    assert refused.value.fields == {"attendance.0.person": ["person.unknown"]}
    with pytest.raises(Invalid) as refused:
        campus.call(faculty.secretary, "record_activity", activity=activity, attendance="all", colour="red")
    assert set(refused.value.fields) == {"attendance", "colour"}
    recorded(campus, faculty, activity, minutes=None)
    with pytest.raises(Invalid, match=r"activity\.minutes_missing"):
        campus.call(faculty.secretary, "submit_activity", activity=activity)


def test_a_command_on_an_older_version_is_refused(campus: Campus, faculty: Faculty) -> None:
    activity = planned(campus, faculty)
    recorded(campus, faculty, activity["id"])
    with pytest.raises(Conflict, match=r"version\.stale"):
        recorded(campus, faculty, activity["id"], expected_version=activity["version"], minutes="别的")


def test_lists_go_by_pages_newest_first(campus: Campus, faculty: Faculty) -> None:
    days = [f"2026-09-0{day}" for day in (3, 1, 5, 2, 4)]
    for day in days:
        planned(campus, faculty, held_on=day)
    seen: list[str] = []
    cursor = None
    while True:
        answered = campus.call(
            faculty.member, "list_activities", organisation=faculty.branch, limit=2, cursor=cursor
        )
        seen += [each["held_on"] for each in answered["items"]]
        cursor = answered["next"]
        if cursor is None:
            break
    assert seen == sorted(days, reverse=True)
    assert campus.call(faculty.next_door, "list_activities")["items"] == []
    assert len(campus.call(faculty.dean, "list_activities", within=faculty.faculty)["items"]) == 5
