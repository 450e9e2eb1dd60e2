"""A roster that is exported is imported again without a change."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from services.chassis.errors import Forbidden, Invalid, NotFound
from services.chassis.testing import wait_for
from services.records.roster.reading import arrange
from services.records.roster.tables import tables
from tests.component.records.surroundings import Campus, Faculty
from tests.component.records.test_directory import on_record
from tests.component.records.test_imports import counts, roster

NUMBER = "11010519491231002X"


def exported(campus: Campus, person: str, **asked: Any) -> bytes:
    """The file that an export gave to ``person``."""
    job = campus.call(person, "export_roster", **asked)["job"]

    def ended() -> dict[str, Any] | None:
        found = campus.call(person, "get_job", job=job)
        return found if found["state"] in ("done", "failed") else None

    found = wait_for(ended, 60)
    assert found is not None
    assert found["state"] == "done", found
    file = found["result"]["file"]
    opened = campus.call(person, "open_file", file=file)
    assert opened["name"] == "名册-2026-09-10.xlsx"
    with pytest.raises(NotFound, match=r"files\.not_found"):
        campus.call(somebody_else(campus, person), "open_file", file=file)
    parts = [campus.call(person, "read_file", file=file, part=part) for part in range(opened["parts"])]
    return b"".join(base64.b64decode(part["content"]) for part in parts)


def somebody_else(campus: Campus, person: str) -> str:
    others = campus.application.directory.people.find({"number": {"$in": ["A001", "T002"]}})
    return next(each.id for each in others if each.id != person)


def rows_of(content: bytes) -> dict[str, dict[str, Any]]:
    """The people of a roster by number."""
    found = arrange(tables(content, "名册.xlsx"))["rows"]
    return {row["values"]["number"]: row["values"] for row in found if row["kind"] == "person"}


def test_a_roster_that_is_exported_changes_nothing_when_it_is_imported(
    campus: Campus, faculty: Faculty
) -> None:
    root = campus.administrator
    campus.imported(roster())
    campus.person("X1", faculty.group, id_number=NUMBER, phone="+8613812345678", external_id="=1+1")
    league = {"political_status": "activist", "political_status_code": "03", "sex": "unspecified"}
    campus.person("X2", faculty.branch, **league)
    campus.person("X3", faculty.branch, political_status="none", name="无")
    campus.call(root, "change_person", person=faculty.next_door, active=False)
    campus.post(faculty.dean, "organiser", campus.root)
    heard = len(campus.events("records.person.changed.v1"))
    for asked in ({}, {"unmasked": True, "reason": "年度核对名册"}):
        content = exported(campus, root, **asked)
        told = rows_of(content)
        assert told["X1"]["external_id"] == "=1+1"
        assert told["X1"].get("id_number") == (NUMBER if asked else None)
        assert "T003" not in told
        job = campus.imported(content)
        assert (job["errors"], counts(job)) == ([], (0, 0, 18, 0))
    assert len(campus.events("records.person.changed.v1")) == heard


def test_an_export_reaches_as_far_as_ones_posts_and_unmasking_is_on_record(
    campus: Campus, faculty: Faculty
) -> None:
    assert rows_of(exported(campus, faculty.secretary)).keys() == {"T002", "S001", "S002"}
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "export_roster")
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "export_roster", within=faculty.neighbour)
    with pytest.raises(Forbidden):  # a secretary unmasks phones, and no identity numbers
        campus.call(faculty.dean, "export_roster", unmasked=True, reason="年度核对名册")
    root = campus.administrator
    with pytest.raises(Invalid, match=r"person\.reason_missing"):
        campus.call(root, "export_roster", unmasked=True)
    told = rows_of(exported(campus, root, within=faculty.branch, unmasked=True, reason="年度核对名册"))
    assert told["S001"]["phone"] == "13812345678"
    assert on_record(campus, faculty.member)[-1] == ("person.exported_unmasked", root, "年度核对名册")
    assert campus.application.audit.verify() is None

    # Who held the post when the job was asked for and lost it before it ran is shown nothing.
    organiser = campus.post(faculty.dean, "organiser", faculty.faculty)
    campus.application.jobs.halt()
    asked = {"within": faculty.branch, "unmasked": True, "reason": "年度核对名册"}
    job = campus.call(faculty.dean, "export_roster", **asked)["job"]
    campus.call(root, "withdraw_post", post=organiser)
    noted = on_record(campus, faculty.member)
    campus.application.jobs.start()
    wait_for(lambda: campus.call(faculty.dean, "get_job", job=job)["state"] == "failed")
    assert on_record(campus, faculty.member) == noted
