"""A ledger pack: an organisation's year as its owner may read it, whole as jishi verify finds it."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from services.chassis.cli import main
from services.chassis.errors import Forbidden, Invalid, NotFound
from services.chassis.identity import new_id
from tests.component.records.surroundings import Campus, Faculty
from tests.component.records.test_bulletins import drafted
from tests.component.records.test_exports import ended


def content(campus: Campus, person: str, file: str) -> bytes:
    opened = campus.call(person, "open_file", file=file)
    parts = [campus.call(person, "read_file", file=file, part=part) for part in range(opened["parts"])]
    return b"".join(base64.b64decode(each["content"]) for each in parts)


def made(campus: Campus, person: str, organisation: str, **more: Any) -> dict[str, Any]:
    asked = {"organisation": organisation, "year": 2026, **more}
    job = ended(campus, person, campus.call(person, "make_ledger", new_id(), **asked)["job"])
    assert job["state"] == "done", job
    return job


def attached(campus: Campus, person: str) -> str:
    upload = campus.call(person, "begin_upload", filename="签到表.txt", purpose="file")["upload"]
    text = base64.b64encode("到会：三人".encode()).decode()
    campus.call(person, "append_upload", upload=upload, part=0, content=text)
    return str(campus.call(person, "keep_file", upload=upload)["file"])


def approved(campus: Campus, faculty: Faculty) -> None:
    planned = campus.call(
        faculty.secretary,
        "plan_activity",
        organisation=faculty.branch,
        kind="theme_day",
        title="重温入党誓词",
        held_on="2026-09-08",
    )
    people = campus.application.directory.people.find(
        {"organisation": {"$in": [faculty.branch, faculty.group]}}
    )
    attendance = [{"person": each.id, "state": "present"} for each in people]
    recorded = campus.call(
        faculty.secretary,
        "record_activity",
        activity=planned["id"],
        attendance=attendance,
        minutes="=一、重温誓词",
        decisions=[{"text": "每月公开一次"}],
        attachments=[attached(campus, faculty.secretary)],
        expected_version=planned["version"],
    )
    submitted = campus.call(
        faculty.secretary, "submit_activity", activity=planned["id"], expected_version=recorded["version"]
    )
    campus.call(
        faculty.dean,
        "review_activity",
        activity=planned["id"],
        verdict="approve",
        expected_version=submitted["version"],
    )


def test_a_year_is_one_file_that_says_whether_it_is_whole(
    campus: Campus, faculty: Faculty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approved(campus, faculty)
    left = campus.person("S077", faculty.branch)
    campus.call(campus.administrator, "change_person", person=left, organisation=faculty.neighbour)
    for title in ("公开党务", "草稿"):
        bulletin = drafted(campus, faculty, by=faculty.secretary, organisation=faculty.branch, title=title)
        if title == "公开党务":
            campus.call(faculty.secretary, "publish_bulletin", bulletin=bulletin["id"])
    job = made(campus, faculty.secretary, faculty.branch)
    assert job["result"]["name"] == "ledger-B1-2026.zip"
    pack = tmp_path / "pack.zip"
    pack.write_bytes(content(campus, faculty.secretary, job["result"]["file"]))
    said = CliRunner().invoke(main, ["verify", str(pack), "--json", "--digest", job["result"]["digest"]])
    assert said.exit_code == 0, said.output
    manifest = json.loads(said.output)["manifest"]
    assert manifest["organisation"] == {"id": faculty.branch, "code": "B1", "name": "组织 B1"}
    assert (manifest["year"], manifest["made_by"]) == (2026, faculty.secretary)
    assert "dues-national-2008" in manifest["packs"]
    assert manifest["left_out"] == []

    with zipfile.ZipFile(pack) as archive:
        book = openpyxl.load_workbook(io.BytesIO(archive.read("records.xlsx")))
        (sheet,) = [name for name in archive.namelist() if name.startswith("attachments/")]
        assert sheet.endswith("01 签到表.txt")
        assert archive.read(sheet).decode() == "到会：三人"
    assert book.sheetnames[:3] == ["党组织", "职务", "人员"]
    minutes = list(book["会议记录"].iter_rows(values_only=True))
    assert minutes[1][4:] == ("'=一、重温誓词", "每月公开一次", sheet)
    # Who belonged there in the year, also who left in it; and what was announced, not what is a draft.
    ends = [row[4] and row[4].date() for row in book["党员变动"].iter_rows(min_row=2, values_only=True)]
    assert sorted(map(str, ends)) == ["2026-09-09", "None", "None"]
    told = list(book["公告"].iter_rows(min_row=2, values_only=True))
    assert [("公开党务" in row, "草稿" in row) for row in told] == [(True, False)]
    assert {row[0] for row in book["人员"].iter_rows(min_row=2, values_only=True)} == {"T002", "S001"}

    (entry,) = [
        each
        for each in campus.call(
            campus.administrator, "read_audit", object_kind="organisation", object=faculty.branch, limit=100
        )["items"]
        if each["action"] == "ledger.made"
    ]
    assert (entry["actor"], manifest["digest"] in entry["reason"]) == (faculty.secretary, True)
    with pytest.raises(NotFound):
        campus.call(faculty.dean, "open_file", file=job["result"]["file"])

    above = made(campus, faculty.dean, faculty.faculty, below=True)
    pack.write_bytes(content(campus, faculty.dean, above["result"]["file"]))
    with zipfile.ZipFile(pack) as archive:
        below = json.loads(archive.read("manifest.json"))
        book = openpyxl.load_workbook(io.BytesIO(archive.read("records.xlsx")))
    assert below["left_out"] == ["thought_reports"], "seen by the branch's own secretary alone"
    codes = [row[0] for row in book["党组织"].iter_rows(min_row=2, values_only=True)]
    assert sorted(codes) == ["B1", "B1-G1", "B2", "S1"]

    monkeypatch.setattr("services.records.ledger.model.MOST_BYTES", 14)  # one byte less than is attached
    asked = {"organisation": faculty.branch, "year": 2026}
    job = ended(campus, faculty.secretary, campus.call(faculty.secretary, "make_ledger", **asked)["job"])
    assert (job["state"], job["result"]) == ("failed", None)
    assert job["failure"]["en"].startswith("There is more than one file can hold")


def test_who_may_not_and_what_cannot_be_is_told(campus: Campus, faculty: Faculty) -> None:
    for person in (faculty.member, faculty.next_door):
        with pytest.raises(Forbidden):
            campus.call(person, "make_ledger", organisation=faculty.branch, year=2026)
    with pytest.raises(Invalid) as early:
        campus.call(faculty.secretary, "make_ledger", organisation=faculty.branch, year=2027)
    assert early.value.code == "ledger.year_unfit"
    assert early.value.params == {"accepted": "… 2026"}
    with pytest.raises(Invalid):
        campus.call(faculty.secretary, "make_ledger", organisation="nowhere", year=2026)
