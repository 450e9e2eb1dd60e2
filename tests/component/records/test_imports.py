"""A roster taken over: each row wholly or not at all, the same file again changes nothing."""

from __future__ import annotations

import base64
import io
import random
import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.testing import wait_for
from services.records.roster import takeover
from services.records.roster.importer import KIND
from services.records.roster.rows import ActivityRows, Tree
from tests.component.records.surroundings import Campus, Faculty, workbook

ORGANISATIONS = ["组织代码", "组织名称", "类别", "上级组织代码", "成立日期", "设支委会"]
PEOPLE = ["姓名", "学号/工号", "性别", "政治面貌", "所在党支部", "手机号", "入党日期", "职务"]
ACTIVITIES = ["组织代码", "类型", "召开日期", "录入日期", "应到", "实到", "请假", "有记录", "议题"]


def roster() -> bytes:
    return workbook(
        党组织=[
            ORGANISATIONS,
            ["H1-1", "化工第一党支部", "党支部", "H1", "2019-03-01", "是"],
            ["H1", "化工学院党委", "二级党组织", "DW", date(2010, 5, 4), ""],
        ],
        人员=[
            PEOPLE,
            ["张　三", 20230001, "男", "中共党员", "H1-1", 13812345678, date(2021, 7, 1), "书记"],
            ["李四", "20230002", "女", "正式党员", "化工第一党支部", "", "2025/12/1", "组织委员、宣传委员"],
            ["王五", "20230003", "男", "入党积极分子", "H1-1", "13900000000", "", ""],
        ],
        组织生活=[
            ACTIVITIES,
            ["H1-1", "主题党日", "2026-03-05", "2026-03-06", 3, 3, 0, "是", "三月主题党日"],
            ["H1-1", "党课", "2026-04-05", "2026-05-06", 3, 2, 1, "否", ""],
        ],
    )


def counts(job: dict[str, Any]) -> tuple[int, int, int, int]:
    result = job["result"]
    return result["created"], result["changed"], result["unchanged"], result["refused"]


def errors_of(campus: Campus, job: dict[str, Any]) -> list[dict[str, Any]]:
    """Every error of a job, page after page."""
    listed: list[dict[str, Any]] = []
    cursor = None
    while True:
        asked = {"job": job["id"], "limit": 100, "cursor": cursor}
        page = campus.call(campus.administrator, "list_job_errors", **asked)
        listed += page["items"]
        cursor = page["next"]
        if cursor is None:
            return listed


def kept_content(campus: Campus) -> list[bytes]:
    """What is kept of the uploads, as it stands in the store."""
    parts = campus.application.database["upload_parts"].find({"sealed": {"$exists": True}})
    return [bytes(each["sealed"]) for each in parts]


def send(campus: Campus, key: str, content: bytes) -> str:
    """The job of ``content``, as a client that repeats each command with its key."""
    call, root = campus.call, campus.administrator
    upload = call(root, "begin_upload", f"{key} begin", filename="名册.csv", purpose="roster")["upload"]
    part = {"upload": upload, "part": 0, "content": base64.b64encode(content).decode()}
    call(root, "append_upload", f"{key} part", **part)
    return str(call(root, "start_import", f"{key} start", upload=upload, filename="名册.csv")["job"])


def test_a_roster_is_taken_over_with_its_posts_and_its_history(campus: Campus) -> None:
    job = campus.imported(roster())
    assert (job["state"], job["errors"], counts(job)) == ("done", [], (7, 0, 0, 0))
    assert (job["done"], job["total"]) == (7, 7)

    people = campus.call(campus.administrator, "list_people", within=campus.root)["items"]
    assert [each["name"] for each in people] == ["张三", "李四", "王五", "管理员"]
    assert people[0]["phone"] == "138****5678"
    assert people[0]["joined_on"] == "2021-07-01"
    secretary = people[0]["id"]
    roles = campus.call(campus.administrator, "list_posts", organisation=people[0]["organisation"])["items"]
    assert {(each["person"], each["role"]) for each in roles} == {
        (secretary, "secretary"),
        (people[1]["id"], "organisation_commissioner"),
        (people[1]["id"], "publicity_commissioner"),
    }
    given = campus.application.audit.read("person", secretary)
    assert [(each.action, each.actor) for each in given] == [("post.given", campus.administrator)]
    approved = {each["data"]["kind"]: each for each in campus.events("records.activity.approved.v1")}
    assert approved["theme_day"]["data"]["late"] is False
    assert approved["party_lecture"]["data"]["late"] is True
    assert approved["party_lecture"]["data"]["has_minutes"] is False
    assert all(each["data"]["imported"] for each in approved.values())
    assert {each["actor"] for each in approved.values()} == {campus.administrator}


def test_of_organisations_founded_together_one_whose_code_was_taken_meanwhile_is_told_alone(
    campus: Campus, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_many = campus.application.organisations.found_many

    def outrun(*founded: Any) -> None:
        monkeypatch.undo()
        asked = {"code": "H1", "name": "先到", "kind": "secondary", "parent": campus.root}
        campus.call(campus.administrator, "create_organisation", founded_on="2010-05-04", **asked)
        found_many(*founded)

    monkeypatch.setattr(campus.application.organisations, "found_many", outrun)
    content = workbook(
        党组织=[
            ORGANISATIONS,
            ["H1", "化工学院党委", "二级党组织", "DW", date(2010, 5, 4), ""],
            ["H2", "理学院党委", "二级党组织", "DW", date(2010, 5, 4), ""],
            ["H2-1", "理学第一党支部", "党支部", "H2", "2019-03-01", "是"],
            ["H1-1", "化工第一党支部", "党支部", "H1", "2019-03-01", "是"],
        ]
    )
    job = campus.imported(content)
    assert (job["state"], counts(job)) == ("done", (2, 0, 0, 2))
    listed = campus.call(campus.administrator, "list_organisations", within=campus.root)["items"]
    assert {each["name"] for each in listed} >= {"先到", "理学院党委", "理学第一党支部"}
    again = campus.imported(content)
    assert counts(again) == (1, 1, 2, 0)


def test_the_same_file_again_changes_nothing_and_says_no_event(campus: Campus) -> None:
    campus.imported(roster())
    before = len(campus.events("records.person.changed.v1")), len(campus.heard)
    again = campus.imported(roster())
    assert counts(again) == (0, 0, 7, 0)
    assert (len(campus.events("records.person.changed.v1")), len(campus.heard)) == before


def test_a_changed_row_changes_its_person_and_nobody_else(campus: Campus) -> None:
    campus.imported(roster())
    heard = len(campus.events("records.person.changed.v1"))
    changed = workbook(
        人员=[
            PEOPLE,
            ["张三", 20230001, "", "", "", 13812340000, "", "书记"],
            ["李四", "20230002", "男", "正式党员", "H1-1", "", "", ""],
            ["王五", "20230003", "男", "入党积极分子", "H1-1", "13900000000", "", ""],
        ]
    )
    assert counts(campus.imported(changed)) == (0, 2, 1, 0)
    people = campus.call(campus.administrator, "list_people", within=campus.root)["items"]
    assert people[0]["phone"] == "138****0000"
    assert people[0]["political_status"] == "member"
    assert people[1]["sex"] == "male"
    assert len(campus.events("records.person.changed.v1")) == heard + 2


def test_nearly_a_third_of_bad_rows_stops_no_good_one(campus: Campus, faculty: Faculty) -> None:
    chance = random.Random(20260910)
    flaws = [
        (3, "中共群众", "政治面貌", "political_status.unknown"),
        (4, "B9", "所在党支部", "organisation.unknown"),
        (5, "138-ABCD", "手机号", "phone.invalid"),
        (6, "2021年", "入党日期", "date.invalid"),
        (7, "班长", "职务", "role.unknown"),
        (1, "学号？", "学号/工号", "number.invalid"),
        (0, "", "姓名", "cell.missing"),
    ]
    rows, wrong = [], []
    for position in range(500):
        row: list[Any] = [
            f"某{position}",
            f"R{position:05}",
            "男",
            "正式党员",
            "B1",
            f"139{position:08}",
            "",
            "宣传委员" if position % 9 == 0 else "",
        ]
        if chance.random() < 0.3:
            at, value, column, code = chance.choice(flaws)
            row[at] = value
            wrong.append((position + 2, column, code))
        rows.append(row)
    job = campus.imported(workbook(人员=[PEOPLE, *rows]))
    assert counts(job) == (500 - len(wrong), 0, 0, len(wrong))
    assert job["error_count"] == len(wrong)
    listed = errors_of(campus, job)
    assert {(each["row"], each["column"], each["code"]) for each in listed} == set(wrong)
    assert all(each["text"]["zh"] and each["text"]["en"] != each["code"] for each in listed)
    kept = campus.application.database["people"].count_documents({"number": {"$regex": "^R"}})
    assert kept == 500 - len(wrong)


def test_a_row_whose_post_cannot_be_leaves_no_person_behind(campus: Campus, faculty: Faculty) -> None:
    job = campus.imported(
        workbook(人员=[PEOPLE, ["赵六", "R1", "男", "正式党员", "B1", "", "", "书记、党小组组长"]])
    )
    assert counts(job) == (0, 0, 0, 1)
    assert [(each["column"], each["code"]) for each in job["errors"]] == [("职务", "post.role_unfit")]
    assert campus.application.database["people"].count_documents({"number": "R1"}) == 0
    assert campus.application.database["posts"].count_documents({"organisation": faculty.branch}) == 1


def test_what_the_file_says_twice_or_wrongly_is_named(campus: Campus, faculty: Faculty) -> None:
    job = campus.imported(
        workbook(
            党组织=[
                ORGANISATIONS,
                ["X1", "甲支部", "党支部", "Y1", "2019-03-01", ""],
                ["Y1", "乙支部", "党支部", "X1", "2019-03-01", ""],
                ["B1", "组织 B1", "党小组", "S1", "2019-03-01", ""],
                ["DW2", "另一个党委", "校党委", "", "2019-03-01", ""],
                ["Z1", "丙支部", "党支部", "S1", "", ""],
            ],
            人员=[PEOPLE, ["甲", "R1", "男", "群众", "B1"], ["乙", "R1", "男", "群众", "B1"]],
            组织生活=[
                ACTIVITIES,
                ["B1", "党小组会", "2026-03-05", "", 3, 3, 0, "是", "一"],
                ["B1", "主题党日", "2026-03-05", "2026-03-01", 3, 3, 0, "是", "二"],
                ["B1", "主题党日", "2026-03-05", "", 3, 3, 1, "是", "三"],
                ["B1", "主题党日", "2018-03-05", "", 3, 3, 0, "是", "四"],
                ["B1", "主题党日", "2027-03-05", "", 3, 3, 0, "是", "五"],
            ],
        )
    )
    told = {(each["sheet"], each["row"], each["column"], each["code"]) for each in job["errors"]}
    assert told == {
        ("党组织", 2, "上级组织代码", "organisation.unknown"),
        ("党组织", 3, "上级组织代码", "organisation.unknown"),
        ("党组织", 4, "类别", "organisation.kind_fixed"),
        ("党组织", 5, "组织代码", "organisation.root_exists"),
        ("党组织", 6, "成立日期", "cell.missing"),
        ("人员", 3, None, "row.twice"),
        ("组织生活", 2, "类型", "activity.kind_unfit"),
        ("组织生活", 3, "录入日期", "activity.entered_before_held"),
        ("组织生活", 4, "实到", "attendance.more_than_expected"),
        ("组织生活", 5, "召开日期", "activity.before_founding"),
        ("组织生活", 6, "召开日期", "activity.in_future"),
    }
    assert counts(job) == (1, 0, 0, 11)


def test_one_activity_by_the_code_and_by_the_name_of_its_organisation_is_taken_over_once(
    campus: Campus, faculty: Faculty, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_code = ["B1", "主题党日", "2026-03-05", "", 3, 3, 0, "是", "三月"]
    by_name = ["组织 B1", "主题党日", "2026-03-05", "", 3, 2, 0, "是", "三月"]
    for bunch in (200, 1):  # together, and each in a bunch of its own
        monkeypatch.setattr(takeover, "BUNCH", bunch)
        job = campus.imported(workbook(组织生活=[ACTIVITIES, by_code, by_name]))
        assert [(each["row"], each["code"]) for each in job["errors"]] == [(3, "row.twice")]
        assert counts(job) == ((1, 0, 0, 1) if bunch == 200 else (0, 0, 1, 1))


def test_twins_are_told_across_a_crash_between_them(campus: Campus, faculty: Faculty) -> None:
    by_code = {
        "organisation": "B1",
        "kind": "theme_day",
        "held_on": "2026-03-05",
        "expected": 3,
        "present": 3,
    }
    rows = [by_code, {**by_code, "organisation": "组织 B1"}]
    register = campus.application.activities

    def applier() -> ActivityRows:
        tree = Tree(campus.application.directory.organisations)
        titles = {"theme_day": "主题党日"}
        return ActivityRows(
            register.documents, tree, titles, register.kinds, register.window_days, campus.clock.today()
        )

    assert [each.outcome for each in applier().apply(rows[:1])] == ["created"]
    resumed = applier()
    resumed.meet(rows[:1])
    assert [each.problems for each in resumed.apply(rows[1:])] == [[(None, "row.twice")]]


def test_a_name_that_a_spreadsheet_would_run_is_refused(campus: Campus, faculty: Faculty) -> None:
    job = campus.imported("姓名,学号,政治面貌,所在支部\n=1+1,R1,正式党员,B1\n".encode(), "名册.csv")
    assert [(each["column"], each["code"]) for each in job["errors"]] == [("姓名", "person.name_unfit")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_text_file_of_either_encoding_is_read(campus: Campus, faculty: Faculty, encoding: str) -> None:
    lines = "姓名,学号,政治面貌,所在支部,联系电话\n王小明,R1,正式党员,B1,138 1234 5678\n"
    job = campus.imported(lines.encode(encoding), "名册.csv")
    assert counts(job) == (1, 0, 0, 0)


def test_a_file_of_no_use_fails_the_job_with_the_reason(campus: Campus) -> None:
    for content, code in ((b"PK\x03\x04broken", "损坏"), (b"a,b\n1,2\n", "表头"), (b"\x00\x01", "编码")):
        job = campus.imported(content)
        assert job["state"] == "failed"
        assert code in job["failure"]["zh"]
    assert kept_content(campus) == []


def test_what_is_too_large_when_unpacked_fails_the_job_at_once(campus: Campus) -> None:
    book = openpyxl.load_workbook(io.BytesIO(roster()))
    book["人员"]["XFD5000"] = "x"
    file = io.BytesIO()
    book.save(file)
    job = campus.imported(file.getvalue(), seconds=15)
    assert job["state"] == "failed"
    assert job["failure"] == campus.application.catalogue.render("roster.too_large", {"most": 100_000})
    # What the reader itself could not hold ends in the same way, with its own text.
    assert "roster.too_large" in campus.application.catalogue
    assert "offload.too_large" in campus.application.catalogue


def test_every_row_that_was_refused_is_listed_with_its_reason(campus: Campus, faculty: Faculty) -> None:
    rows = "".join(f"某人,N{number},正式党员,不存在,\n" for number in range(250))
    job = campus.imported(f"姓名,学号,政治面貌,所在支部,联系电话\n{rows}".encode(), "名册.csv")
    assert (job["error_count"], len(job["errors"])) == (250, 20)
    listed = errors_of(campus, job)
    assert listed[:20] == job["errors"]
    assert [each["row"] for each in listed] == list(range(2, 252))
    with pytest.raises(NotFound, match=r"jobs\.not_found"):
        campus.call(faculty.dean, "list_job_errors", job=job["id"])


def test_only_the_administrator_of_the_root_imports(campus: Campus, faculty: Faculty) -> None:
    for person in (faculty.member, faculty.secretary, faculty.dean):
        with pytest.raises(Forbidden):
            campus.call(person, "begin_upload", filename="x.xlsx", purpose="roster")
        with pytest.raises(Forbidden):
            campus.call(person, "start_import", upload="x", filename="x.xlsx")
    job = campus.upload(roster())
    with pytest.raises(NotFound, match=r"jobs\.not_found"):
        campus.call(faculty.dean, "get_job", job=job)


def test_numbers_are_sealed_at_rest_and_no_file_is_made_of_them(
    campus: Campus, faculty: Faculty, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    begun = campus.call(campus.administrator, "begin_upload", filename="x.csv", purpose="roster")["upload"]
    content = "姓名,学号,政治面貌,所在支部,联系电话\n王小明,R1,正式党员,B1,13812345678\n".encode()
    part = {"upload": begun, "part": 0, "content": base64.b64encode(content).decode()}
    campus.call(campus.administrator, "append_upload", **part)
    assert len(kept_content(campus)) == 1
    assert b"13812345678" not in str(list(campus.application.database["upload_parts"].find())).encode()

    seen: list[str] = []
    read = takeover.offload

    def watched(*given: Any, **more: Any) -> Any:
        seen.extend(each.name for each in tmp_path.rglob("*"))
        return read(*given, **more)

    monkeypatch.setattr(takeover, "offload", watched)
    job = campus.call(campus.administrator, "start_import", upload=begun, filename="x.csv")["job"]
    wait_for(lambda: campus.application.jobs.view(job).state == "done")
    assert (seen, kept_content(campus)) == ([], [])


def test_a_command_repeated_after_its_import_keeps_nothing(campus: Campus, faculty: Faculty) -> None:
    content = "姓名,学号,政治面貌,所在支部,联系电话\n王小明,R1,正式党员,B1,13812345678\n".encode()
    job = send(campus, "k", content)
    wait_for(lambda: campus.application.jobs.view(job).state == "done")
    assert send(campus, "k", content) == job
    assert kept_content(campus) == []
    upload = campus.application.database["uploads"].find_one({"taken_by": job})
    assert upload is not None
    for part, other in ((0, content.replace(b"R1", b"R2")), (1, content)):
        more = {"upload": upload["_id"], "part": part, "content": base64.b64encode(other).decode()}
        with pytest.raises(Conflict, match=r"upload\.part_differs"):
            campus.call(campus.administrator, "append_upload", **more)
    assert kept_content(campus) == []


def test_parts_may_come_twice_but_not_differ_nor_lack(campus: Campus) -> None:
    begun = campus.call(campus.administrator, "begin_upload", filename="x.csv", purpose="roster")["upload"]
    part = {"upload": begun, "part": 0, "content": "YWJj"}
    assert campus.call(campus.administrator, "append_upload", **part)["size"] == 3
    assert campus.call(campus.administrator, "append_upload", **part)["size"] == 3
    with pytest.raises(Invalid, match=r"upload\.not_base64"):
        campus.call(campus.administrator, "append_upload", **{**part, "part": 1, "content": "===="})
    campus.call(campus.administrator, "append_upload", **{**part, "part": 2})
    with pytest.raises(Invalid, match=r"upload\.part_missing"):
        campus.call(campus.administrator, "start_import", upload=begun, filename="x.csv")


def test_the_same_upload_is_taken_over_by_one_job_or_by_none_that_is_off_record(
    campus: Campus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def off_record(*_: object) -> None:
        raise Unavailable("audit.contended")

    database = campus.application.database
    with monkeypatch.context() as patched:
        patched.setattr(campus.application.audit, "append", off_record)
        with pytest.raises(Unavailable):
            campus.upload(roster())
    assert list(database["jobs"].find()) == []
    begun = database["uploads"].find_one({"taken_by": None})
    assert begun is not None
    start = {"upload": begun["_id"], "filename": "名册.xlsx"}
    job = campus.call(campus.administrator, "start_import", **start)["job"]
    assert [each["object_id"] for each in database["audit"].find({"action": "roster.import"})] == [job]
    upload = campus.application.database["uploads"].find_one({"taken_by": job})
    assert upload is not None
    again = campus.call(campus.administrator, "start_import", upload=upload["_id"], filename="x.xlsx")
    assert again["job"] == job


def test_an_import_that_dies_between_bunches_is_resumed_and_does_each_row_once(
    campus: Campus, faculty: Faculty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "BUNCH", 40)
    jobs = campus.application.jobs
    step = jobs._steps[KIND]
    deaths = iter([1, 2])
    shown: list[tuple[int, int | None]] = []  # what whoever waits is told, each time that it is noted

    def mortal(job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """Dies after a bunch was written and before that was noted, twice."""
        noted = 0
        dies_at = next(deaths, None)

        def watched(**progress: Any) -> None:
            nonlocal noted
            if "cursor" in progress:
                noted += 1
                if noted == dies_at:
                    raise RuntimeError("the process ended here")
            checkpoint(**progress)
            known = jobs.view(job.id)
            shown.append((known.done, known.total))

        return step(job, watched) or {}

    campus.application.jobs.work(KIND, mortal)
    rows = [[f"某{number}", f"R{number:05}", "男", "群众", "B1", "", "", ""] for number in range(140)]
    rows[130][3] = "党外"
    started = campus.upload(workbook(人员=[PEOPLE, *rows]))

    def ended() -> bool:
        campus.clock.advance(timedelta(milliseconds=500))  # until the lease of who died lapses
        return campus.application.jobs.view(started).state not in ("queued", "running")

    wait_for(ended, 90)
    job = campus.call(campus.administrator, "get_job", job=started)
    assert (job["state"], job["failure"]) == ("done", None)
    progress = [done for done, total in shown if total == 140]
    assert progress == sorted(progress), "progress never goes back, whoever takes over"
    assert len({*progress} - {0, 140}) >= 2, "and is told on the way"
    assert progress[-1] == 140
    assert (job["error_count"], sum(counts(job)), counts(job)[3]) == (1, 140, 1)
    assert campus.application.database["people"].count_documents({"number": {"$regex": "^R"}}) == 139
    told = [each["subject"] for each in campus.events("records.person.changed.v1")]
    assert len(told) == len(set(told)) == 139 + 6
