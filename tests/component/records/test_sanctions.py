"""Probation within the Party through the service: what it takes away, what goes on, and who knows of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.context import Context, entered
from services.chassis.errors import Forbidden, Invalid, NotFound, Unavailable
from tests.component.records.surroundings import Campus, Faculty


def test_a_member_under_probation_attends_and_pays_and_has_no_vote_until_its_last_day(
    campus: Campus, faculty: Faculty, monkeypatch: pytest.MonkeyPatch
) -> None:
    treasurer = campus.person("S010", faculty.branch)
    post: dict[str, Any] = {
        "person": treasurer,
        "role": "organisation_commissioner",
        "organisation": faculty.branch,
        "since": "2026-01-01",
    }
    given = campus.call(campus.administrator, "give_post", "p1", **post)
    publicity = campus.person("S011", faculty.branch)
    campus.post(publicity, "publicity_commissioner", faculty.branch)
    impose: dict[str, Any] = {
        "person": treasurer,
        "years": 1,
        "decided_on": "2026-09-01",
        "decided_by": faculty.faculty,
        "document_number": "院纪〔2026〕1号",
    }

    # It is entered from strictly above the branch, and nobody else learns whether there is such a person.
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "impose_sanction", **impose)
    for person in (publicity, faculty.next_door, treasurer):
        with pytest.raises(Invalid, match=r"person\.unknown"):
            campus.call(person, "impose_sanction", **impose)
    sanction = campus.call(faculty.dean, "impose_sanction", "s1", **impose)
    assert campus.call(faculty.dean, "impose_sanction", "s1", **impose) == sanction
    assert (sanction["since"], sanction["last"], sanction["lasts"]) == ("2026-09-01", "2027-08-31", True)
    assert sanction["source"]["article"] == "中国共产党章程第四十一条"
    with pytest.raises(Invalid, match=r"sanction\.decided_by_unfit"):
        campus.call(faculty.dean, "impose_sanction", **{**impose, "decided_by": faculty.branch})

    # Posts end with it, and none is given while it lasts.
    assert campus.call(faculty.dean, "list_posts", person=treasurer, active=True)["items"] == []
    with pytest.raises(Invalid, match=r"post\.without_rights") as refused:
        campus.call(campus.administrator, "give_post", **{**post, "since": "2026-09-10"})
    # As high as the one that ended, it is barred for two years more; who may read of it is told why.
    cited = {**sanction["source"], "rule": "without_rights"}
    assert refused.value.params == {**cited, "accepted": "2029-09-01 …"}
    assert campus.call(campus.administrator, "give_post", "p1", **post) == given  # what was answered before

    # Of the six of the branch and its group, five have a vote: for the calculators and for the record.
    counted = campus.call(
        faculty.secretary, "count_decision", organisation=faculty.branch, present=4, in_favour=3
    )
    assert (counted["entitled"], counted["carried"]) == (4, True)
    before = campus.call(
        faculty.secretary,
        "count_decision",
        organisation=faculty.branch,
        on="2026-08-31",
        present=4,
        in_favour=3,
    )
    assert before["entitled"] == 5
    with pytest.raises(Forbidden):
        campus.call(faculty.next_door, "count_decision", organisation=faculty.branch, present=1, in_favour=1)
    with pytest.raises(Invalid, match=r"vote\.entitled_one"):
        campus.call(faculty.secretary, "count_decision", present=1, in_favour=1)
    meeting: dict[str, Any] = {
        "organisation": faculty.branch,
        "kind": "branch_meeting",
        "title": "九月支部党员大会",
        "held_on": "2026-09-08",
        "minutes": "讨论了发展党员工作。",
        "others": "present",
    }
    with pytest.raises(Invalid, match=r"vote\.without_vote_differs"):
        campus.call(faculty.secretary, "file_activity", **meeting, without_vote=0)
    filed = campus.call(faculty.secretary, "file_activity", **meeting)
    assert (filed["expected"], filed["present"], filed["without_vote"]) == (5, 5, 1)
    assert (filed["quorum"]["entitled"], filed["quorum"]["present"]) == (4, 4)
    earlier = campus.call(faculty.secretary, "file_activity", **{**meeting, "held_on": "2026-08-31"})
    assert (earlier["quorum"]["entitled"], earlier["without_vote"]) == (5, 0)

    # Nor elected: an election of the branch says no more than that somebody could not stand.
    election: dict[str, Any] = {
        "organisation": faculty.branch,
        "held_on": "2026-09-09",
        "seats": 1,
        "present": 4,
        "candidates": [{"person": faculty.member, "votes": 4}, {"person": treasurer, "votes": 0}],
    }
    with pytest.raises(Invalid, match=r"election\.candidate_unfit") as refused:
        campus.call(faculty.secretary, "record_election", **election)
    assert list(refused.value.fields) == ["candidates.1.person"]
    stood = [election["candidates"][0], {"person": faculty.secretary, "votes": 0}]
    with pytest.raises(Invalid, match=r"election\.entitled_differs"):
        campus.call(faculty.secretary, "record_election", **{**election, "candidates": stood, "entitled": 5})
    held = campus.call(faculty.secretary, "record_election", **{**election, "candidates": stood})
    assert held["entitled"] == 4

    # Who is responsible reads it, and that they did is on record; nobody else by a post.
    known = {"sanction": sanction["id"]}
    for person in (treasurer, faculty.secretary, faculty.dean, campus.administrator):
        assert campus.call(person, "get_sanction", **known)["id"] == sanction["id"]
    for person in (publicity, faculty.member, faculty.next_door):
        with pytest.raises(NotFound):
            campus.call(person, "get_sanction", **known)
        with pytest.raises(Forbidden):
            campus.call(person, "list_sanctions", person=treasurer)
    with pytest.raises(Forbidden):
        campus.call(publicity, "list_sanctions")
    assert campus.call(faculty.next_door, "list_sanctions")["items"] == []
    [listed] = campus.call(campus.administrator, "list_sanctions", state="running")["items"]
    assert (listed["id"], listed["name"]) == (sanction["id"], "测试S010")
    read = campus.call(treasurer, "read_audit", object="me")["items"]
    seen = {(each["actor"], each["action"]) for each in read}
    assert {
        (faculty.secretary, "sanction.read"),
        (faculty.dean, "sanction.imposed"),
        (campus.administrator, "sanction.read"),
    } <= seen
    shown = campus.call(faculty.next_door, "list_posts", organisation=faculty.branch)
    assert "sanction" not in str(shown)
    [event] = campus.events("records.sanction.changed.v1")
    assert event["data"] == {
        "sanction": sanction["id"],
        "organisation": faculty.faculty,
        "state": "running",
    }

    # Nor does it share a command, an actor or an instant with the event of the post that ended with it.
    assert {"actor", "correlationid", "causationid", "traceparent"}.isdisjoint(event)
    assert event["time"] == "2026-09-09T16:00:00.000Z"

    # Who moves is the concern of who is responsible there.
    campus.call(campus.administrator, "change_person", person=treasurer, organisation=faculty.neighbour)
    assert campus.call(faculty.next_door, "get_sanction", **known)["organisation"] == faculty.neighbour
    with pytest.raises(NotFound):
        campus.call(faculty.secretary, "get_sanction", **known)

    # What is decided is on record, or it is not decided.
    def off_record(*_: object) -> None:
        raise Unavailable("audit.contended")

    with monkeypatch.context() as patched:
        patched.setattr(campus.application.audit, "append", off_record)
        with pytest.raises(Unavailable):
            campus.call(
                faculty.dean, "prolong_sanction", **known, decided_on="2026-09-10", expected_version=2
            )
    kept = campus.application.database["sanctions"].find_one({"_id": sanction["id"]}) or {}
    assert (kept["version"], kept["prolonged"]) == (2, None)

    # Prolonged once; after its last day the vote is back, and the decision is shown as due.
    campus.call(faculty.dean, "prolong_sanction", **known, decided_on="2026-09-10")
    campus.clock.advance(timedelta(days=720))  # 2028-08-30
    assert campus.call(faculty.dean, "get_sanction", **known)["lasts"]
    campus.clock.advance(timedelta(days=2))
    over = campus.call(faculty.dean, "get_sanction", **known)
    assert (over["lasts"], over["decision_due"], over["last"]) == (False, True, "2028-08-31")
    close = {**known, "outcome": "restored", "on": "2028-09-01"}
    with pytest.raises(Forbidden):
        campus.call(faculty.next_door, "close_sanction", **close)
    closed = campus.call(faculty.dean, "close_sanction", **close)
    assert (closed["state"], closed["decision_due"]) == ("restored", False)


def test_who_moves_gives_up_the_posts_of_where_they_were_then_and_a_repeated_move_takes_none(
    campus: Campus, faculty: Faculty
) -> None:
    third = campus.organisation("B3", "branch", faculty.faculty)
    people, before = campus.application.people, campus.application.directory.people.get(faculty.member)
    move: dict[str, Any] = {"person": faculty.member, "organisation": faculty.neighbour}
    moved = campus.call(campus.administrator, "change_person", "k1", **move)

    def held() -> list[str]:
        found = campus.call(faculty.dean, "list_posts", person=faculty.member, active=True)["items"]
        return [each["organisation"] for each in found]

    # Another system read them where they were before, and says where they are to be.
    campus.post(faculty.member, "publicity_commissioner", faculty.neighbour)
    with entered(Context(actor=campus.administrator)):
        people.apply(before, {"organisation": third})
    assert held() == []
    campus.post(faculty.member, "publicity_commissioner", third)
    assert campus.call(campus.administrator, "change_person", "k1", **move) == moved
    assert held() == [third]
    # It says where they were before all, as if nothing had happened.
    with entered(Context(actor=campus.administrator)):
        people.apply(before, {"organisation": faculty.branch})
    assert held() == []
