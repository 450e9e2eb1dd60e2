"""What a record holds beside its attendance, and how it is returned, approved with others, amended."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from services.chassis import context
from services.chassis.context import Context
from services.chassis.contract import Change
from services.chassis.documents import Documents
from services.chassis.errors import Forbidden, Invalid, NotFound
from services.chassis.files.attaching import Attaching
from services.chassis.testing import wait_for
from services.records.activities.register import attached
from tests.component.records.surroundings import Campus, Faculty

HELD = ("activity", attached)
PDF = b"%PDF-1.4\n1 0 obj\n%%EOF\n"


def planned(campus: Campus, faculty: Faculty, **more: Any) -> str:
    given = {"organisation": faculty.branch, "kind": "branch_meeting", "title": "支部党员大会", **more}
    return str(campus.call(faculty.secretary, "plan_activity", **{"held_on": "2026-09-08", **given})["id"])


def recorded(campus: Campus, faculty: Faculty, activity: str, **more: Any) -> dict[str, Any]:
    everybody = (faculty.secretary, faculty.member, faculty.groupie)
    given = {
        "attendance": [{"person": person, "state": "present"} for person in everybody],
        "minutes": "会议记录",
        **more,
    }
    return campus.call(faculty.secretary, "record_activity", activity=activity, **given)


def sent(campus: Campus, person: str, name: str = "记录.pdf") -> str:
    """The id of a file that ``person`` sent."""
    upload = campus.call(person, "begin_upload", filename=name, purpose="file")["upload"]
    content = base64.b64encode(PDF).decode()
    campus.call(person, "append_upload", upload=upload, part=0, content=content)
    return str(campus.call(person, "keep_file", upload=upload)["file"])


def documents(campus: Campus) -> Documents:
    return campus.application.activities.documents


def test_a_record_holds_who_sees_to_what_and_the_files_that_its_readers_open(
    campus: Campus, faculty: Faculty
) -> None:
    activity = planned(campus, faculty)
    first, second = sent(campus, faculty.secretary), sent(campus, faculty.secretary, "签到.pdf")
    taken = {"text": "十月参观校史馆", "responsible": faculty.member, "due_on": "2026-10-31"}
    entered = recorded(campus, faculty, activity, decisions=[taken], attachments=[first, second])
    assert entered["decisions"] == [{**taken, "responsible_name": "测试S001"}]
    assert [(each["file"], each["name"]) for each in entered["attachments"]] == [
        (first, "记录.pdf"),
        (second, "签到.pdf"),
    ]
    assert campus.call(faculty.member, "open_file", file=first)["size"] == len(PDF)
    with pytest.raises(NotFound, match=r"files\.not_found"):
        campus.call(faculty.next_door, "open_file", file=first)

    # What is let go is its sender's again.
    assert recorded(campus, faculty, activity, attachments=[second])["decisions"] == []
    with pytest.raises(NotFound, match=r"files\.not_found"):
        campus.call(faculty.member, "open_file", file=first)
    other = planned(campus, faculty)
    with pytest.raises(Invalid) as refused:
        recorded(campus, faculty, other, attachments=[first, second])
    assert refused.value.fields == {"attachments.1": ["file.unknown"]}
    assert recorded(campus, faculty, other, attachments=[first])["attachments"]

    # Attached between the moment that a record without files was met and the moment that it is written.
    files, raced = campus.application.database["files"], planned(campus, faculty)
    third = sent(campus, faculty.secretary)
    attaching = Attaching(campus.application.database, campus.application.files, documents(campus), *HELD)
    met: list[int] = []

    def emptied(state: dict[str, Any], attachments: list[Any]) -> Change:
        met.append(len(state["attachments"]))
        if len(met) == 1:
            assert recorded(campus, faculty, raced, attachments=[third])["attachments"]
        return Change({**state, "minutes": "更正", "attachments": attachments}, [])

    with context.entered(Context(actor=faculty.secretary)):
        written = attaching.changed(raced, [], emptied, expected_version=None, respond=lambda each: {})
    assert (met, written.state["attachments"]) == ([0, 1], [])
    assert [each["holder_id"] for each in files.find({"_id": third})] == [None], "it is its sender's again"

    for wrong, field, code in (
        ({"text": "题", "responsible": "nobody"}, "decisions.0.responsible", "person.unknown"),
        ({"text": "题", "due_on": "2026-09-07"}, "decisions.0.due_on", "decision.due_before_held"),
    ):
        with pytest.raises(Invalid) as refused:
            recorded(campus, faculty, activity, decisions=[wrong])
        assert refused.value.fields == {field: [code]}


def test_a_record_is_returned_approved_with_others_and_amended(campus: Campus, faculty: Faculty) -> None:
    # A vote on one person, with the verdict of the rules of its day.
    vote = {
        "matter": "admission",
        "person": campus.person("S009", faculty.branch, political_status="candidate"),
        "secret": True,
        "entitled": 3,
        "present": 3,
        "in_favour": 2,
        "against": 1,
        "abstained": 0,
    }
    meeting = planned(campus, faculty)
    with pytest.raises(Invalid) as refused:
        recorded(campus, faculty, meeting, votes=[{**vote, "entitled": 4}])
    assert refused.value.fields == {"votes.0.entitled": ["vote.entitled_differs"]}
    entered = recorded(campus, faculty, meeting, votes=[vote])
    assert entered["votes"][0]["outcome"]["carried"] is True
    assert entered["quorum"]["quorate"] is True
    assert "voters" not in str(entered)

    # The reviewer sees what changed since the record was returned.
    def submit(activity: str) -> None:
        campus.call(faculty.secretary, "submit_activity", activity=activity)

    submit(meeting)
    campus.call(faculty.dean, "review_activity", activity=meeting, verdict="return", comment="请补充会议记录")
    recorded(campus, faculty, meeting, votes=[vote], minutes="补充后的会议记录")
    submit(meeting)
    assert campus.call(faculty.dean, "get_activity", activity=meeting)["changed"] == ["minutes"]

    # Many at once, each by itself and each once.
    lecture = planned(campus, faculty, kind="heritage_visit", title="参观校史馆")
    recorded(campus, faculty, lecture)
    submit(lecture)
    untouched = planned(campus, faculty)
    many = {"activities": [meeting, "none", untouched, lecture], "verdict": "approve"}
    first = campus.call(faculty.dean, "review_activities", "once", **many)["items"]
    assert [(each["done"], each["code"]) for each in first] == [
        (True, None),
        (False, "activities.not_found"),
        (False, "activity.state"),
        (True, None),
    ]
    assert first[2]["text"]["en"]
    assert campus.call(faculty.dean, "review_activities", "once", **many)["items"] == first
    assert len(campus.events("records.activity.approved.v1")) == 2
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "review_activity", activity=meeting, verdict="approve")

    # Amended: the approved counts until the level above approves the new version.
    def credited() -> dict[str, str]:
        found = campus.application.database["training_credits"].find({"activity": lecture})
        lines = {each["_id"]: each for each in found}
        gone = {each["reverses"] for each in lines.values()}
        return {
            each["person"]: each["on"]
            for id_, each in lines.items()
            if each["reverses"] is None and id_ not in gone
        }

    everybody = dict.fromkeys((faculty.secretary, faculty.member, faculty.groupie), "2026-09-08")
    wait_for(lambda: credited() == everybody)
    attendance = [
        {"person": faculty.secretary, "state": "present"},
        {"person": faculty.member, "state": "absent"},
        {"person": faculty.groupie, "state": "present"},
    ]
    proposed = campus.call(
        faculty.secretary,
        "amend_activity",
        activity=lecture,
        reason="名单和日期有误",
        record={"attendance": attendance, "held_on": "2026-09-07"},
    )
    assert (proposed["state"], proposed["amendment"], proposed["present"]) == ("approved", "submitted", 3)
    waiting = campus.call(faculty.dean, "list_activities", within=faculty.faculty, amendment="submitted")
    assert [each["id"] for each in waiting["items"]] == [lecture]
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "amend_activity", activity=lecture, reason="x", record={"minutes": "x"})
    amended = campus.call(faculty.dean, "review_activity", activity=lecture, verdict="approve")
    assert (amended["revision"], amended["present"], amended["held_on"]) == (2, 2, "2026-09-07")
    assert amended["minutes"] == "会议记录"
    versions = campus.call(faculty.member, "get_activity_versions", activity=lecture)["items"]
    assert [(each["state"], each["record"]["present"], each["changed"]) for each in versions] == [
        ("superseded", 3, []),
        ("approved", 2, ["held_on", "attendance"]),
    ]
    with pytest.raises(NotFound, match=r"activities\.not_found"):
        campus.call(faculty.next_door, "get_activity_versions", activity=lecture)
    said = [each for each in campus.events("records.activity.approved.v1") if each["subject"] == lecture]
    assert [each["data"].get("revision", 1) for each in said] == [1, 2]
    assert said[0]["sequence"] < said[1]["sequence"]
    wait_for(lambda: credited() == {faculty.secretary: "2026-09-07", faculty.groupie: "2026-09-07"})
