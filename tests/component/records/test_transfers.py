"""Transfers of membership through the service."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.testing import wait_for
from tests.component.records.surroundings import Campus, Faculty
from tests.component.records.test_membership import told

LETTER = {"place": "某市直机关党委", "letter_number": "2026-001", "letter_on": "2026-09-01"}


def home(campus: Campus, person: str) -> str:
    return str(campus.call(campus.administrator, "get_person", person=person)["organisation"])


def test_membership_changes_when_the_receiving_branch_accepts_and_not_before(
    campus: Campus, faculty: Faculty
) -> None:
    activist = campus.person("X1", faculty.branch, political_status="applicant")
    dossier = campus.call(
        campus.administrator,
        "open_dossier",
        person=activist,
        born_on="2004-05-01",
        on="2026-09-01",
        materials=["application_letter"],
    )
    asked = campus.call(activist, "ask_transfer", person=activist, destination=faculty.neighbour)
    assert (asked["state"], asked["due_on"], asked["name"]) == ("asked", "2026-10-10", "测试X1")
    assert asked["source"]["pack"] == "transfers-default"
    with pytest.raises(Conflict, match=r"transfer\.running"):
        campus.call(faculty.secretary, "ask_transfer", person=activist, destination=faculty.neighbour)
    decide = {"transfer": asked["id"], "verdict": "accept"}
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "decide_transfer", **decide)
    with pytest.raises(NotFound, match=r"transfers\.not_found"):
        campus.call(faculty.member, "get_transfer", transfer=asked["id"])
    with pytest.raises(Invalid, match=r"transfer\.comment_missing"):
        campus.call(faculty.next_door, "decide_transfer", transfer=asked["id"], verdict="refuse")
    assert home(campus, activist) == faculty.branch

    campus.clock.advance(timedelta(days=1))
    for _ in range(2):  # as a client that repeats it with its key
        accepted = campus.call(faculty.next_door, "decide_transfer", "k1", **decide)
        assert (accepted["state"], accepted["decided_on"]) == ("accepted", "2026-09-11")
    assert home(campus, activist) == faculty.neighbour
    assert told(campus, activist) == [
        (faculty.branch, "applicant", True, None, "2026-09-10"),
        (faculty.neighbour, "applicant", True, "2026-09-11", None),
    ]
    moved = campus.call(faculty.next_door, "get_dossier", dossier=dossier["id"])
    assert moved["organisation"] == faculty.neighbour
    assert moved["entries"] == dossier["entries"]
    events = campus.events("records.transfer.accepted.v1")
    assert [(each["data"]["organisation"], each["data"]["destination"]) for each in events] == [
        (faculty.branch, faculty.neighbour)
    ]
    assert len(campus.events("records.dossier.moved.v1")) == 1
    with pytest.raises(Conflict, match=r"transfer\.state"):
        campus.call(activist, "withdraw_transfer", transfer=asked["id"])


def test_a_transfer_is_refused_withdrawn_or_overtaken(campus: Campus, faculty: Faculty) -> None:
    ask = {"person": faculty.member, "destination": faculty.neighbour}
    first = campus.call(faculty.secretary, "ask_transfer", **ask)["id"]
    refused = campus.call(
        faculty.next_door, "decide_transfer", transfer=first, verdict="refuse", comment="材料不全"
    )
    assert (refused["state"], refused["comment"]) == ("refused", "材料不全")
    second = campus.call(faculty.member, "ask_transfer", **ask)["id"]
    with pytest.raises(Forbidden):
        campus.call(faculty.next_door, "withdraw_transfer", transfer=second)
    assert campus.call(faculty.secretary, "withdraw_transfer", transfer=second)["state"] == "withdrawn"
    third = campus.call(faculty.secretary, "ask_transfer", **ask)["id"]
    campus.call(campus.administrator, "change_person", person=faculty.member, organisation=faculty.group)
    with pytest.raises(Conflict, match=r"transfer\.person_moved"):
        campus.call(faculty.next_door, "decide_transfer", transfer=third, verdict="accept")
    assert campus.call(faculty.member, "get_transfer", transfer=third)["state"] == "asked"
    for person, code in ((faculty.next_door, "person.unknown"), (faculty.secretary, "person.unknown")):
        with pytest.raises(Invalid, match=code):
            campus.call(person, "ask_transfer", person=faculty.dean, destination=faculty.neighbour)


def test_whoever_leaves_the_campus_stays_until_the_receipt_and_then_holds_no_post(
    campus: Campus, faculty: Faculty
) -> None:
    ask = {"person": faculty.secretary, **LETTER}
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "ask_transfer_out", person=faculty.member, **LETTER)
    leaving = campus.call(campus.administrator, "ask_transfer_out", **ask)
    assert leaving["due_on"] == "2026-11-30"
    listing = {"overdue": True, "organisation": faculty.branch}
    assert campus.call(faculty.dean, "list_transfers", **listing)["items"] == []
    campus.clock.advance(timedelta(days=85))  # 2026-12-04
    [overdue] = campus.call(faculty.dean, "list_transfers", **listing)["items"]
    assert (overdue["id"], overdue["overdue"]) == (leaving["id"], True)
    with pytest.raises(Conflict, match=r"transfer\.kind"):
        campus.call(faculty.dean, "decide_transfer", transfer=leaving["id"], verdict="accept")
    receipt = {"transfer": leaving["id"], "receipt_on": "2026-12-02"}
    done = campus.call(campus.administrator, "complete_transfer", **receipt)
    assert (done["state"], done["late"], done["overdue"]) == ("completed", True, False)
    assert told(campus, faculty.secretary)[-1] == (faculty.branch, "member", False, "2026-12-02", None)
    posts = campus.call(campus.administrator, "list_posts", person=faculty.secretary, active=True)["items"]
    assert posts == []
    [event] = campus.events("records.transfer.completed.v1")
    assert not {LETTER["place"], LETTER["letter_number"]} & set(map(str, event["data"].values()))
    assert campus.call(faculty.dean, "list_transfers", **listing)["items"] == []


def test_whoever_comes_from_outside_belongs_here_from_that_day(campus: Campus, faculty: Faculty) -> None:
    arriving: dict[str, Any] = {
        "number": "N1",
        "name": "新来",
        "political_status": "member",
        "joined_on": "2015-07-01",
        "destination": faculty.branch,
        **LETTER,
    }
    with pytest.raises(Forbidden):
        campus.call(faculty.next_door, "enter_transfer_in", **arriving)
    for _ in range(2):
        entered = campus.call(faculty.secretary, "enter_transfer_in", "k1", **arriving)
    person = entered["person"]
    shown = campus.call(faculty.secretary, "get_person", person=person)
    assert (shown["joined_on"], shown["number"], entered["state"]) == ("2015-07-01", "N1", "completed")
    assert told(campus, person) == [(faculty.branch, "member", True, "2026-09-10", None)]
    with pytest.raises(Conflict, match=r"transfer\.is_member_here"):
        campus.call(faculty.secretary, "enter_transfer_in", **arriving)
    with pytest.raises(Conflict, match=r"people\.exists"):  # known elsewhere, and not shown to this branch
        campus.call(faculty.secretary, "enter_transfer_in", **{**arriving, "number": "T003"})
    # Who still belongs to another branch is not taken from it by a post that only reads there.
    applicant = campus.person("X9", faculty.neighbour, political_status="applicant")
    campus.post(faculty.secretary, "inspector", faculty.faculty)
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "enter_transfer_in", **{**arriving, "number": "X9"})
    assert home(campus, applicant) == faculty.neighbour
    dossier = campus.call(
        campus.administrator,
        "open_dossier",
        person=applicant,
        born_on="2004-05-01",
        on="2026-09-01",
        materials=["application_letter"],
    )
    activist = {**arriving, "number": "X9", "political_status": "activist", "joined_on": None}
    campus.call(campus.administrator, "enter_transfer_in", **activist)
    assert home(campus, applicant) == faculty.branch
    kept = campus.call(campus.administrator, "get_dossier", dossier=dossier["id"])
    assert kept["organisation"] == faculty.branch
    campus.clock.advance(timedelta(days=1))
    campus.call(campus.administrator, "change_person", person=person, active=False)
    campus.clock.advance(timedelta(days=1))
    back = campus.call(faculty.secretary, "enter_transfer_in", **arriving)
    assert back["person"] == person
    assert [each[2:] for each in told(campus, person)] == [
        (True, "2026-09-10", "2026-09-10"),
        (False, "2026-09-11", "2026-09-11"),
        (True, "2026-09-12", None),
    ]


def test_transfers_are_listed_to_both_ends_newest_first_and_each_once(
    campus: Campus, faculty: Faculty
) -> None:
    made = []
    for number in range(3):
        person = campus.person(f"X{number}", faculty.branch)
        made.append(
            campus.call(faculty.secretary, "ask_transfer", person=person, destination=faculty.neighbour)["id"]
        )
        campus.clock.advance(timedelta(days=1))
    for reader in (faculty.secretary, faculty.next_door, faculty.dean, campus.administrator):
        seen: list[str] = []
        cursor = None
        while True:
            answered = campus.call(reader, "list_transfers", limit=2, cursor=cursor, state="asked")
            seen += [each["id"] for each in answered["items"]]
            cursor = answered["next"]
            if cursor is None:
                break
        assert seen == made[::-1]
    assert campus.call(faculty.member, "list_transfers")["items"] == []
    with pytest.raises(Forbidden):
        campus.call(faculty.next_door, "list_transfers", organisation=faculty.branch)
    transfers = campus.application.database["transfers"]
    for wanted in ({"concerns": {"$in": [faculty.branch]}}, {"state": "asked"}, {"person": "x"}):
        plan = transfers.find(wanted).sort([("asked_on", -1), ("_id", -1)]).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])


def test_a_running_transfer_goes_on_with_who_took_over_and_posts_end_where_they_were(
    campus: Campus, faculty: Faculty
) -> None:
    third = campus.organisation("B9", "branch", faculty.faculty)
    elsewhere = campus.organisation("B10", "branch", faculty.faculty)
    arriving = campus.person("S040", elsewhere)
    overtaken, mover = campus.person("S041", faculty.branch), faculty.member

    def ask(person: str, destination: str) -> str:
        asked = campus.call(person, "ask_transfer", person=person, destination=destination)
        return str(asked["id"])

    leaving, coming, within = (
        ask(mover, third),
        ask(arriving, faculty.branch),
        ask(overtaken, faculty.neighbour),
    )
    campus.call(
        campus.administrator,
        "merge_organisations",
        organisation=faculty.neighbour,
        others=[faculty.branch],
        reason="人数过少",
    )

    def shown(transfer: str) -> dict[str, Any]:
        return campus.call(campus.administrator, "get_transfer", transfer=transfer)

    wait_for(lambda: shown(coming)["destination"] == faculty.neighbour)
    assert shown(leaving)["left"] == faculty.neighbour
    assert shown(leaving)["redirected"] == {
        "left": faculty.branch,
        "destination": third,
        "on": "2026-09-10",
    }
    # From one branch to what is the same branch now there is nothing left to transfer.
    assert (shown(within)["state"], home(campus, overtaken)) == ("withdrawn", faculty.neighbour)
    events = campus.events("records.transfer.redirected.v1")
    assert {(each["subject"], each["data"]["destination"]) for each in events} == {
        (leaving, third),
        (coming, faculty.neighbour),
    }
    taken = campus.call(faculty.next_door, "decide_transfer", transfer=coming, verdict="accept")
    assert (taken["state"], home(campus, arriving)) == ("accepted", faculty.neighbour)

    # Who moves on gives up the post and leaves tasks behind; a post further up is kept.
    campus.post(mover, "organisation_commissioner", faculty.neighbour)
    campus.post(mover, "publicity_commissioner", faculty.faculty)
    due = {"kind": "work", "organisation": faculty.neighbour, "responsible": mover, "due_on": "2026-12-31"}
    task = campus.call(faculty.next_door, "enter_task", title="整理台账", **due)["id"]
    accepted = campus.call(campus.administrator, "decide_transfer", transfer=leaving, verdict="accept")
    assert (accepted["tasks"], home(campus, mover)) == ([task], third)
    held = campus.call(campus.administrator, "list_posts", person=mover, active=True)["items"]
    assert [(each["role"], each["organisation"]) for each in held] == [
        ("publicity_commissioner", faculty.faculty)
    ]
    told = campus.events("records.post.changed.v1")[-1]["data"]
    assert (told["role"], told["active"], told["until"]) == (
        "organisation_commissioner",
        False,
        "2026-09-10",
    )
    [event] = [each for each in campus.events("records.transfer.accepted.v1") if each["subject"] == leaving]
    assert event["data"]["tasks"] == [task]

    # Nobody took over a branch that was empty: what to do is said.
    back = ask(mover, elsewhere)
    campus.call(campus.administrator, "dissolve_organisation", organisation=elsewhere, reason="未发展")
    gone = {"organisation": elsewhere}
    wait_for(lambda: not campus.call(mover, "get_organisation", **gone)["active"])
    with pytest.raises(Conflict, match=r"transfer\.destination_ended"):
        campus.call(campus.administrator, "decide_transfer", transfer=back, verdict="accept")
    assert campus.call(mover, "withdraw_transfer", transfer=back)["state"] == "withdrawn"
