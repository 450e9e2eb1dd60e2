"""Organisations, people and posts through the service."""

from __future__ import annotations

from typing import Any

import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from services.chassis.testing import wait_for
from services.records.bootstrap import establish
from services.records.directory.telling import TOLD, tell_anew
from tests.component.records.surroundings import Campus, Faculty


def test_the_first_administrator_is_made_once(campus: Campus) -> None:
    again = establish(campus.application, number="A001", name="别名", organisation="别的", code="X")
    assert again == (campus.root, campus.administrator)
    myself = campus.call(campus.administrator, "who_am_i")
    assert myself["name"] == "管理员"
    assert [(each["role"], each["organisation"]) for each in myself["posts"]] == [
        ("administrator", campus.root)
    ]
    assert [each["code"] for each in myself["organisations"]] == ["DW"]


def test_each_change_is_told_to_the_others_with_the_whole_state(campus: Campus, faculty: Faculty) -> None:
    told = {each["subject"]: each["data"] for each in campus.events("records.organisation.changed.v1")}
    assert told[faculty.group]["path"] == [campus.root, faculty.faculty, faculty.branch, faculty.group]
    posts = campus.events("records.post.changed.v1")
    assert {each["data"]["role"] for each in posts} == {"administrator", "secretary"}
    people = [each["data"] for each in campus.events("records.person.changed.v1")]
    phones = {each["person"]: each["phone_sealed"] for each in people}
    assert campus.application.vault.open("phone", phones[faculty.member]) == "13812345678"


def test_codes_and_numbers_are_unique(campus: Campus, faculty: Faculty) -> None:
    with pytest.raises(Conflict, match=r"organisations\.exists"):
        campus.organisation("B1", "branch", faculty.faculty)
    with pytest.raises(Conflict, match=r"people\.exists"):
        campus.person("S001", faculty.branch)
    with pytest.raises(Conflict, match=r"post\.held"):
        campus.post(faculty.secretary, "secretary", faculty.branch)


def test_an_organisation_stands_only_where_its_kind_may(campus: Campus, faculty: Faculty) -> None:
    for kind, parent in (
        ("branch", faculty.branch),
        ("group", faculty.faculty),
        ("university_committee", campus.root),
    ):
        with pytest.raises(Invalid, match=r"organisation\.misplaced"):
            campus.organisation("X9", kind, parent)
    with pytest.raises(Invalid, match=r"organisation\.unknown"):
        campus.organisation("X9", "branch", "nowhere")


def test_a_moved_organisation_takes_everything_below_along(campus: Campus, faculty: Faculty) -> None:
    elsewhere = campus.organisation("S2", "secondary", campus.root)
    moved = campus.call(
        campus.administrator,
        "change_organisation",
        organisation=faculty.branch,
        parent=elsewhere,
        name="改名",
    )
    assert moved["path"] == [campus.root, elsewhere, faculty.branch]
    group = campus.call(faculty.member, "get_organisation", organisation=faculty.group)
    assert group["path"] == [campus.root, elsewhere, faculty.branch, faculty.group]
    told = [
        each
        for each in campus.events("records.organisation.changed.v1")
        if each["subject"] in (faculty.branch, faculty.group)
    ]
    assert [each["sequence"] for each in told if each["subject"] == faculty.branch] == [1, 2]
    with pytest.raises(NotFound):
        campus.call(faculty.dean, "get_person", person=faculty.member)
    with pytest.raises(Invalid, match=r"organisation\.(cycle|misplaced)"):
        campus.call(campus.administrator, "change_organisation", organisation=elsewhere, parent=faculty.group)


def test_an_organisation_with_people_is_not_closed(campus: Campus, faculty: Faculty) -> None:
    for organisation, code in ((faculty.faculty, "has_children"), (faculty.neighbour, "has_people")):
        with pytest.raises(Conflict, match=code):
            campus.call(campus.administrator, "change_organisation", organisation=organisation, active=False)


def test_nothing_opens_again_below_what_is_closed(campus: Campus, faculty: Faculty) -> None:
    above = campus.organisation("S9", "secondary", campus.root)
    below = campus.organisation("B9", "branch", above)
    for organisation in (below, above):
        campus.call(campus.administrator, "change_organisation", organisation=organisation, active=False)
    with pytest.raises(Conflict, match=r"organisation\.parent_inactive") as refused:
        campus.call(campus.administrator, "change_organisation", organisation=below, active=True)
    assert list(refused.value.fields) == ["active"]
    for organisation in (above, below):
        campus.call(campus.administrator, "change_organisation", organisation=organisation, active=True)


def test_who_may_see_a_person_and_that_others_cannot_tell_that_there_is_one(
    campus: Campus, faculty: Faculty
) -> None:
    for person in (faculty.member, faculty.secretary, faculty.dean, campus.administrator):
        assert campus.call(person, "get_person", person=faculty.member)["phone"] == "138****5678"
    for person in (faculty.next_door, faculty.groupie):
        with pytest.raises(NotFound, match=r"people\.not_found"):
            campus.call(person, "get_person", person=faculty.member)
        with pytest.raises(Forbidden):
            campus.call(person, "list_people", organisation=faculty.branch)
    with pytest.raises(Unauthenticated):
        campus.call(None, "get_person", person=faculty.member)
    seen = campus.call(faculty.dean, "list_people")["items"]
    assert {each["number"] for each in seen} == {"T001", "T002", "T003", "S001", "S002"}


def test_who_opened_a_persons_entry_is_on_record_and_shown_to_them(campus: Campus, faculty: Faculty) -> None:
    campus.call(faculty.member, "get_person", person=faculty.member)
    campus.call(faculty.secretary, "get_person", person=faculty.member)
    about_me = campus.call(faculty.member, "read_audit", object_kind="person", object=faculty.member)["items"]
    assert [(each["action"], each["actor"]) for each in about_me] == [("person.read", faculty.secretary)]
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "read_audit")
    first = campus.call(campus.administrator, "read_audit", limit=2)
    rest = campus.call(campus.administrator, "read_audit", cursor=first["next"])["items"]
    assert [each["seq"] for each in [*first["items"], *rest]] == list(range(5, 0, -1))
    assert campus.application.audit.verify() is None


def on_record(campus: Campus, person: str) -> list[tuple[str, str | None, str | None]]:
    found = campus.application.audit.read("person", person)
    return [(each.action, each.actor, each.reason) for each in reversed(found)]


def test_who_was_looked_up_by_number_sees_it_and_other_lists_are_on_record(
    campus: Campus, faculty: Faculty
) -> None:
    audit = campus.application.audit
    before = audit.head()[0]
    campus.call(faculty.secretary, "list_people", number="S001")
    assert on_record(campus, faculty.member) == [("person.read", faculty.secretary, "number")]
    campus.call(faculty.secretary, "list_people", organisation=faculty.branch, search="测试", active=True)
    campus.call(faculty.dean, "list_people")
    listed = [each for each in audit.read() if each.action == "people.listed"]
    assert [(each.actor, each.object_id, each.reason) for each in reversed(listed)] == [
        (faculty.secretary, faculty.branch, "organisation, active, search"),
        (faculty.dean, "all", None),
    ]
    campus.call(faculty.secretary, "list_people", number="T002")  # oneself
    campus.call(faculty.secretary, "list_people", number="S404")  # nobody
    assert audit.head()[0] == before + 3


def test_a_post_is_on_record_once_however_often_and_by_whom_it_is_given_or_ended(
    campus: Campus, faculty: Faculty
) -> None:
    root = campus.administrator
    give = {"person": faculty.member, "organisation": faculty.branch, "role": "deputy_secretary"}
    for _ in range(2):
        given = campus.call(root, "give_post", "k1", since="2026-09-01", **give)
    for key in ("k2", "k2", None):
        campus.call(root, "withdraw_post", key, post=given["id"])
    assert on_record(campus, faculty.member) == [
        ("post.given", root, None),
        ("post.withdrawn", root, None),
    ]
    campus.call(root, "change_person", person=faculty.dean, active=False)
    assert on_record(campus, faculty.dean)[-1] == ("post.withdrawn", root, None)
    campus.say(campus.upsert(number="T002", active=False, _sequence=1))
    wait_for(lambda: on_record(campus, faculty.secretary)[-1] == ("post.withdrawn", None, None))
    assert campus.application.audit.verify() is None


def test_people_change_their_own_number_and_nothing_else(campus: Campus, faculty: Faculty) -> None:
    mine = campus.call(faculty.member, "change_person", person=faculty.member, phone="13900009999")
    assert mine["phone"] == "139****9999"
    with pytest.raises(NotFound):
        campus.call(faculty.member, "change_person", person=faculty.secretary, phone="13900009999")
    with pytest.raises((Forbidden, NotFound)):
        campus.call(faculty.member, "change_person", person=faculty.member, political_status="member")
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "change_person", person=faculty.member, organisation=faculty.neighbour)


def test_a_guarded_role_is_given_by_administrators_alone(campus: Campus, faculty: Faculty) -> None:
    give = {"person": faculty.member, "since": "2026-09-01"}
    for person, role, where in (
        (faculty.dean, "administrator", faculty.faculty),
        (faculty.dean, "inspector", faculty.faculty),
        (faculty.secretary, "deputy_secretary", faculty.branch),
        (faculty.next_door, "secretary", faculty.branch),
        (faculty.member, "secretary", faculty.branch),
    ):
        with pytest.raises(Forbidden):
            campus.call(person, "give_post", role=role, organisation=where, **give)
    given = campus.call(
        faculty.dean, "give_post", role="deputy_secretary", organisation=faculty.branch, **give
    )
    assert given["active"]
    again = campus.call(campus.administrator, "withdraw_post", post=given["id"])
    assert not again["active"]
    assert campus.call(campus.administrator, "withdraw_post", post=given["id"]) == again


def test_a_number_is_identified_in_the_local_profile_only(campus: Campus, faculty: Faculty) -> None:
    assert campus.call(None, "identify_person", number="S001") == {"person": faculty.member}
    with pytest.raises(NotFound):
        campus.call(None, "identify_person", number="S999")


def test_another_replica_learns_from_the_events(campus: Campus, faculty: Faculty) -> None:
    campus.application.database["authority_members"].delete_many({})
    campus.call(faculty.secretary, "change_person", person=faculty.member, name="新名")
    wait_for(lambda: campus.application.authority.belongs(faculty.member) == faculty.branch)


def test_the_directory_is_told_anew_as_it_is_and_nothing_else_changes(
    campus: Campus, faculty: Faculty
) -> None:
    campus.call(
        campus.administrator,
        "withdraw_post",
        post=campus.call(faculty.next_door, "list_posts")["items"][0]["id"],
    )
    directory, clock = campus.application.directory, campus.application.clock

    def told() -> dict[str, list[dict[str, Any]]]:
        """The events by whom they are of, in their order."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name in ("organisation", "person", "post"):
            for each in campus.events(f"records.{name}.changed.v1"):
                found.setdefault(each["subject"], []).append(each)
        return {id_: sorted(events, key=lambda each: each["sequence"]) for id_, events in found.items()}

    def kept() -> dict[str, dict[str, Any]]:
        return {of: {each.id: each.state for each in getattr(directory, of).find({}, limit=0)} for of in TOLD}

    before, documents = told(), kept()
    (older,) = [id_ for id_, each in documents["posts"].items() if each["person"] == faculty.secretary]
    campus.settled()
    posts = campus.application.database["posts"]
    posts.update_one({"_id": older}, {"$unset": {"committee_since": ""}})  # as an earlier release left it
    steps: list[tuple[int, int]] = []
    for _ in range(2):
        for of in TOLD:
            count = tell_anew(directory, clock, of, lambda *step: steps.append(step))
            assert (count, steps[-1]) == (len(documents[of]), (count, count))
    assert kept() == documents

    def anew() -> dict[str, list[dict[str, Any]]] | None:
        found = told()
        return found if all(len(found[id_]) == len(known) + 2 for id_, known in before.items()) else None

    found = wait_for(anew)
    assert found.keys() == before.keys()
    for id_, known in before.items():
        assert [each["sequence"] for each in found[id_]] == list(range(1, len(known) + 3))
        assert [each["data"] for each in found[id_][len(known) :]] == [known[-1]["data"]] * 2
