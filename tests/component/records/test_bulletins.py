"""Bulletins through the service: for their audience alone, published once, read by an exact number."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import eventlet
import pytest

from services.chassis import context
from services.chassis.context import Context
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from services.chassis.testing import wait_for
from services.records.directory import persons
from tests.component.records.surroundings import Campus, Faculty
from tests.component.records.test_files import PDF, read, sent

READERS = 60


def drafted(campus: Campus, faculty: Faculty, by: str | None = None, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "organisation": faculty.faculty,
        "title": "关于开展主题党日的通知",
        "body": "第一段。\n\n第二段。",
        "audience": {"organisations": [faculty.branch]},
        **more,
    }
    return campus.call(by or faculty.dean, "draft_bulletin", **given)


def published(campus: Campus, faculty: Faculty, **more: Any) -> str:
    bulletin = str(drafted(campus, faculty, **more)["id"])
    campus.call(faculty.dean, "publish_bulletin", bulletin=bulletin)
    return bulletin


def titles(campus: Campus, person: str, **more: Any) -> list[str]:
    return [each["title"] for each in campus.call(person, "list_my_bulletins", **more)["items"]]


def seen_by(campus: Campus, people: dict[str, str], bulletin: str) -> set[str]:
    seen = set()
    for name, person in people.items():
        with suppress(NotFound):
            campus.call(person, "get_bulletin", bulletin=bulletin)
            seen.add(name)
    return seen


def test_a_bulletin_is_drafted_published_once_corrected_and_taken_down(
    campus: Campus, faculty: Faculty
) -> None:
    everybody = {
        name: getattr(faculty, name) for name in ("dean", "secretary", "next_door", "member", "groupie")
    }
    file = sent(campus, faculty.dean)["file"]
    bulletin = str(drafted(campus, faculty, attachments=[file], open=True)["id"])
    assert seen_by(campus, everybody, bulletin) == {"dean"}
    assert campus.call(None, "public_bulletins")["items"] == []
    with pytest.raises(NotFound):
        read(campus, faculty.member, file)

    other = sent(campus, faculty.dean)["file"]
    draft = str(drafted(campus, faculty, attachments=[other])["id"])
    campus.call(faculty.dean, "publish_bulletin", bulletin=draft, at="2026-09-10T06:00:00Z")
    with pytest.raises(NotFound):
        campus.call(faculty.secretary, "discard_bulletin", bulletin=draft)
    gone = campus.call(faculty.dean, "discard_bulletin", bulletin=draft)
    assert (gone["state"], gone["body"], gone["attachments"]) == ("discarded", None, [])
    assert read(campus, faculty.dean, other) == PDF, "its files are their sender's again"
    with pytest.raises(Conflict, match=r"bulletin\.state"):
        campus.call(faculty.dean, "publish_bulletin", bulletin=draft)

    first = campus.call(faculty.dean, "publish_bulletin", "once", bulletin=bulletin)
    again = campus.call(faculty.dean, "publish_bulletin", "once", bulletin=bulletin)
    assert again == first
    assert (first["state"], first["edition"]) == ("published", 1)
    for late in ("publish_bulletin", "discard_bulletin"):
        with pytest.raises(Conflict, match=r"bulletin\.state"):
            campus.call(faculty.dean, late, "another", bulletin=bulletin)
    # A group is below its branch; what is open is seen by all, and listed to its own.
    assert seen_by(campus, everybody, bulletin) == set(everybody)
    assert {name for name, person in everybody.items() if titles(campus, person)} == {
        "secretary",
        "member",
        "groupie",
    }
    assert read(campus, faculty.member, file) == PDF

    fixed = campus.call(
        faculty.dean,
        "correct_bulletin",
        bulletin=bulletin,
        title="关于开展主题党日的通知（更正）",
        body="时间改为周五。",
        correction="时间有误",
        attachments=[file],
    )
    seen = campus.call(faculty.groupie, "get_bulletin", bulletin=bulletin)
    assert (seen["edition"], seen["body"]) == (2, "时间改为周五。")
    assert [each["correction"] for each in seen["corrections"]] == ["时间有误"]
    assert [(each["edition"], each["body"]) for each in seen["earlier"]] == [(1, "第一段。\n\n第二段。")]
    [told] = campus.call(None, "public_bulletins")["items"]
    assert (told["organisation_name"], told["body"]) == ("组织 S1", "时间改为周五。")
    assert not any(person in str(told) for person in everybody.values())

    with pytest.raises(Conflict, match=r"version\.stale"):
        campus.call(
            faculty.dean,
            "withdraw_bulletin",
            bulletin=bulletin,
            reason="有误",
            expected_version=first["version"],
        )
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "withdraw_bulletin", bulletin=bulletin, reason="有误")
    campus.call(
        faculty.dean,
        "withdraw_bulletin",
        bulletin=bulletin,
        reason="活动取消",
        expected_version=fixed["version"],
    )
    gone = campus.call(faculty.member, "get_bulletin", bulletin=bulletin)
    assert (gone["state"], gone["withdrawn"]["reason"]) == ("withdrawn", "活动取消")
    assert (gone["body"], gone["attachments"], gone["earlier"]) == (None, [], [])
    assert campus.call(faculty.dean, "get_bulletin", bulletin=bulletin)["body"] == "时间改为周五。"
    [told] = campus.call(None, "public_bulletins")["items"]
    assert (told["body"], told["withdrawn"]["reason"]) == (None, "活动取消")
    with pytest.raises(NotFound):
        read(campus, faculty.member, file)

    campus.settled()
    campus.drain()
    kinds = [each["type"].split(".")[2] for each in campus.heard if each["subject"] == bulletin]
    assert kinds == ["published", "corrected", "withdrawn"]
    for words in ("主题党日", "第一段", "时间", "活动取消"):
        assert words not in str([each["data"] for each in campus.heard if each["subject"] == bulletin])


def test_a_bulletin_is_for_those_it_is_addressed_to_and_published_by_who_may(
    campus: Campus, faculty: Faculty
) -> None:
    to_heads = {"organisations": [faculty.faculty], "roles": ["secretary"]}
    bulletin = published(campus, faculty, title="书记例会", audience=to_heads)
    people = {name: getattr(faculty, name) for name in ("secretary", "next_door", "member", "groupie")}
    assert seen_by(campus, people, bulletin) == {"secretary", "next_door"}
    assert titles(campus, faculty.next_door) == ["书记例会"]
    activist = campus.person("S009", faculty.neighbour, political_status="activist")
    to_activists = {"organisations": [faculty.faculty], "political_statuses": ["activist"]}
    published(campus, faculty, title="积极分子培训", audience=to_activists)
    assert titles(campus, activist) == ["积极分子培训"]
    assert titles(campus, faculty.member) == []

    for stranger in (faculty.member, faculty.secretary, faculty.next_door):
        with pytest.raises(Forbidden):
            drafted(campus, faculty, stranger)
    with pytest.raises(Unauthenticated):
        campus.call(None, "list_my_bulletins")
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "list_bulletins", organisation=faculty.faculty)
    listed = campus.call(campus.administrator, "list_bulletins", organisation=faculty.faculty)["items"]
    assert [each["title"] for each in listed] == ["积极分子培训", "书记例会"]
    outside = {"organisations": [faculty.branch, faculty.neighbour, campus.root, "nowhere"]}
    with pytest.raises(Invalid) as refused:
        drafted(campus, faculty, faculty.secretary, organisation=faculty.branch, audience=outside)
    assert sorted(refused.value.fields) == [f"audience.organisations.{place}" for place in (1, 2, 3)]

    for wrong in (
        {"body": "<script>alert(1)</script>"},
        {"title": "<b>通知</b>"},
        {"link": "javascript:alert(1)"},
        {"link": "http://www.example.edu.cn/"},
        {"body": "字" * 20_001},
        {"attachments": ["nothing"]},
        {"audience": {"organisations": []}},
        {"audience": {"organisations": [faculty.branch], "roles": ["king"]}},
    ):
        with pytest.raises(Invalid):
            drafted(campus, faculty, **wrong)

    # One that waits for its hour is published by the clock, once.
    waiting = str(drafted(campus, faculty, title="下周通知")["id"])
    at = campus.clock.now() + timedelta(days=2)
    planned = campus.call(faculty.dean, "publish_bulletin", bulletin=waiting, at=at.isoformat())
    assert planned["state"] == "scheduled"
    campus.application.bulletins.release()
    assert titles(campus, faculty.member) == []
    campus.clock.advance(timedelta(days=2))
    campus.application.bulletins.release()
    campus.application.bulletins.release()
    assert titles(campus, faculty.member) == ["下周通知"]
    events = campus.events("records.bulletin.published.v1")
    assert sorted(each["subject"] for each in events).count(waiting) == 1

    # Reached by several marks it is listed once; the next page goes on where the one before ended.
    twice = {"organisations": [faculty.faculty, faculty.branch], "political_statuses": ["member"]}
    for number in range(4):
        published(campus, faculty, title=f"第{number}号", audience=twice)
    page = campus.call(faculty.member, "list_my_bulletins", limit=3)
    rest = campus.call(faculty.member, "list_my_bulletins", limit=3, cursor=page["next"])
    shown = [each["title"] for each in (*page["items"], *rest["items"])]
    assert sorted(shown) == sorted(["第0号", "第1号", "第2号", "第3号", "下周通知"])
    assert rest["next"] is None
    database = campus.application.database
    for collection, wanted in (
        ("bulletins", {"marks": {"$in": ["a", "b"]}}),
        ("bulletins", {"marks": "everybody"}),
        ("bulletins", {"organisation": "o"}),
        ("bulletins", {"state": "scheduled", "publish_at": {"$lt": "x"}}),
        ("bulletin_receipts", {"place": {"$in": ["a", "b"]}}),
        ("bulletin_audiences", {"bulletin": "b", "expected": "p"}),
        ("bulletin_audiences", {"state": "open", "read_by": {"$lt": "x"}}),
    ):
        plan = str(database[collection].find(wanted).explain()["queryPlanner"]["winningPlan"])
        assert "COLLSCAN" not in plan, (collection, wanted)


def settle_in(campus: Campus, organisation: str, count: int) -> list[str]:
    """Many members of an organisation at once."""
    home = campus.application.directory.organisations.get(organisation).state
    made = []
    for number in range(count):
        given = {
            "number": f"R{number:04}",
            "name": f"读者{number}",
            "political_status": "member",
            "organisation": organisation,
        }
        change = persons.enter_person(f"reader-{number:04}", given, home, campus.clock.today())
        made.append((f"reader-{number:04}", change.state, ()))
    campus.application.directory.people.create_many(made)
    return [identity for identity, _, _ in made]


def counts(campus: Campus, person: str, bulletin: str) -> dict[str, tuple[int, int]]:
    items = campus.call(person, "list_bulletin_receipts", bulletin=bulletin)["items"]
    return {each["organisation"]: (each["expected"], each["read"]) for each in items}


def test_receipts_of_mandatory_bulletins_are_exact_and_told_once_when_overdue(
    campus: Campus, faculty: Faculty
) -> None:
    readers = settle_in(campus, faculty.neighbour, READERS)
    audience = {"organisations": [faculty.faculty]}
    duty = {"audience": audience, "mandatory": True, "read_by": "2026-09-20"}
    free = published(campus, faculty, title="可看可不看", audience=audience)
    bulletin = published(campus, faculty, title="必读", **duty)
    withdrawn = published(campus, faculty, title="撤回的必读", **duty)
    campus.call(faculty.dean, "withdraw_bulletin", bulletin=withdrawn, reason="有误")
    audiences = campus.application.bulletin_reading.audiences
    wait_for(lambda: len(audiences.find({"bulletin": withdrawn})) == 3)
    expected = {faculty.faculty: (1, 0), faculty.branch: (3, 0), faculty.neighbour: (READERS + 1, 0)}
    assert counts(campus, faculty.dean, bulletin) == expected

    def reads(person: str) -> None:
        with context.entered(Context(actor=person)):
            for _ in range(2):
                assert campus.application.bulletins.read(bulletin)["recorded"]

    pool = eventlet.GreenPool(20)
    for _ in pool.imap(reads, readers):
        pass
    assert counts(campus, faculty.dean, bulletin)[faculty.neighbour] == (READERS + 1, READERS)
    assert counts(campus, faculty.next_door, bulletin) == {faculty.neighbour: (READERS + 1, READERS)}

    # Of what need not be read nothing is kept.
    assert campus.call(faculty.member, "read_bulletin", bulletin=free)["recorded"] is False
    assert campus.application.bulletin_reading.receipts.find_one({"bulletin": free}) is None
    with pytest.raises(Conflict, match=r"not_mandatory"):
        campus.call(faculty.dean, "list_bulletin_receipts", bulletin=free)

    # Whoever moves is counted where they belonged that day; whoever comes later reads and is not counted.
    campus.call(campus.administrator, "change_person", person=faculty.member, organisation=faculty.neighbour)
    late = campus.person("S010", faculty.branch)
    assert titles(campus, faculty.member, unread=True) == ["必读"]
    for person in (faculty.member, late):
        assert campus.call(person, "read_bulletin", bulletin=bulletin)["read_on"] == "2026-09-10"
    assert titles(campus, faculty.member, unread=True) == []
    assert counts(campus, faculty.secretary, bulletin) == {faculty.branch: (3, 1)}
    assert counts(campus, faculty.dean, bulletin)[faculty.neighbour] == (READERS + 1, READERS)

    left = {"bulletin": bulletin, "organisation": faculty.branch}
    first = campus.call(faculty.secretary, "list_bulletin_unread", **left, limit=1)
    rest = campus.call(faculty.secretary, "list_bulletin_unread", **left, limit=1, cursor=first["next"])
    names = {each["name"] for each in (*first["items"], *rest["items"])}
    assert (names, rest["next"]) == ({"测试T002", "测试S002"}, None)
    assert campus.application.audit.read("organisation", faculty.branch)[0].action == "bulletin.unread_listed"
    with pytest.raises(Forbidden):
        campus.call(faculty.next_door, "list_bulletin_unread", **left)
    with pytest.raises(Forbidden):
        campus.call(late, "list_bulletin_receipts", bulletin=bulletin)

    campus.clock.advance(timedelta(days=10))
    campus.application.bulletins.turn(campus.clock.today())
    assert campus.events("records.bulletin.read_overdue.v1") == []
    campus.clock.advance(timedelta(days=1))
    for _ in range(2):
        campus.application.bulletins.turn(campus.clock.today())
    told = [each["data"] for each in campus.events("records.bulletin.read_overdue.v1")]
    assert {each["organisation"]: (each["read"], each["unread"]) for each in told} == {
        faculty.faculty: (0, 1),
        faculty.branch: (1, 2),
        faculty.neighbour: (READERS, 1),
    }
    assert len(told) == 3
    assert all(each["bulletin"] == bulletin for each in told)
    with pytest.raises(Conflict, match=r"not_readable"):
        campus.call(faculty.secretary, "read_bulletin", bulletin=withdrawn)
