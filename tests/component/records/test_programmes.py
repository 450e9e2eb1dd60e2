"""A programme through the service: cohort, mentors, what counts, and who sees how far somebody is."""

from __future__ import annotations

from typing import Any

import pytest

from services.chassis.errors import Forbidden, Invalid, NotFound
from tests.component.records.surroundings import Campus, Faculty
from tests.component.records.test_activity_records import planned, recorded, sent

TARGETS = [
    {"name": "联合党日", "number": 4, "unit": "次"},
    {"name": "参加党课", "number": 2, "unit": "次", "owed_by": "person"},
    {"name": "志愿服务", "number": 20, "unit": "小时", "owed_by": "person", "counts": "entries"},
]


def test_each_of_the_cohort_sees_their_own_progress_and_nobody_is_ranked(
    campus: Campus, faculty: Faculty
) -> None:
    given = {"organisation": faculty.branch, "kind": "quality", "title": "素质工程", "targets": TARGETS}
    years = {"from_year": 2026, "to_year": 2027}
    made = campus.call(faculty.secretary, "open_programme", "k", **given, **years)
    assert campus.call(faculty.secretary, "open_programme", "k", **given, **years) == made
    programme = made["id"]

    def call(by: str, method: str, **more: Any) -> Any:
        return campus.call(by, method, programme=programme, **more)

    def done(by: str, **whose: str) -> dict[str, Any]:
        return {each["id"]: each["done"] for each in call(by, "get_programme_progress", **whose)["targets"]}

    with pytest.raises(Forbidden):
        campus.call(faculty.member, "open_programme", **given, **years)
    with pytest.raises(NotFound, match=r"programmes\.not_found"):
        call(faculty.next_door, "get_programme")
    joined = {"since": "2026-03-01", "mentor": faculty.member}
    for _ in range(2):
        call(faculty.secretary, "set_programme_member", person=faculty.groupie, **joined)
    call(faculty.secretary, "set_programme_member", person=faculty.member, since="2026-02-01")
    cohort = call(faculty.dean, "list_programme_members")["items"]
    assert [(each["person_name"], each["mentor_name"]) for each in cohort] == [
        ("测试S001", None),
        ("测试S002", "测试S001"),
    ]
    mentees = call(faculty.member, "list_programme_members")["items"]
    assert [each["person"] for each in mentees] == [faculty.groupie]

    activity = planned(campus, faculty)
    for target in ("t1", "t2"):
        call(faculty.secretary, "link_programme_activity", target=target, activity=activity)
    assert done(faculty.groupie) == {"t2": 0, "t3": 0}, "it was not approved yet"
    recorded(campus, faculty, activity)
    campus.call(faculty.secretary, "submit_activity", activity=activity)
    campus.call(faculty.dean, "review_activity", activity=activity, verdict="approve")
    with pytest.raises(Invalid, match=r"activity\.unknown"):
        call(faculty.secretary, "link_programme_activity", target="t1", activity="nowhere")

    file = sent(campus, faculty.member, "证明.pdf")
    hours = {"target": "t3", "person": faculty.groupie, "number": 6, "on": "2026-09-01", "text": "社区服务"}
    entry = call(faculty.member, "make_programme_entry", attachments=[file], **hours)
    with pytest.raises(Forbidden):
        call(faculty.groupie, "make_programme_entry", **hours)
    assert done(faculty.groupie) == {"t2": 1, "t3": 6}
    assert done(faculty.member, person=faculty.groupie) == done(faculty.secretary, person=faculty.groupie)
    with pytest.raises(NotFound, match=r"programme_members\.not_found"):
        done(faculty.groupie, person=faculty.member)
    assert campus.call(faculty.groupie, "open_file", file=file)["name"] == "证明.pdf"
    outsider = campus.person("S009", faculty.branch)
    with pytest.raises(NotFound, match=r"files\.not_found"):
        campus.call(outsider, "open_file", file=file)
    assert call(outsider, "list_programme_entries")["items"] == []
    with pytest.raises(NotFound, match=r"programme_members\.not_found"):
        call(outsider, "list_programme_entries", person=faculty.groupie)

    whole = call(outsider, "get_programme")
    assert [each["done"] for each in whole["targets"]] == [1, None, None]
    campus.call(faculty.member, "strike_programme_entry", entry=entry["id"], reason="重复登记")
    assert done(faculty.groupie) == {"t2": 1, "t3": 0}
    seen = campus.call(faculty.groupie, "read_audit", object_kind="person", object=faculty.groupie)["items"]
    assert {each["actor"] for each in seen} == {faculty.member, faculty.secretary}
    assert call(faculty.secretary, "close_programme", summary="完成")["state"] == "closed"
    listed = campus.call(faculty.member, "list_programmes", organisation=faculty.branch)["items"]
    assert [each["id"] for each in listed] == [programme]

    heard = [each for kind in ("programme", "member", "entry") for each in spoken(campus, kind)]
    assert [each["type"].split(".")[2] for each in spoken(campus, "programme")] == [
        "opened",
        "changed",
        "changed",
        "closed",
    ]
    assert len(spoken(campus, "member")) == 2
    assert "服务" not in str(heard)
    assert "测试" not in str(heard)


def spoken(campus: Campus, part: str) -> list[dict[str, Any]]:
    """What was heard of programmes, of their members or of entries."""
    aggregate = "programme" if part == "programme" else f"programme_{part}"
    campus.settled()
    campus.drain()
    return [each for each in campus.heard if each["type"].split(".")[1] == aggregate]
