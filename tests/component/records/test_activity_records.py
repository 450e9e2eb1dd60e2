"""What a record holds beside its attendance: decisions, attachments."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from services.chassis.errors import Invalid, NotFound
from tests.component.records.surroundings import Campus, Faculty

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

    for wrong, field, code in (
        ({"text": "题", "responsible": "nobody"}, "decisions.0.responsible", "person.unknown"),
        ({"text": "题", "due_on": "2026-09-07"}, "decisions.0.due_on", "decision.due_before_held"),
    ):
        with pytest.raises(Invalid) as refused:
            recorded(campus, faculty, activity, decisions=[wrong])
        assert refused.value.fields == {field: [code]}
