"""Posts through the service: who may hold one, one secretary at a time, nothing decided past a sanction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import eventlet
import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid, Refusal
from services.chassis.policies import parse
from tests.component.records.surroundings import Campus, Faculty, workbook

PEOPLE = ["姓名", "学号", "政治面貌", "所在支部", "职务", "入党日期"]


def told(call: Callable[[], dict[str, Any]]) -> dict[str, Any] | Refusal:
    try:
        return call()
    except Refusal as refused:
        return refused


def held(campus: Campus, **whose: str) -> set[tuple[str, str]]:
    found = campus.call(campus.administrator, "list_posts", active=True, **whose)["items"]
    return {(each["person"], each["role"]) for each in found}


def test_a_post_asks_who_somebody_is_and_whether_it_is_free_however_it_is_given(
    campus: Campus, faculty: Faculty
) -> None:
    give: dict[str, Any] = {"organisation": faculty.neighbour, "since": "2026-09-01"}
    applicant = campus.person("S020", faculty.neighbour, political_status="applicant")
    for role in ("secretary", "deputy_secretary", "publicity_commissioner"):
        with pytest.raises(Invalid, match=r"post\.status_unfit") as refused:
            campus.call(faculty.dean, "give_post", person=applicant, role=role, **give)
        assert refused.value.params["accepted"] == "member"
        assert refused.value.text is not None
        assert "正式党员" in refused.value.text["zh"]
    with pytest.raises(Forbidden) as forbidden:
        campus.call(faculty.member, "give_post", person=applicant, role="secretary", **give)
    assert "organiser" in forbidden.value.params["accepted"]
    assert forbidden.value.text is not None
    assert "组织员" in forbidden.value.text["zh"]

    # A second secretary waits for the end of the first one's term; of two at once one is refused.
    other, third = campus.person("S021", faculty.neighbour), campus.person("S022", faculty.neighbour)
    second = {**give, "person": other, "role": "secretary"}
    with pytest.raises(Conflict, match=r"post\.seat_taken") as taken:
        campus.call(faculty.dean, "give_post", **second)
    assert taken.value.params["accepted"] == "–"
    [post] = campus.call(faculty.dean, "list_posts", organisation=faculty.neighbour, active=True)["items"]
    campus.call(faculty.dean, "prolong_post", post=post["id"], until="2026-12-31")
    with pytest.raises(Conflict, match=r"post\.seat_taken") as taken:
        campus.call(faculty.dean, "give_post", **second)
    assert taken.value.params["accepted"] == "2027-01-01 …"
    later = [{**second, "person": person, "since": "2027-01-01"} for person in (other, third)]
    answers = list(
        eventlet.GreenPool().imap(
            lambda given: told(lambda: campus.call(faculty.dean, "give_post", **given)), later
        )
    )
    assert sorted(isinstance(each, Refusal) for each in answers) == [False, True], answers
    with pytest.raises(Conflict, match=r"post\.seat_taken"):
        campus.call(faculty.dean, "prolong_post", post=post["id"], until="2027-01-01")
    campus.call(faculty.dean, "withdraw_post", post=post["id"])

    # A roster gives no post that a person may not give.
    branch = campus.organisation("B4", "branch", faculty.faculty)
    rows = [
        ["甲", "R1", "正式党员", "B4", "书记", "2010-07-01"],
        ["乙", "R2", "正式党员", "B4", "书记", "2010-07-01"],
        ["丙", "R3", "入党积极分子", "B4", "副书记", ""],
    ]
    job = campus.imported(workbook(人员=[PEOPLE, *rows]))
    errors = {
        each["row"]: (each["column"], each["code"], each["params"]["accepted"]) for each in job["errors"]
    }
    assert errors == {3: ("职务", "post.seat_taken", "–"), 4: ("职务", "post.status_unfit", "member")}
    assert [role for _, role in held(campus, organisation=branch)] == ["secretary"]

    # With the status goes the post that asks for it, and no other.
    campus.post(faculty.member, "administrator", faculty.faculty)
    campus.post(faculty.member, "deputy_secretary", faculty.branch)
    campus.call(campus.administrator, "change_person", person=faculty.member, political_status="probationary")
    assert held(campus, person=faculty.member) == {(faculty.member, "administrator")}


def test_what_is_decided_of_a_member_counts_for_posts_at_that_instant_and_for_two_years(
    campus: Campus, faculty: Faculty, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [campus.person(f"S03{number}", faculty.branch) for number in range(6)]
    give: dict[str, Any] = {"organisation": faculty.branch, "role": "deputy_secretary", "since": "2026-09-01"}
    impose: dict[str, Any] = {"years": 1, "decided_on": "2026-09-01", "decided_by": faculty.faculty}

    def at_once(person: str) -> list[Any]:
        calls = [
            lambda: campus.call(faculty.dean, "give_post", person=person, **give),
            lambda: campus.call(faculty.dean, "impose_sanction", person=person, **impose),
        ]
        return list(eventlet.GreenPool().imap(told, calls))

    outcomes = list(eventlet.GreenPool().imap(at_once, people))
    assert [each[1].get("state") for each in outcomes] == ["running"] * len(people), outcomes
    for person in people:
        assert held(campus, person=person) == set()

    # Restored, they hold no post as high for two years; a lower one, and later that one, they do.
    high = campus.person("S040", faculty.branch)
    campus.post(high, "deputy_secretary", faculty.branch)
    sanction = campus.call(faculty.dean, "impose_sanction", person=high, **impose)["id"]
    assert held(campus, person=high) == set()
    campus.clock.advance(timedelta(days=365))  # 2027-09-10
    campus.call(faculty.dean, "close_sanction", sanction=sanction, outcome="restored", on="2027-09-02")
    with pytest.raises(Invalid, match=r"post\.too_soon") as refused:
        campus.call(faculty.dean, "give_post", person=high, **give)
    assert refused.value.params["accepted"] == "2029-09-02 …"
    own = parse(
        f"""
id: discipline-own
title: 本院规定
issuer: 院党委
level: organisation
scope: {faculty.faculty}
effective_from: 2026-01-01
parameters:
  posts_barred_years: {{value: 3, article: 第一条, hardness: block, confidence: S}}
"""
    )
    rights = campus.application.posts._rights
    with monkeypatch.context() as patched:
        patched.setattr(rights, "_packs", [*rights._packs, own])
        with pytest.raises(Invalid, match=r"post\.too_soon") as refused:
            campus.call(faculty.dean, "give_post", person=high, **give)
    assert (refused.value.params["accepted"], refused.value.params["pack"]) == (
        "2030-09-02 …",
        "discipline-own",
    )
    campus.call(faculty.dean, "give_post", person=high, **{**give, "role": "publicity_commissioner"})

    # Who may give a post and not read of sanctions is told the same of whatever is in the way, and no day.
    deputy = campus.person("S041", faculty.branch)
    campus.post(deputy, "deputy_secretary", faculty.faculty)
    applicant = campus.person("S042", faculty.branch, political_status="applicant")
    told_of = []
    for person in (high, applicant):
        with pytest.raises(Invalid) as refused:
            campus.call(deputy, "give_post", person=person, **give)
        told_of.append((refused.value.code, refused.value.params, refused.value.fields))
    assert told_of == [("post.person_unfit", {}, {"person": ["post.person_unfit"]})] * 2
    # Of people elsewhere there is none, whatever they are: whoever is above both gives the post.
    away = campus.organisation("F9", "secondary", campus.root)
    strangers = [
        campus.person(f"S05{at}", away, political_status=status)
        for at, status in enumerate(("member", "none"))
    ]
    for person in (*strangers, "nobody"):
        with pytest.raises(Invalid, match=r"person\.unknown"):
            campus.call(faculty.dean, "give_post", person=person, **give)

    # Prolonged when its year was over, it ends the post that was taken meanwhile.
    lead = {"person": people[1], "role": "group_leader", "since": "2027-09-08"}
    campus.call(faculty.dean, "give_post", organisation=faculty.group, **lead)
    [over] = campus.call(faculty.dean, "list_sanctions", person=people[1])["items"]
    assert (over["lasts"], over["decision_due"]) == (False, True)
    # Whoever is responsible where the member was is so no more, though the command began before the move.
    guard, moved = campus.application.directory.people.guard, list[str]()

    def move_first(person: str) -> Any:
        if not moved:
            moved.append(person)
            campus.call(campus.administrator, "change_person", person=person, organisation=away)
        return guard(person)

    with monkeypatch.context() as patched:
        patched.setattr(campus.application.directory.people, "guard", move_first)
        with pytest.raises(Forbidden):
            campus.call(faculty.dean, "prolong_sanction", sanction=over["id"], decided_on="2027-09-09")
        moved.clear()
        with pytest.raises(Forbidden):
            campus.call(faculty.dean, "impose_sanction", person=people[3], **impose)
    campus.call(campus.administrator, "change_person", person=people[1], organisation=faculty.branch)
    campus.call(faculty.dean, "prolong_sanction", sanction=over["id"], decided_on="2027-09-09")
    assert held(campus, person=people[1]) == set()
    with pytest.raises(Invalid, match=r"post\.without_rights"):
        campus.call(faculty.dean, "give_post", organisation=faculty.group, **lead)
    with pytest.raises(Invalid, match=r"post\.person_unfit"):
        campus.call(deputy, "give_post", organisation=faculty.group, **lead)
    # Who could not be given the post anyway is told that, and nothing of a sanction.
    with pytest.raises(Invalid, match=r"post\.role_unfit"):
        campus.call(faculty.dean, "give_post", organisation=faculty.branch, **lead)
    campus.clock.advance(timedelta(days=365 * 2))
    campus.call(faculty.dean, "give_post", person=high, **give)

    # Who is expelled is no member from the day that was decided; nobody has to change it by hand.
    close = {"outcome": "expelled", "on": "2027-08-01"}
    [running] = campus.call(faculty.dean, "list_sanctions", person=people[0])["items"]
    within = {"person": people[0], "within": faculty.neighbour}
    assert campus.call(faculty.dean, "list_sanctions", **within)["items"] == []
    assert campus.call(faculty.dean, "list_sanctions", **{**within, "within": faculty.branch})["items"] == [
        running
    ]
    # A day before the last change of the membership is refused at the field that the form has.
    spells = campus.application.directory.people.collection
    since = (spells.find_one({"_id": people[0]}) or {})["spells"]
    spells.update_one({"_id": people[0]}, {"$set": {"spells.0.since": "2027-08-02"}})
    with pytest.raises(Invalid, match=r"person\.since_too_early") as early:
        campus.call(faculty.dean, "close_sanction", sanction=running["id"], **close)
    assert early.value.fields == {"on": ["person.since_too_early"]}
    spells.update_one({"_id": people[0]}, {"$set": {"spells": since}})
    for _ in range(2):
        campus.call(faculty.dean, "close_sanction", "c1", sanction=running["id"], **close)
    known = campus.call(faculty.dean, "get_person", person=people[0])
    assert (known["political_status"], known["active"]) == ("none", True)
    spells = campus.call(faculty.dean, "get_membership_history", person=people[0])["items"]
    assert (spells[0]["political_status"], spells[0]["since"]) == ("none", "2027-08-01")
