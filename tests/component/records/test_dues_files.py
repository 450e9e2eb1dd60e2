"""Bases and statements as spreadsheets: taken over by jobs, row by row, and nothing of them stays behind."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from services.chassis.errors import Forbidden, Invalid, NotFound
from services.chassis.identity import new_id
from services.chassis.job_attempts import Job, JobLost
from services.chassis.testing import wait_for
from services.records.dues.statements import KIND
from tests.component.records.surroundings import Campus, Faculty, workbook


def sent(campus: Campus, person: str, content: bytes, name: str = "党费.xlsx") -> str:
    upload = campus.call(person, "begin_upload", filename=name, purpose="file")["upload"]
    part = base64.b64encode(content).decode()
    campus.call(person, "append_upload", upload=upload, part=0, content=part)
    return str(campus.call(person, "keep_file", upload=upload)["file"])


def ended(campus: Campus, person: str, job: str) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        found = campus.call(person, "get_job", job=job)
        return found if found["state"] in ("done", "failed", "stopped") else None

    found = wait_for(over)
    assert found is not None
    return found


def test_bases_are_set_by_a_spreadsheet_row_by_row_and_once(campus: Campus, faculty: Faculty) -> None:
    retired = campus.person("R001", faculty.branch)
    base = {"person": retired, "year": 2026, "kind": "salaried", "base_fen": 987_600}
    campus.call(faculty.secretary, "set_dues_base", **base)
    rows = [
        ["学号/工号", "缴费类别", "月缴费基数", "执行月份"],
        ["S001", "", 9876.54, ""],
        ["S001", "", 9999, "2026-07"],
        ["R001", "退休", "5001", "2026-06"],
        ["T002", "学生", 3000, ""],
        ["T003", "", 3000, ""],
        ["X999", "", 3000, ""],
        ["T001", "", "很多", ""],
        ["S002", "学生", "", ""],
    ]
    content = workbook(基数=rows)
    file = sent(campus, faculty.secretary, content)
    asked = {"file": file, "year": 2026}
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "import_dues_bases", **asked)
    with pytest.raises(Invalid, match=r"file\.unknown"):
        campus.call(faculty.dean, "import_dues_bases", **asked)
    job = campus.call(faculty.secretary, "import_dues_bases", **asked)["job"]
    found = ended(campus, faculty.secretary, job)
    assert found["result"] == {"created": 3, "changed": 1, "unchanged": 0, "refused": 4}, found
    errors = {each["row"]: each for each in found["errors"]}
    assert {row: (each["column"], each["code"]) for row, each in errors.items()} == {
        5: ("月缴费基数", "dues.base_unneeded"),
        6: ("学号/工号", "person.unknown"),
        7: ("学号/工号", "person.unknown"),
        8: ("月缴费基数", "money.invalid"),
    }
    assert errors[5]["params"]["article"] == "第六条"
    assert "第六条" in errors[5]["text"]["zh"]
    mine = campus.call(faculty.member, "get_dues_base", person=faculty.member, year=2026)["bases"]
    assert [(each["from_month"], each["base_fen"]) for each in mine] == [
        ("2026-01", 987_654),
        ("2026-07", 999_900),
    ]
    told = campus.events("records.dues_base.set.v1")
    assert campus.call(faculty.secretary, "import_dues_bases", **asked)["job"] == job
    again = {"file": sent(campus, faculty.secretary, content), "year": 2026}
    found = ended(
        campus, faculty.secretary, campus.call(faculty.secretary, "import_dues_bases", **again)["job"]
    )
    assert found["result"] == {"created": 0, "changed": 0, "unchanged": 4, "refused": 4}
    assert campus.events("records.dues_base.set.v1") == told
    database = campus.application.database
    kept = str([list(database[name].find()) for name in ("jobs", "job_errors", "dues_bases", "audit")])
    # Neither as it was sent nor in fen; four digits alone stand in many an id.
    assert "9876.54" not in kept
    assert "987654" not in kept
    assert database["files"].count_documents({}) == database["file_parts"].count_documents({}) == 0


def test_a_base_of_billed_months_stands_against_a_spreadsheet_too(campus: Campus, faculty: Faculty) -> None:
    base = {"person": faculty.member, "year": 2026, "kind": "salaried", "base_fen": 300_100}
    campus.call(faculty.secretary, "set_dues_base", **base)
    job = campus.call(campus.administrator, "bill_dues", organisation=faculty.branch, month="2026-01")["job"]
    ended(campus, campus.administrator, job)
    rows = "学号,月缴费基数\nS001,4000\n".encode("gb18030")
    file = sent(campus, faculty.secretary, rows, "基数.csv")
    job = campus.call(faculty.secretary, "import_dues_bases", file=file, year=2026)["job"]
    (error,) = ended(campus, faculty.secretary, job)["errors"]
    assert (error["code"], error["params"]["accepted"]) == ("dues.base_billed", "2026-02")


def paid(campus: Campus, name: str, number: str) -> None:
    """The payment system says that ``number`` paid 20 fen, and it stands in the books."""
    kept = campus.application.database["dues_payments"]
    before = kept.count_documents({})
    said = {"payment": name, "number": number, "amount_fen": 20, "paid_on": "2026-09-01"}
    campus.say(
        {
            "specversion": "1.0",
            "id": new_id(),
            "type": "campus.dues_payment.made.v1",
            "source": "/campus/payment",
            "subject": name,
            "time": "2026-09-10T03:00:00Z",
            "data": said,
        }
    )
    wait_for(lambda: kept.count_documents({}) == before + 1)


def test_a_comparison_that_is_done_again_mixes_no_lines_of_two_days(campus: Campus, faculty: Faculty) -> None:
    base = {"person": faculty.member, "year": 2026, "kind": "student"}
    campus.call(faculty.secretary, "set_dues_base", **base)
    paid(campus, "P-1", "S001")
    rows = [["流水号", "学号", "金额", "交易时间"], *([f"P-{n}", "S001", 0.2, "2026-09-01"] for n in (1, 2))]
    file = sent(campus, faculty.dean, workbook(流水=rows))
    asked = {"organisation": faculty.faculty, "since": "2026-09-01", "until": "2026-09-30"}
    job = Job(
        id="j-1",
        kind=KIND,
        owner=faculty.dean,
        params={**asked, "file": file, "filename": "流水.xlsx"},
        state="running",
        done=0,
        total=None,
        errors=[],
        error_count=0,
        result=None,
        cursor=None,
        failure=None,
        failure_params={},
        attempts=1,
        token=1,
    )
    statements, database = campus.application.dues.statements, campus.application.database

    def cut_off(**progress: Any) -> None:
        if "cursor" in progress:
            raise JobLost(job.id)

    def listed() -> list[tuple[str, str]]:
        found = campus.call(faculty.dean, "list_dues_reconciliation", reconciliation=job.id)["items"]
        return [(each["reference"], each["outcome"]) for each in found]

    with pytest.raises(JobLost):
        statements.step(job, cut_off)
    database["dues_reconciliations"].delete_one({"_id": job.id})  # as a crash before its last write leaves it
    assert database["dues_reconciliation_lines"].count_documents({}) == 2
    for name, number in (("P-2", "S001"), ("P-3", "S001")):
        paid(campus, name, number)
    with pytest.raises(JobLost):
        statements.step(replace(job, token=2), cut_off)
    assert listed() == [("P-1", "agreed"), ("P-2", "agreed"), ("P-3", "unnamed")]
    outcomes = campus.call(faculty.dean, "get_dues_reconciliation", reconciliation=job.id)["outcomes"]
    assert outcomes == {"agreed": 2, "unnamed": 1}

    # Whole, but its end was never written down: whoever takes over tells what is kept, not what is today.
    paid(campus, "P-4", "S001")
    result = statements.step(replace(job, token=3), lambda **progress: None)
    assert result["created"] == 3
    assert listed() == [("P-1", "agreed"), ("P-2", "agreed"), ("P-3", "unnamed")]
    assert database["dues_reconciliation_lines"].count_documents({}) == 3


def test_a_statement_is_compared_with_the_books_as_a_job(campus: Campus, faculty: Faculty) -> None:
    base = {"year": 2026, "kind": "student"}
    for person in (faculty.member, faculty.groupie):
        campus.call(faculty.secretary, "set_dues_base", person=person, **base)
    for name, number in (("P-1", "S001"), ("P-2", "S001"), ("P-3", "S002")):
        paid(campus, name, number)
    rows = [
        ["流水号", "学号", "金额", "交易时间"],
        ["P-1", "S001", 0.2, "2026-09-01 08:30:21"],
        ["P-2", "S001", "0.30", "2026-09-01"],
        ["P-9", "S001", 0.2, "2026-09-01"],
        ["P-4", "S001", "", "2026-09-01"],
    ]
    file = sent(campus, faculty.dean, workbook(流水=rows))
    asked = {"file": file, "organisation": faculty.faculty, "since": "2026-09-01", "until": "2026-09-30"}
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "reconcile_dues_file", **asked)
    with pytest.raises(Invalid, match=r"dues\.days_unfit"):
        campus.call(faculty.dean, "reconcile_dues_file", **{**asked, "until": "2026-10-30"})
    job = campus.call(faculty.dean, "reconcile_dues_file", **asked)["job"]
    found = ended(campus, faculty.dean, job)
    assert (found["result"]["refused"], found["errors"][0]["row"]) == (1, 5)
    summary = campus.call(faculty.dean, "get_dues_reconciliation", reconciliation=job)
    assert summary["outcomes"] == {"agreed": 1, "amount_differs": 1, "missing": 1, "unnamed": 1}
    first = campus.call(faculty.dean, "list_dues_reconciliation", reconciliation=job, limit=2)
    rest = campus.call(
        faculty.dean, "list_dues_reconciliation", reconciliation=job, limit=2, cursor=first["next"]
    )
    lines = [*first["items"], *rest["items"]]
    assert [(each["row"], each["reference"], each["outcome"]) for each in lines] == [
        (2, "P-1", "agreed"),
        (3, "P-2", "amount_differs"),
        (4, "P-9", "missing"),
        (None, "P-3", "unnamed"),
    ]
    only = campus.call(faculty.dean, "list_dues_reconciliation", reconciliation=job, outcome="missing")
    assert [each["reference"] for each in only["items"]] == ["P-9"]
    for method in ("get_dues_reconciliation", "list_dues_reconciliation"):
        with pytest.raises(NotFound):
            campus.call(faculty.secretary, method, reconciliation=job)
    assert campus.application.database["files"].count_documents({}) == 0
