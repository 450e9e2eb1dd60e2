"""A list as a spreadsheet: as its owner sees it in pages, fetched by the owner alone, on record."""

from __future__ import annotations

import base64
import io
from typing import Any

import openpyxl
import pytest

from services.chassis.errors import Forbidden, Invalid, NotFound
from services.chassis.identity import new_id
from services.chassis.testing import wait_for
from services.records.exports.exporting import KIND
from tests.component.records.surroundings import Campus, Faculty

ENDS = ("done", "failed", "stopped")


def ended(campus: Campus, person: str, job: str) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        found = campus.call(person, "get_job", job=job)
        return found if found["state"] in ENDS else None

    found = wait_for(over, 60)
    assert found is not None
    return found


def exported(campus: Campus, person: str, name: str, **query: Any) -> dict[str, Any]:
    started = campus.call(person, "export_list", new_id(), list=name, query=query)
    return ended(campus, person, started["job"])


def book(campus: Campus, person: str, file: str) -> openpyxl.Workbook:
    opened = campus.call(person, "open_file", file=file)
    parts = [campus.call(person, "read_file", file=file, part=part) for part in range(opened["parts"])]
    return openpyxl.load_workbook(io.BytesIO(b"".join(base64.b64decode(each["content"]) for each in parts)))


def rows(campus: Campus, person: str, job: dict[str, Any]) -> list[dict[str, Any]]:
    assert job["state"] == "done", job
    head, *found = book(campus, person, job["result"]["file"]).worksheets[0].iter_rows(values_only=True)
    assert len(found) == job["result"]["rows"] == job["done"]
    return [dict(zip(head, each, strict=True)) for each in found]


def entries(campus: Campus, kind: str, about: str) -> list[dict[str, Any]]:
    found = campus.call(campus.administrator, "read_audit", object_kind=kind, object=about, limit=100)
    return [each for each in found["items"] if each["action"] == "list.exported"]


def test_a_list_is_exported_as_its_owner_sees_it(campus: Campus, faculty: Faculty) -> None:
    for number in range(120):  # more than a page
        campus.application.directory.people.create(
            f"more-{number}",
            {
                **campus.application.directory.people.get(faculty.member).state,
                "number": f"Z{number:03}",
                "name": "=cmd()" if number == 0 else "某人",
            },
        )
    job = exported(campus, faculty.secretary, "people", organisation=faculty.branch)
    shown = rows(campus, faculty.secretary, job)
    assert job["result"]["name"] == "人员.xlsx"
    assert len(shown) == 122
    by_number = {each["学号/工号"]: each for each in shown}
    assert by_number["S001"]["手机号（已隐去）"] == "138****5678"
    assert by_number["S001"]["政治面貌"] == "正式党员"
    assert by_number["S001"]["党组织"] == "组织 B1"
    assert by_number["Z000"]["名称/姓名"] == "'=cmd()"
    assert list(shown[0])[-1] == "编号"

    (entry,) = entries(campus, "organisation", faculty.branch)
    assert (entry["actor"], entry["reason"]) == (faculty.secretary, "people: 122")
    for other in (faculty.dean, campus.administrator):
        with pytest.raises(NotFound):
            campus.call(other, "open_file", file=job["result"]["file"])
    with pytest.raises(NotFound):
        campus.call(faculty.dean, "get_job", job=job["id"])

    found = exported(campus, faculty.secretary, "people", number="S001")
    assert [each["名称/姓名"] for each in rows(campus, faculty.secretary, found)] == ["测试S001"]
    (by_filter,) = entries(campus, "organisation", "all")
    assert by_filter["reason"] == "people: 1, number"
    kept = campus.application.database["jobs"].find_one({"_id": found["id"]})
    assert "S001" not in str(kept), "a filter names a person"


def test_other_lists_have_their_own_columns(campus: Campus, faculty: Faculty) -> None:
    campus.call(
        faculty.secretary,
        "plan_activity",
        organisation=faculty.branch,
        kind="theme_day",
        title="＝主题",
        held_on="2026-09-01",
    )
    (activity,) = rows(campus, faculty.dean, exported(campus, faculty.dean, "activities"))
    assert (activity["类别"], activity["状态"], activity["逾期/补录"]) == ("主题党日", "已计划", "否")
    assert activity["主题"] == "'＝主题"
    assert activity["召开日期"].isoformat()[:10] == "2026-09-01"
    posts = rows(campus, faculty.dean, exported(campus, faculty.dean, "posts", organisation=faculty.branch))
    assert [(each["姓名"], each["学号/工号"], each["职务"]) for each in posts] == [
        ("测试T002", "T002", "书记")
    ]
    # Everybody may know posts, and a person is named to whom their people are shown.
    hidden = rows(
        campus, faculty.member, exported(campus, faculty.member, "posts", organisation=faculty.branch)
    )
    assert [each["姓名"] for each in hidden] == [None]
    accounts = exported(campus, faculty.secretary, "dues_accounts", organisation=faculty.branch, year=2026)
    (year,) = rows(campus, faculty.secretary, accounts)
    assert (year["年末结存（元）"], year["党组织"]) == (0, "组织 B1")


def test_what_a_list_refuses_is_refused_at_once(campus: Campus, faculty: Faculty) -> None:
    def ask(person: str, name: str, **query: Any) -> None:
        campus.call(person, "export_list", list=name, query=query)

    with pytest.raises(Invalid) as unknown:
        ask(faculty.secretary, "everything")
    assert unknown.value.code == "export.unknown_list"
    assert "activities" in unknown.value.params["accepted"]
    with pytest.raises(Invalid) as wrong:
        ask(faculty.secretary, "people", political_status="king", nobody="x")
    assert set(wrong.value.fields["query"]) == {"political_status", "nobody"}
    with pytest.raises(Invalid) as paged:
        ask(faculty.secretary, "people", limit=5)
    assert paged.value.fields == {"query": {"limit": ["export.paged_by_itself"]}}
    with pytest.raises(Invalid):
        campus.call(faculty.secretary, "export_list", list="people", query={"search": ["a"]})
    with pytest.raises(Forbidden):
        ask(faculty.secretary, "people", organisation=faculty.neighbour)


def test_a_job_ends_with_the_post_it_was_asked_with_or_is_stopped(campus: Campus, faculty: Faculty) -> None:
    posts = campus.call(faculty.secretary, "who_am_i")["posts"]
    jobs = campus.application.jobs
    jobs._steps.pop(KIND)  # no worker takes it up yet
    try:
        started = [
            campus.call(faculty.secretary, "export_list", new_id(), list="activities", query={})["job"]
            for _ in range(2)
        ]
        with pytest.raises(NotFound):
            campus.call(faculty.next_door, "stop_job", job=started[1])
        assert campus.call(faculty.secretary, "stop_job", job=started[1])["state"] == "stopped"
        campus.call(faculty.dean, "withdraw_post", post=posts[0]["id"])
    finally:
        jobs.work(KIND, campus.application.exports.step)
    failed = ended(campus, faculty.secretary, started[0])
    assert failed["state"] == "failed"
    assert "职务" in failed["failure"]["zh"]
    assert campus.call(faculty.secretary, "get_job", job=started[1])["state"] == "stopped"


def test_too_many_rows_are_refused_in_words(campus: Campus, faculty: Faculty) -> None:
    campus.application.exports.most_rows = 1
    failed = exported(campus, faculty.dean, "people")
    assert failed["state"] == "failed"
    assert "20 万行" in failed["failure"]["zh"]
