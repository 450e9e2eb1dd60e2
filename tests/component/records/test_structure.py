"""The tree as it was and its reorganisation, through the service."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.job_attempts import JobLost
from services.chassis.testing import wait_for
from services.records.structure import reorganising
from tests.component.records.surroundings import Campus, Faculty, workbook


def test_the_tree_is_read_as_it_was_on_a_day(campus: Campus, faculty: Faculty) -> None:
    root = campus.administrator
    elsewhere = campus.organisation("S2", "secondary", campus.root)
    moved = {"organisation": faculty.branch, "parent": elsewhere, "name": "新支部", "reason": "学院调整"}
    with pytest.raises(Invalid, match=r"effective_unfit"):
        campus.call(root, "change_organisation", effective_on="2026-09-11", **moved)
    for _ in range(2):
        campus.call(root, "change_organisation", "k1", effective_on="2026-07-01", **moved)
    campus.call(root, "change_organisation", organisation=faculty.branch, name="又改名")
    with pytest.raises(Invalid, match=r"effective_unfit") as refused:
        campus.call(root, "change_organisation", effective_on="2026-08-01", **moved)
    assert refused.value.params["accepted"] == "2026-09-10 … 2026-09-10"

    def tree(day: str, **more: str) -> dict[str, tuple[str, list[str]]]:
        found = campus.call(faculty.member, "list_organisations", on=day, **more)["items"]
        return {each["id"]: (each["name"], each["path"]) for each in found}

    assert faculty.branch not in tree("2019-02-28")
    old_path, new_path = [campus.root, faculty.faculty], [campus.root, elsewhere]
    for day, name, above in (
        ("2026-06-30", "组织 B1", old_path),
        ("2026-07-01", "新支部", new_path),
        ("2026-09-10", "又改名", new_path),
    ):
        assert tree(day)[faculty.branch] == (name, [*above, faculty.branch])
        assert tree(day)[faculty.group][1] == [*above, faculty.branch, faculty.group]
    assert set(tree("2026-06-30", within=faculty.faculty)) == {
        faculty.faculty,
        faculty.branch,
        faculty.neighbour,
        faculty.group,
    }
    first = campus.call(faculty.member, "list_editions", organisation=faculty.branch, limit=2)
    rest = campus.call(faculty.member, "list_editions", organisation=faculty.branch, cursor=first["next"])[
        "items"
    ]
    told = [(each["change"], each["since"], each["until"]) for each in [*first["items"], *rest]]
    assert told == [
        ("renamed", "2026-09-10", None),
        ("moved", "2026-07-01", "2026-09-09"),
        ("founded", "2019-03-01", "2026-06-30"),
    ]
    assert first["items"][1]["reason"] == "学院调整"
    assert campus.call(faculty.member, "list_editions", organisation=campus.root)["items"][0]["edition"] == 1


def ended(campus: Campus, started: dict[str, Any]) -> dict[str, Any]:
    def end() -> dict[str, Any] | None:
        job = campus.call(campus.administrator, "get_job", job=started["job"])
        return job if job["state"] in ("done", "failed") else None

    found = wait_for(end)
    assert found is not None
    return found


def opened_dossier(campus: Campus, number: str, organisation: str) -> str:
    """The dossier of somebody who applied there."""
    applicant = campus.person(number, organisation, political_status="applicant")
    dossier = campus.call(
        campus.administrator,
        "open_dossier",
        person=applicant,
        born_on="2004-05-01",
        on="2026-09-01",
        materials=["application_letter"],
    )
    return str(dossier["id"])


def kept_at(campus: Campus, dossier: str) -> str:
    return str(campus.call(campus.administrator, "get_dossier", dossier=dossier)["organisation"])


def homes(campus: Campus) -> dict[str, str]:
    people = campus.application.directory.people.find({"active": True}, limit=0)
    return {each.id: each.state["organisation"] for each in people}


def test_branches_are_merged_with_members_groups_and_posts(campus: Campus, faculty: Faculty) -> None:
    root = campus.administrator
    dossiers = [opened_dossier(campus, f"X{n}", at) for n, at in enumerate((faculty.branch, faculty.group))]
    assert [kept_at(campus, each) for each in dossiers] == [faculty.branch] * 2
    before = homes(campus)
    merge = {"organisation": faculty.neighbour, "others": [faculty.branch], "reason": "人数过少"}
    for person, refused in ((faculty.secretary, Forbidden), (faculty.dean, Forbidden)):
        with pytest.raises(refused):
            campus.call(person, "merge_organisations", **merge)
    for wrong, code in (
        ({"others": [faculty.faculty]}, "kinds_differ"),
        ({"others": [faculty.neighbour]}, "merged_twice"),
        ({"effective_on": "2026-09-11"}, "effective_unfit"),
    ):
        with pytest.raises(Invalid, match=code):
            campus.call(root, "merge_organisations", **{**merge, **wrong})
    started = campus.call(root, "merge_organisations", "m1", document_number="校党发〔2026〕9号", **merge)
    job = ended(campus, started)
    assert (job["state"], job["result"]["changed"]) == ("done", 3)
    assert [kept_at(campus, each) for each in dossiers] == [faculty.neighbour] * 2
    assert (
        campus.call(root, "merge_organisations", "m1", document_number="校党发〔2026〕9号", **merge)
        == started
    )
    after = homes(campus)
    assert after == {
        person: faculty.neighbour if home == faculty.branch else home for person, home in before.items()
    }
    gone = campus.call(faculty.member, "get_organisation", organisation=faculty.branch)
    assert (gone["active"], gone["dissolved_on"], gone["successors"]) == (
        False,
        "2026-09-10",
        [faculty.neighbour],
    )
    group = campus.call(faculty.member, "get_organisation", organisation=faculty.group)
    assert group["path"] == [campus.root, faculty.faculty, faculty.neighbour, faculty.group]
    last = campus.call(root, "list_editions", organisation=faculty.branch)["items"][0]
    assert (last["change"], last["document_number"]) == ("merged", "校党发〔2026〕9号")
    assert campus.call(root, "list_posts", organisation=faculty.branch, active=True)["items"] == []
    told = {each["subject"]: each["data"] for each in campus.events("records.person.changed.v1")}
    assert (
        told[faculty.member]["organisation"] == told[faculty.secretary]["organisation"] == faculty.neighbour
    )
    told = {each["subject"]: each["data"] for each in campus.events("records.organisation.changed.v1")}
    assert told[faculty.branch]["successors"] == [faculty.neighbour]
    with pytest.raises(Conflict, match=r"organisation\.dissolved"):
        campus.call(root, "change_organisation", organisation=faculty.branch, active=True)

    # And taken apart again: a branch with a name of its own, a member and the group.
    split = {
        "organisation": faculty.neighbour,
        "new": {"code": "B3", "name": "第三支部"},
        "members": [faculty.member],
        "groups": [faculty.group],
        "reason": "人数过多",
    }
    with pytest.raises(Invalid, match=r"member_elsewhere"):
        campus.call(root, "split_organisation", **{**split, "members": [faculty.dean]})
    with pytest.raises(Conflict, match=r"organisations\.exists"):
        campus.call(root, "split_organisation", **{**split, "new": {"code": "B1", "name": "第三支部"}})
    started = campus.call(root, "split_organisation", **split)
    assert ended(campus, started)["state"] == "done"
    third = campus.call(faculty.member, "get_organisation", organisation=started["organisation"])
    assert (third["name"], third["parent"], third["kind"]) == ("第三支部", faculty.faculty, "branch")
    assert homes(campus) == {**after, faculty.member: third["id"]}
    group = campus.call(faculty.member, "get_organisation", organisation=faculty.group)
    assert group["parent"] == third["id"]
    assert [kept_at(campus, each) for each in dossiers] == [faculty.neighbour, third["id"]]
    reasons = [each.action for each in campus.application.audit.read("organisation", faculty.neighbour)]
    assert reasons == ["organisation.split_off"]


def test_a_dissolved_organisation_leaves_nobody_behind(campus: Campus, faculty: Faculty) -> None:
    root = campus.administrator
    dissolve = {"organisation": faculty.branch, "reason": "学院撤并"}
    with pytest.raises(Invalid, match=r"heir_missing"):
        campus.call(root, "dissolve_organisation", **dissolve)
    with pytest.raises(Invalid, match=r"heir_unfit"):
        campus.call(root, "dissolve_organisation", members_to=faculty.group, **dissolve)
    with pytest.raises(Conflict, match=r"has_children"):
        campus.call(root, "dissolve_organisation", organisation=faculty.faculty, reason="学院撤并")
    with pytest.raises(Invalid, match=r"root_stays"):
        campus.call(root, "dissolve_organisation", organisation=campus.root, reason="学院撤并")
    started = campus.call(root, "dissolve_organisation", members_to=faculty.neighbour, **dissolve)
    assert ended(campus, started)["result"]["changed"] == 3
    assert {homes(campus)[each] for each in (faculty.secretary, faculty.member, faculty.groupie)} == {
        faculty.neighbour
    }
    for each in (faculty.branch, faculty.group):
        gone = campus.call(faculty.member, "get_organisation", organisation=each)
        assert (gone["dissolved_on"], gone["successors"]) == ("2026-09-10", [faculty.neighbour])
    with pytest.raises(Conflict, match=r"organisation\.dissolved"):
        campus.call(root, "dissolve_organisation", members_to=faculty.neighbour, **dissolve)
    # A roster that names it means the one that is called so now.
    founded = campus.organisation("B7", "branch", faculty.faculty, name="组织 B1")
    people = [["姓名", "学号", "政治面貌", "所在党支部"], ["甲", "N77", "党员", "组织 B1"]]
    assert campus.imported(workbook(人员=people))["errors"] == []
    assert founded in homes(campus).values()
    empty = campus.organisation("B9", "branch", faculty.faculty)
    started = campus.call(root, "dissolve_organisation", organisation=empty, reason="未发展")
    assert (ended(campus, started)["state"], started["organisation"]) == ("done", None)


def test_who_comes_while_a_dissolution_waits_for_its_turn_is_not_left_behind(
    campus: Campus, faculty: Faculty
) -> None:
    root = campus.administrator
    empty = campus.organisation("B9", "branch", faculty.faculty)
    full = campus.organisation("B8", "branch", faculty.faculty)
    campus.application.jobs.halt()
    asked = {"members_to": faculty.neighbour, "reason": "学院撤并"}
    started = campus.call(root, "dissolve_organisation", organisation=full, **asked)
    refused = campus.call(root, "dissolve_organisation", organisation=empty, reason="未发展")
    group = campus.organisation("B8-G1", "group", full)
    late, later = campus.person("X1", group), campus.person("X2", empty)
    campus.clock.advance(timedelta(days=1))
    campus.call(root, "change_organisation", organisation=full, name="改名后")
    campus.application.jobs.start()
    assert ended(campus, started)["state"] == "done"
    assert homes(campus)[late] == faculty.neighbour
    for each in (full, group):
        assert not campus.call(faculty.member, "get_organisation", organisation=each)["active"]
    editions = campus.call(root, "list_editions", organisation=full)["items"]
    assert editions[0]["since"] == "2026-09-11"
    # Nobody said where these are to go.
    job = ended(campus, refused)
    assert (job["state"], homes(campus)[later]) == ("failed", empty)
    assert job["failure"]["en"] == campus.application.catalogue.render("organisation.heir_missing")["en"]
    assert campus.call(faculty.member, "get_organisation", organisation=empty)["active"]


def test_terms_end_are_prolonged_and_leave_vacancies(campus: Campus, faculty: Faculty) -> None:
    root = campus.administrator
    given = campus.call(
        root,
        "give_post",
        person=faculty.member,
        organisation=faculty.branch,
        role="deputy_secretary",
        since="2026-01-01",
        until="2026-09-20",
    )

    def ending(person: str, **more: Any) -> list[str]:
        found = campus.call(person, "list_ending_posts", within_days=10, **more)["items"]
        return [each["id"] for each in found]

    for person in (root, faculty.dean, faculty.secretary):
        assert ending(person) == [given["id"]]
    assert ending(faculty.next_door) == []
    with pytest.raises(Forbidden):
        ending(faculty.next_door, within=faculty.branch)
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "prolong_post", post=given["id"], until="2027-09-20")
    prolonged = campus.call(faculty.dean, "prolong_post", post=given["id"], until="2027-09-20", reason="留任")
    assert prolonged["until"] == "2027-09-20"
    assert ending(root) == []
    assert [each["data"]["until"] for each in campus.events("records.post.changed.v1")][-1] == "2027-09-20"

    def vacant(person: str) -> list[str]:
        return [each["code"] for each in campus.call(person, "list_vacancies")["items"]]

    campus.organisation("B3", "branch", faculty.faculty)
    assert vacant(root) == vacant(faculty.dean) == ["B3"]
    posts = campus.call(root, "list_posts", organisation=faculty.branch, active=True)["items"]
    secretary = next(each["id"] for each in posts if each["role"] == "secretary")
    campus.call(root, "withdraw_post", post=secretary)
    assert vacant(faculty.dean) == ["B1", "B3"]
    assert vacant(faculty.next_door) == []


def test_a_merger_that_was_broken_off_is_taken_up_where_it_stood(
    campus: Campus, faculty: Faculty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reorganising, "BUNCH", 1)
    application, before = campus.application, homes(campus)
    application.jobs.halt()
    merge = {"organisation": faculty.neighbour, "others": [faculty.branch], "reason": "人数过少"}
    started = campus.call(campus.administrator, "merge_organisations", **merge)

    def killed(**progress: Any) -> None:
        if progress["done"]:
            raise JobLost

    with pytest.raises(JobLost):
        application.reorganising.step(application.jobs.view(started["job"]), killed)
    halfway = homes(campus)
    assert set(halfway) == set(before)
    assert sum(halfway[each] != before[each] for each in before) == 1
    assert campus.call(faculty.member, "get_organisation", organisation=faculty.branch)["active"]
    application.jobs.start()
    assert ended(campus, started)["state"] == "done"
    assert faculty.branch not in homes(campus).values()
    assert not campus.call(faculty.member, "get_organisation", organisation=faculty.branch)["active"]
