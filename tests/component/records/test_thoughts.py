"""Thought reports through the service: seen by few, each look on record, and nothing of them told."""

from __future__ import annotations

from typing import Any

import pytest

from services.chassis.dead_letters import browse
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from services.chassis.identity import new_id
from services.chassis.testing import wait_for
from tests.component.records.surroundings import PAPERS, Campus, Faculty

WORDS = "这一季度我的思想有了提高"


@pytest.fixture
def activist(campus: Campus, faculty: Faculty) -> str:
    return campus.person("S009", faculty.group, political_status="activist")


def named(campus: Campus, faculty: Faculty, person: str, by: str | None = None, **more: Any) -> Any:
    given = {"contacts": [faculty.member], **more}
    return campus.call(by or faculty.secretary, "name_thought_contacts", person=person, **given)


def handed_in(campus: Campus, author: str, key: str | None = None, **more: Any) -> Any:
    return campus.call(author, "hand_in_thought_report", key, **{"text": WORDS, **more})


def test_a_report_is_handed_in_read_returned_and_accepted(
    campus: Campus, faculty: Faculty, activist: str
) -> None:
    named(campus, faculty, activist)
    report = handed_in(campus, activist)
    assert (report["period"], report["state"], report["late"]) == ("2026-Q3", "handed_in", False)
    seen = campus.call(faculty.member, "get_thought_report", report=report["id"])
    assert seen["text"] == WORDS
    campus.call(
        faculty.member, "read_thought_report", report=report["id"], verdict="return", comment="请谈谈学习"
    )
    again = campus.call(activist, "hand_in_thought_report_again", report=report["id"], text="二稿")
    assert again["state"] == "handed_in"
    accepted = campus.call(faculty.member, "read_thought_report", report=report["id"], verdict="accept")
    assert accepted["state"] == "accepted"
    own = campus.call(activist, "get_thought_report", report=report["id"])
    assert (own["text"], [each["text"] for each in own["earlier"]]) == ("二稿", [WORDS])
    assert [(each["verdict"], each["comment"]) for each in own["readings"]] == [
        ("return", "请谈谈学习"),
        ("accept", None),
    ]
    with pytest.raises(Conflict, match=r"thought\.state"):
        campus.call(activist, "hand_in_thought_report_again", report=report["id"], text="三稿")

    campus.settled()
    campus.drain()
    kinds = [each["type"].split(".")[2] for each in campus.heard if each["subject"] == report["id"]]
    assert kinds == ["handed_in", "returned", "handed_in", "accepted"]
    for words in (WORDS, "二稿", "请谈谈学习"):
        assert words not in str(campus.heard)
        assert words not in str(list(campus.application.database["thought_reports"].find()))


def test_nobody_else_sees_it_at_any_level(campus: Campus, faculty: Faculty, activist: str) -> None:
    named(campus, faculty, activist)
    report = handed_in(campus, activist)["id"]
    deputy = campus.person("T009", faculty.branch)
    campus.post(deputy, "deputy_secretary", faculty.branch)
    for stranger in (campus.administrator, faculty.dean, faculty.next_door, faculty.groupie, deputy):
        with pytest.raises(NotFound, match=r"thought_reports\.not_found"):
            campus.call(stranger, "get_thought_report", report=report)
        with pytest.raises(NotFound, match=r"thought_reports\.not_found"):
            campus.call(stranger, "read_thought_report", report=report, verdict="accept")
        with pytest.raises(NotFound, match=r"thought_reports\.not_found"):
            campus.call(stranger, "hand_in_thought_report_again", report=report, text="x")
        with pytest.raises(NotFound, match=r"people\.not_found"):
            campus.call(stranger, "list_thought_reports", author=activist)
        with pytest.raises(Forbidden):
            campus.call(stranger, "list_thought_duties", organisation=faculty.branch)
        assert campus.call(stranger, "list_thought_duties")["items"] == []
    with pytest.raises(Unauthenticated):
        campus.call(None, "get_thought_report", report=report)
    with pytest.raises(Unauthenticated):
        campus.call(None, "hand_in_thought_report", text="x")
    assert campus.call(faculty.secretary, "get_thought_report", report=report)["text"] == WORDS


def test_every_look_is_on_record_where_its_author_sees_it(
    campus: Campus, faculty: Faculty, activist: str
) -> None:
    named(campus, faculty, activist)
    report = handed_in(campus, activist)["id"]
    campus.call(activist, "get_thought_report", report=report)
    campus.call(faculty.member, "get_thought_report", report=report)
    campus.call(faculty.secretary, "list_thought_reports", author=activist)
    entries = campus.call(activist, "read_audit", object_kind="person", object=activist)["items"]
    assert [(each["action"], each["actor"], each["reason"]) for each in entries[:2]] == [
        ("thought.listed", faculty.secretary, None),
        ("thought.read", faculty.member, report),
    ]


def test_a_quarter_has_one_report_and_a_repeated_key_hands_in_once(
    campus: Campus, faculty: Faculty, activist: str
) -> None:
    first = handed_in(campus, activist, "k1")
    assert handed_in(campus, activist, "k1") == first
    with pytest.raises(Conflict, match=r"thought\.exists"):
        handed_in(campus, activist, "k2", text="另一篇")
    with pytest.raises(Invalid, match=r"thought\.not_begun"):
        handed_in(campus, activist, period="2026-Q4")
    with pytest.raises(Invalid, match=r"thought\.period_over") as refused:
        handed_in(campus, activist, period="2026-Q2")
    assert refused.value.text
    assert "thought-reports-default" in refused.value.text["zh"]
    assert "2026-Q3" in refused.value.text["en"]


def test_who_was_replaced_as_contact_reads_no_more(campus: Campus, faculty: Faculty, activist: str) -> None:
    contacts = named(campus, faculty, activist)
    report = handed_in(campus, activist)["id"]
    assert campus.call(faculty.member, "get_thought_report", report=report)["text"] == WORDS
    with pytest.raises(Conflict, match=r"version\.stale"):
        named(campus, faculty, activist, contacts=[faculty.groupie], expected_version=7)
    named(campus, faculty, activist, contacts=[faculty.groupie], expected_version=contacts["version"])
    with pytest.raises(NotFound):
        campus.call(faculty.member, "get_thought_report", report=report)
    assert campus.call(faculty.groupie, "get_thought_report", report=report)["text"] == WORDS


def test_the_secretary_judges_only_where_no_contact_is_named(
    campus: Campus, faculty: Faculty, activist: str
) -> None:
    report = handed_in(campus, activist)["id"]
    with pytest.raises(Forbidden, match=r"thought\.own"):
        campus.call(activist, "read_thought_report", report=report, verdict="accept")
    named(campus, faculty, activist)
    with pytest.raises(Forbidden, match=r"thought\.not_contact"):
        campus.call(faculty.secretary, "read_thought_report", report=report, verdict="accept")
    other = campus.person("S010", faculty.branch, political_status="probationary")
    alone = handed_in(campus, other)
    with pytest.raises(Conflict, match=r"version\.stale"):
        campus.call(
            faculty.secretary, "read_thought_report", report=alone["id"], verdict="accept", expected_version=9
        )
    done = campus.call(faculty.secretary, "read_thought_report", report=alone["id"], verdict="accept")
    assert done["state"] == "accepted"


def test_contacts_are_named_by_the_branch_itself(campus: Campus, faculty: Faculty, activist: str) -> None:
    for above in (campus.administrator, faculty.dean):
        with pytest.raises(Forbidden):
            named(campus, faculty, activist, above, contacts=[above])
    for stranger in (faculty.next_door, faculty.member):
        with pytest.raises(Invalid, match=r"person\.unknown"):
            named(campus, faculty, activist, stranger)
    with pytest.raises(Invalid, match=r"contact\.not_member"):
        named(
            campus,
            faculty,
            activist,
            contacts=[campus.person("S011", faculty.branch, political_status="none")],
        )
    with pytest.raises(Invalid, match=r"person\.unknown"):
        named(campus, faculty, activist, contacts=["nobody"])


def test_a_person_knows_who_reads_their_reports(campus: Campus, faculty: Faculty, activist: str) -> None:
    with pytest.raises(NotFound, match=r"thought_contacts\.not_found"):
        campus.call(activist, "get_thought_contacts", person=activist)
    with pytest.raises(Conflict, match=r"version\.stale"):
        named(campus, faculty, activist, expected_version=1)
    contacts = named(campus, faculty, activist)
    for knows in (activist, faculty.member, faculty.secretary):
        assert campus.call(knows, "get_thought_contacts", person=activist) == contacts
    for stranger in (campus.administrator, faculty.dean, faculty.next_door, faculty.groupie):
        with pytest.raises(NotFound):
            campus.call(stranger, "get_thought_contacts", person=activist)


def test_who_a_dossier_names_as_contacts_reads_until_the_branch_names_others(
    campus: Campus, faculty: Faculty
) -> None:
    person = campus.person("S100", faculty.branch, political_status="none")
    opened = campus.call(
        faculty.secretary,
        "open_dossier",
        person=person,
        born_on="2003-05-04",
        on="2024-03-01",
        materials=["application_letter"],
    )
    for step, on, more in (
        ("talk", "2024-03-20", {}),
        ("activist_decision", "2024-04-01", {}),
        ("contacts", "2024-04-02", {"people": [faculty.member]}),
    ):
        given = {"step": step, "on": on, "materials": PAPERS.get(step, []), **more}
        campus.call(faculty.secretary, "record_step", dossier=opened["id"], **given)
    contacts = campus.application.database["thought_contacts"]
    wait_for(lambda: contacts.find_one({"person": person, "contacts": faculty.member}))
    report = handed_in(campus, person)["id"]
    assert campus.call(faculty.member, "get_thought_report", report=report)["text"] == WORDS
    named(campus, faculty, person, contacts=[faculty.groupie])
    [recorded] = [
        each
        for each in campus.events("records.dossier.step_recorded.v1")
        if each["data"]["step"] == "contacts"
    ]
    campus.say(recorded, times=3, exchange="records.events", key="dossier.step_recorded")
    another = {**recorded, "id": new_id(), "data": {**recorded["data"], "step": "nonsense"}}
    campus.say(another, exchange="records.events", key="dossier.step_recorded")
    wait_for(lambda: browse(campus.settings.amqp_uri, "records"))
    assert contacts.find_one({"person": person})["contacts"] == [faculty.groupie]  # type: ignore[index]


def test_contact_and_secretary_see_who_owes_a_report(campus: Campus, faculty: Faculty, activist: str) -> None:
    waiting = campus.person("S010", faculty.branch, political_status="probationary")
    named(campus, faculty, activist)
    report = handed_in(campus, activist)
    mine = campus.call(faculty.member, "list_thought_duties")
    assert (mine["period"], mine["pack"]) == ("2026-Q3", "thought-reports-default")
    assert [(each["person"], each["duty"], each["report"]) for each in mine["items"]] == [
        (activist, "in_time", report)
    ]
    branch = campus.call(faculty.secretary, "list_thought_duties", organisation=faculty.branch)["items"]
    assert {each["person"]: each["duty"] for each in branch} == {activist: "in_time", waiting: "open"}
    assert WORDS not in str(branch)


def test_reports_and_contacts_are_found_by_index(campus: Campus) -> None:
    database = campus.application.database
    reports = database["thought_reports"].find({"author": "a"}).sort([("period", -1), ("_id", -1)])
    contacts = database["thought_contacts"].find({"contacts": "c"})
    for found in (reports, contacts):
        plan = str(found.explain()["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in plan
        assert "COLLSCAN" not in plan
