"""Phones and identity numbers through the service: sealed, masked, searched for, unmasked on record."""

from __future__ import annotations

import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.testing import wait_for
from services.records.directory.numbers import tell_marks
from tests.component.records.surroundings import Campus, Faculty, workbook
from tests.component.records.test_directory import on_record

ONE, OTHER = "11010519491231002X", "110105199001011531"


def test_an_identity_number_is_sealed_masked_and_one_active_persons_alone(
    campus: Campus, faculty: Faculty
) -> None:
    root = campus.administrator
    person = campus.person(
        "X1", faculty.branch, id_number=ONE.lower(), political_status_code="01", sex="male"
    )
    shown = campus.call(faculty.secretary, "get_person", person=person)
    assert (shown["id_number"], shown["sex_code"], shown["political_status_code"]) == (
        "110105********002X",
        "1",
        "01",
    )
    kept = campus.application.database["people"].find_one({"_id": person})
    assert ONE not in str(kept)
    assert not [each for each in campus.heard if ONE in str(each)]
    with pytest.raises(Invalid, match=r"id_number\.invalid"):
        campus.call(root, "change_person", person=person, id_number="110105194912310021")
    with pytest.raises(Invalid, match=r"person\.code_unfit") as unfit:
        campus.call(root, "change_person", person=person, political_status_code="13")
    assert unfit.value.params == {"rule": "GB/T 4762", "accepted": "01"}
    with pytest.raises(Conflict, match=r"person\.id_number_taken") as taken:
        campus.person("X2", faculty.neighbour, id_number=ONE)
    assert "id_number" in taken.value.fields
    campus.call(root, "change_person", person=person, active=False)
    campus.person("X2", faculty.neighbour, id_number=ONE)
    with pytest.raises(Conflict, match=r"person\.id_number_taken"):
        campus.call(root, "change_person", person=person, active=True)
    header = ["姓名", "学号", "政治面貌", "所在支部", "身份证号", "性别代码"]
    rows = [["甲", "R1", "共青团员", "B1", OTHER, "9"], ["乙", "R2", "群众", "B1", ONE, "2"]]
    job = campus.imported(workbook(人员=[header, *rows]))
    assert [(each["row"], each["code"]) for each in job["errors"]] == [(3, "person.id_number_taken")]
    [taken_over] = campus.call(root, "search_people", number="R1")["items"]
    told = (taken_over["political_status_code"], taken_over["sex_code"], taken_over["id_number"])
    assert told == ("03", "9", "110105********1531")
    # Whoever was entered, however it was: others find them by their campus number and are told none.
    marks = {
        each["number"]: each["number_fingerprint"] for each in campus.application.database["people"].find()
    }
    fingerprint = campus.application.vault.fingerprint
    assert marks == {number: fingerprint("number", number) for number in marks}
    assert not any(mark in str(taken_over) for mark in marks.values())


def test_whoever_was_told_of_without_a_mark_of_their_number_is_told_of_anew_with_it_once(
    campus: Campus, faculty: Faculty
) -> None:
    people = campus.application.database["people"]
    earlier, marked = campus.person("X1", faculty.branch), campus.person("X2", faculty.branch)
    campus.settled()  # what was told of them is off their documents
    people.update_one(
        {"_id": earlier}, {"$unset": {"number_fingerprint": ""}}
    )  # as an earlier release left it
    before = {each["_id"]: each for each in people.find()}
    mark = before[marked]["number_fingerprint"]
    steps: list[tuple[int, int]] = []
    for told in (1, 0):
        count = tell_marks(
            campus.application.directory, campus.application.clock, lambda *step: steps.append(step)
        )
        assert count == told
    assert steps == [(1, 1)]
    expected = campus.application.vault.fingerprint("number", "X1")
    after = {each["_id"]: each for each in people.find()}
    assert (after[earlier]["number_fingerprint"], after[earlier]["spells"]) == (
        expected,
        before[earlier]["spells"],
    )
    assert after[earlier]["sequence"] == before[earlier]["sequence"] + 1
    assert {key: each for key, each in after.items() if key != earlier} == {
        key: each for key, each in before.items() if key != earlier
    }
    assert mark != expected

    def told_with_it() -> list[object]:
        told = [each["data"] for each in campus.events("records.person.changed.v1")]
        return [each["person"] for each in told if each.get("number_fingerprint") == expected]

    # First when they were entered.
    assert wait_for(lambda: told_with_it()[1:] and told_with_it()) == [earlier, earlier]


def test_a_number_is_searched_for_in_a_body_and_found_within_ones_scope(
    campus: Campus, faculty: Faculty
) -> None:
    person = campus.person("X1", faculty.branch, id_number=ONE, phone="13812345678")

    def found(by: str, **asked: str) -> list[str]:
        return sorted(each["id"] for each in campus.call(by, "search_people", **asked)["items"])

    assert found(faculty.secretary, id_number=ONE.lower()) == [person]
    assert found(faculty.secretary, phone="13812345678") == sorted([person, faculty.member])
    assert found(faculty.next_door, id_number=ONE) == []
    assert found(faculty.member, phone="13812345678") == [faculty.member]
    assert on_record(campus, person) == [
        ("person.read", faculty.secretary, "id_number"),
        ("person.read", faculty.secretary, "phone"),
    ]
    for asked in ({}, {"number": "X1", "phone": "13812345678"}):
        with pytest.raises(Invalid, match=r"people\.search_one"):
            campus.call(faculty.secretary, "search_people", **asked)
    for field in ("phone_fingerprint", "id_number_fingerprint"):
        plan = campus.application.database["people"].find({field: "x"}).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])


def test_unmasking_asks_for_a_post_and_a_reason_and_the_person_sees_it(
    campus: Campus, faculty: Faculty
) -> None:
    person = campus.person("X1", faculty.branch, id_number=ONE, phone="13812345678")
    asked = {"person": person, "reason": "核对入党材料"}
    phone = campus.call(faculty.secretary, "reveal_person", fields=["phone"], **asked)
    assert phone == {"person": person, "phone": "13812345678", "id_number": None}
    for by in (faculty.secretary, faculty.dean):
        with pytest.raises(Forbidden):
            campus.call(by, "reveal_person", fields=["phone", "id_number"], **asked)
    for by in (faculty.next_door, faculty.member):
        with pytest.raises(NotFound, match=r"people\.not_found"):
            campus.call(by, "reveal_person", fields=["phone"], **asked)
    with pytest.raises(Invalid, match=r"person\.reason_missing"):
        campus.call(campus.administrator, "reveal_person", person=person, fields=["id_number"])
    with pytest.raises(Invalid):
        campus.call(campus.administrator, "reveal_person", person=person, fields=["phone"], reason="三个字")
    both = campus.call(campus.administrator, "reveal_person", fields=["phone", "id_number"], **asked)
    assert both["id_number"] == ONE
    own = campus.call(person, "reveal_person", person=person, fields=["id_number"])
    assert own["id_number"] == ONE
    seen = campus.call(person, "read_audit", object="me")["items"]
    assert [(each["action"], each["actor"], each["reason"]) for each in reversed(seen)] == [
        ("person.phone_revealed", faculty.secretary, "核对入党材料"),
        ("person.phone_revealed", campus.administrator, "核对入党材料"),
        ("person.id_number_revealed", campus.administrator, "核对入党材料"),
    ]
