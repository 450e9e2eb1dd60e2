"""Hours of training through the service: who credits and reads, and what credits by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from services.chassis.dead_letters import browse
from services.chassis.envelope import from_wire
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from services.chassis.testing import wait_for
from tests.component.records.surroundings import Campus, Faculty

CREDITED, REVERSED = "records.training.credited.v1", "records.training.reversed.v1"


def credited(campus: Campus, by: str | None, person: str, key: str | None = None, **more: Any) -> Any:
    given = {"on": "2026-09-08", "title": "支部书记培训班", "form": "class", "full_days": 1, **more}
    return campus.call(by, "credit_training", key, person=person, **given)


def lines(campus: Campus, **wanted: Any) -> list[dict[str, Any]]:
    return list(campus.application.database["training_credits"].find(wanted))


def told(campus: Campus, kind: str) -> list[dict[str, Any]]:
    return [each for each in campus.events(kind) if each["type"] == kind]


@contextmanager
def asked(campus: Campus, collection: str) -> Iterator[list[str]]:
    """The queries that a collection is asked meanwhile."""
    documents = campus.application.training.documents
    assert documents.name == collection
    queries: list[str] = []
    real = documents.collection

    class Counting:
        def __getattr__(self, name: str) -> Any:
            if name in ("find", "find_one", "aggregate", "count_documents"):
                queries.append(name)
            return getattr(real, name)

    documents.collection = Counting()  # type: ignore[assignment]  # it only counts what it passes on
    try:
        yield queries
    finally:
        documents.collection = real


def completed(campus: Campus, reference: str, kind: str = "completed", **said: Any) -> dict[str, Any]:
    """An event of the campus's training system."""
    if kind == "completed":
        said = {"number": "S001", "on": "2026-09-01", "title": "网络课程", "form": "online_course", **said}
    envelope = campus.upsert(number=said.get("number", "x"))
    content = {"reference": reference, **said}
    return {
        **envelope,
        "type": f"campus.training.{kind}.v1",
        "source": "/campus/training",
        "subject": reference,
        "data": content,
    }


def test_a_writer_credits_a_person_and_the_year_shows_target_pace_and_pack(
    campus: Campus, faculty: Faculty
) -> None:
    credit = credited(campus, faculty.secretary, faculty.member)
    assert (credit["minutes"], credit["year"], credit["origin"]) == (480, 2026, "entered")
    assert credit["pack"] == "training-national-2024"
    hours = campus.call(faculty.member, "training_hours")
    assert (hours["person"], hours["role"], hours["target"]) == (faculty.member, "member", 1920)
    assert hours["expected"] == 1920 * 253 // 365
    assert (hours["credited"], hours["behind"]) == (480, hours["expected"] - 480)
    assert [each["id"] for each in hours["credits"]] == [credit["id"]]
    assert {each["pack"] for each in hours["rules"]} == {"training-national-2024"}

    [event] = told(campus, CREDITED)
    assert event["subject"] == credit["id"]
    assert event["actor"] == faculty.secretary
    assert event["data"]["minutes"] == 480
    assert "培训班" not in str(event)


def test_a_secretary_owes_more_and_a_class(campus: Campus, faculty: Faculty) -> None:
    hours = campus.call(faculty.secretary, "training_hours")
    assert (hours["role"], hours["target"], hours["classes_owed"]) == ("leading", 56 * 60, 1)
    assert hours["first_class"]["due_on"] == "2026-07-01"
    assert hours["first_class"]["state"] == "overdue"


def test_a_credit_repeated_with_its_key_is_one(campus: Campus, faculty: Faculty) -> None:
    first = credited(campus, faculty.secretary, faculty.member, "k1")
    assert credited(campus, faculty.secretary, faculty.member, "k1") == first
    with pytest.raises(Conflict, match=r"idempotency\.key_reused"):
        credited(campus, faculty.secretary, faculty.member, "k1", half_days=1)
    assert len(lines(campus)) == 1
    assert len(told(campus, CREDITED)) == 1


def test_a_class_credits_all_who_took_part_or_nobody(campus: Campus, faculty: Faculty) -> None:
    def credit(people: list[str], key: str | None = None, by: str = faculty.secretary, **more: Any) -> Any:
        given = {"on": "2026-09-04", "title": "轮训班", "full_days": 2, "half_days": 1, **more}
        return campus.call(by, "credit_class", key, people=people, **given)["items"]

    everybody = [faculty.member, faculty.secretary]
    items = credit(everybody, "k1")
    assert [(each["person"], each["minutes"], each["form"]) for each in items] == [
        (person, 20 * 60, "class") for person in everybody
    ]
    assert credit(everybody, "k1") == items
    for other in (
        {"people": [faculty.member]},
        {"people": [faculty.groupie]},
        {"people": [*everybody, faculty.groupie]},
        {"people": everybody, "title": "另一期"},
    ):
        with pytest.raises(Conflict, match=r"idempotency\.key_reused"):
            credit(key="k1", **other)
    with pytest.raises(Invalid, match=r"person\.unknown") as refused:
        credit([faculty.member, faculty.next_door])
    assert refused.value.fields == {"people.1": ["person.unknown"]}
    with pytest.raises(Forbidden):
        credit([faculty.member], by=faculty.dean)
    with pytest.raises(Forbidden):
        credit([faculty.member], by=faculty.member)
    assert len(lines(campus)) == 2
    assert len(told(campus, CREDITED)) == 2
    hours = campus.call(faculty.secretary, "training_hours")
    assert (hours["classes"], hours["first_class"]["state"]) == (1, "done_late")


def test_a_year_to_come_expects_nothing_yet(campus: Campus, faculty: Faculty) -> None:
    hours = campus.call(faculty.member, "training_hours", year=2027)
    assert (hours["target"], hours["expected"], hours["behind"]) == (1920, 0, 0)
    assert campus.call(faculty.member, "training_hours", year=2017)["target"] is None


def test_a_credit_is_reversed_once_and_never_edited(campus: Campus, faculty: Faculty) -> None:
    credit = credited(campus, faculty.secretary, faculty.member)
    [before] = lines(campus, _id=credit["id"])

    def reverse(key: str | None = None) -> Any:
        return campus.call(faculty.secretary, "reverse_training", key, credit=credit["id"], reason="重复")

    reversal = reverse("r1")
    assert (reversal["minutes"], reversal["reverses"], reversal["reason"]) == (-480, credit["id"], "重复")
    assert reverse("r1") == reversal
    with pytest.raises(Conflict, match=r"credit\.reversed"):
        reverse("r2")
    with pytest.raises(Conflict, match=r"credit\.is_reversal"):
        campus.call(faculty.secretary, "reverse_training", credit=reversal["id"], reason="再改")
    campus.settled()
    [after] = lines(campus, _id=credit["id"])
    unpublished = ("pending", "pending_since")
    assert {k: v for k, v in after.items() if k not in unpublished} == {
        k: v for k, v in before.items() if k not in unpublished
    }
    hours = campus.call(faculty.member, "training_hours")
    assert (hours["credited"], hours["credits"]) == (0, [])
    assert [each["data"]["reverses"] for each in told(campus, REVERSED)] == [credit["id"]]
    assert "重复" not in str(campus.heard)
    both = campus.call(faculty.member, "list_training")["items"]
    assert sorted(each["minutes"] for each in both) == [-480, 480]


def test_what_is_refused_says_what_would_be_accepted(campus: Campus, faculty: Faculty) -> None:
    with pytest.raises(Invalid) as refused:
        credited(campus, faculty.secretary, faculty.member, full_days=0)
    assert refused.value.code == "credit.nothing"
    assert refused.value.text
    assert "training-national-2024" in refused.value.text["zh"]
    assert "8" in refused.value.text["en"]
    with pytest.raises(Invalid, match=r"credit\.in_future"):
        credited(campus, faculty.secretary, faculty.member, on="2026-09-11")
    with pytest.raises(Invalid, match=r"request\.invalid"):
        credited(campus, faculty.secretary, faculty.member, form="activity")


def test_nobody_without_a_post_there_credits_or_reads(campus: Campus, faculty: Faculty) -> None:
    credit = credited(campus, faculty.secretary, faculty.member)
    for stranger in (faculty.next_door, faculty.groupie):
        with pytest.raises(Invalid, match=r"person\.unknown"):
            credited(campus, stranger, faculty.member)
        with pytest.raises(NotFound, match=r"people\.not_found"):
            campus.call(stranger, "training_hours", person=faculty.member)
        with pytest.raises(NotFound, match=r"people\.not_found"):
            campus.call(stranger, "list_training", person=faculty.member)
        with pytest.raises(NotFound, match=r"training_credits\.not_found"):
            campus.call(stranger, "reverse_training", credit=credit["id"], reason="x")
        for question in ("list_training", "list_training_hours"):
            with pytest.raises(Forbidden):
                campus.call(stranger, question, organisation=faculty.branch)
    with pytest.raises(Forbidden):
        credited(campus, faculty.member, faculty.member)
    with pytest.raises(Forbidden):
        credited(campus, faculty.dean, faculty.member)
    for method in ("training_hours", "list_training"):
        with pytest.raises(Unauthenticated):
            campus.call(None, method)
    with pytest.raises(Unauthenticated):
        credited(campus, None, faculty.member)
    assert len(lines(campus)) == 1


def test_whoever_opens_anothers_hours_is_on_record_with_that_person(campus: Campus, faculty: Faculty) -> None:
    campus.call(faculty.dean, "training_hours", person=faculty.member)
    campus.call(faculty.member, "training_hours", person=faculty.member)
    seen = campus.call(faculty.member, "read_audit", object_kind="person", object=faculty.member)["items"]
    assert [(each["action"], each["actor"]) for each in seen] == [("training.read", faculty.dean)]


def approved(campus: Campus, faculty: Faculty, kind: str) -> str:
    planned = campus.call(
        faculty.secretary,
        "plan_activity",
        organisation=faculty.branch,
        kind=kind,
        title="学习党章",
        held_on="2026-09-08",
    )
    activity = str(planned["id"])
    attendance = [
        {"person": faculty.secretary, "state": "present"},
        {"person": faculty.member, "state": "present"},
        {"person": faculty.groupie, "state": "excused", "reason": "出差"},
        {"person": faculty.next_door, "state": "present"},
    ]
    given = {"attendance": attendance, "minutes": "记录"}
    if kind == "party_lecture":
        given["details"] = {"speaker": "院党委书记"}
    campus.call(faculty.secretary, "record_activity", activity=activity, **given)
    campus.call(faculty.secretary, "submit_activity", activity=activity)
    campus.call(faculty.dean, "review_activity", activity=activity, verdict="approve")
    return activity


def test_an_approved_lecture_credits_who_was_there_once(campus: Campus, faculty: Faculty) -> None:
    activity = approved(campus, faculty, "party_lecture")
    wait_for(lambda: len(lines(campus, activity=activity)) == 2)
    assert {each["person"]: each["minutes"] for each in lines(campus)} == {
        faculty.secretary: 120,
        faculty.member: 120,
    }
    [event] = [each for each in campus.events("records.activity.approved.v1") if each["subject"] == activity]
    campus.say(event, times=20, exchange="records.events", key="activity.approved")
    other = approved(campus, faculty, "heritage_visit")
    wait_for(lambda: len(lines(campus, activity=other)) == 2)
    assert len(lines(campus)) == 4
    assert len(told(campus, CREDITED)) == 4
    hours = campus.call(faculty.member, "training_hours")
    assert (hours["credited"], hours["classes"]) == (120 + 240, 0)
    assert {each["pack"] for each in hours["credits"]} == {"training-activities-default"}


def test_credits_follow_the_record_of_an_activity_but_not_against_a_reversal_by_hand(
    campus: Campus, faculty: Faculty
) -> None:
    activity = approved(campus, faculty, "party_lecture")
    wait_for(lambda: len(lines(campus, activity=activity)) == 2)
    [own] = lines(campus, person=faculty.secretary)
    campus.call(faculty.secretary, "reverse_training", credit=own["_id"], reason="中途离开")
    attendance = [
        {"person": faculty.secretary, "state": "present", "reason": None, "guest": False},
        {"person": faculty.member, "state": "absent", "reason": None, "guest": False},
        {"person": faculty.groupie, "state": "present", "reason": None, "guest": False},
    ]
    campus.application.database["activities"].update_one(
        {"_id": activity}, {"$set": {"attendance": attendance}}
    )
    [event] = [each for each in campus.events("records.activity.approved.v1") if each["subject"] == activity]
    campus.say(event, times=3, exchange="records.events", key="activity.approved")
    wait_for(lambda: len(lines(campus, activity=activity)) == 5)
    for person, credited_ in ((faculty.secretary, 0), (faculty.member, 0), (faculty.groupie, 120)):
        assert campus.call(person, "training_hours")["credited"] == credited_
    assert len(told(campus, REVERSED)) == 2


def test_a_record_amended_to_a_day_that_gives_no_hours_takes_its_credits_back(
    campus: Campus, faculty: Faculty
) -> None:
    activity = approved(campus, faculty, "party_lecture")
    wait_for(lambda: len(lines(campus, activity=activity)) == 2)
    [event] = [each for each in campus.events("records.activity.approved.v1") if each["subject"] == activity]
    moved = {"held_on": "2018-12-31", "revision": 2}
    campus.application.database["activities"].update_one({"_id": activity}, {"$set": moved})
    campus.say(event, times=3, exchange="records.events", key="activity.approved")
    wait_for(lambda: len(told(campus, REVERSED)) == 2)
    assert campus.call(faculty.member, "training_hours")["credited"] == 0
    assert len(lines(campus, activity=activity)) == 4


def test_what_an_amendment_credits_anew_counts_once_though_its_batch_was_cut_off(
    campus: Campus, faculty: Faculty
) -> None:
    activity = approved(campus, faculty, "party_lecture")
    wait_for(lambda: len(lines(campus, activity=activity)) == 2)
    [event] = [each for each in campus.events("records.activity.approved.v1") if each["subject"] == activity]
    amended = {"held_on": "2026-09-09", "revision": 2}
    campus.application.database["activities"].update_one({"_id": activity}, {"$set": amended})
    campus.say(event, exchange="records.events", key="activity.approved")
    wait_for(lambda: len(lines(campus, activity=activity)) == 6)
    # The store or the service died when the new credits were written, and not yet what takes back the old.
    campus.application.database["training_credits"].delete_many({"reverses": {"$ne": None}})
    assert campus.call(faculty.member, "training_hours")["credited"] == 240
    campus.say(event, times=3, exchange="records.events", key="activity.approved")
    wait_for(lambda: len(lines(campus, activity=activity)) == 6)
    hours = campus.call(faculty.member, "training_hours")
    assert (hours["credited"], hours["credits"][0]["on"]) == (120, "2026-09-09")


def test_a_record_amended_while_it_is_followed_leaves_no_credit_of_before(
    campus: Campus, faculty: Faculty, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity = approved(campus, faculty, "party_lecture")
    wait_for(lambda: len(lines(campus, activity=activity)) == 2)
    database, sources = campus.application.database, campus.application.training_sources
    database["training_credits"].delete_many({})
    credits_, create_many = campus.application.training.documents, sources._documents.create_many

    def amended_meanwhile(given: Any) -> set[str]:
        monkeypatch.undo()
        amended = {"held_on": "2026-09-09", "revision": 2}
        database["activities"].update_one({"_id": activity}, {"$set": amended})
        sources.follow([approval])  # as another replica does
        return create_many(given)

    [event] = [each for each in campus.events("records.activity.approved.v1") if each["subject"] == activity]
    approval = from_wire(event)
    monkeypatch.setattr(credits_, "create_many", amended_meanwhile)
    sources.follow([approval])
    hours = campus.call(faculty.member, "training_hours")
    assert (hours["credited"], len(lines(campus, person=faculty.member))) == (120, 3)


def test_what_another_system_reports_is_credited_once(campus: Campus, faculty: Faculty) -> None:
    event = completed(campus, "r-1", minutes=90)
    campus.say(event, times=20)
    campus.say(completed(campus, "r-1", minutes=90))
    campus.say(completed(campus, "r-2", full_days=1, half_days=1))
    wait_for(lambda: len(lines(campus)) == 2)
    wait_for(lambda: campus.call(faculty.member, "training_hours")["credited"] == 90 + 12 * 60)
    assert {each["entered_by"] for each in lines(campus)} == {None}
    assert all("actor" not in each for each in told(campus, CREDITED))
    campus.say(completed(campus, "r-1", "withdrawn"), times=5)
    wait_for(lambda: len(lines(campus)) == 3)
    assert campus.call(faculty.member, "training_hours")["credited"] == 12 * 60
    campus.drain()
    assert campus.rejected == []


def test_what_another_system_says_wrongly_is_answered(campus: Campus, faculty: Faculty) -> None:
    campus.say(completed(campus, "r-1", minutes=90))
    wait_for(lambda: len(lines(campus)) == 1)
    broken = [
        (completed(campus, "r-1", minutes=91), "credit.differs"),
        (completed(campus, "r-2", minutes=0), "credit.nothing"),
        (completed(campus, "r-3", minutes=60, on="2026-09-11"), "credit.in_future"),
        (completed(campus, "r-4", minutes=60, on="2018-09-11"), "credit.no_pack"),
        (completed(campus, "r-5", minutes=-5), "contract_broken"),
        (completed(campus, "r-6", minutes=60, form="activity"), "contract_broken"),
        (completed(campus, "r" * 81, minutes=60), "contract_broken"),
    ]
    for wire, _ in broken:
        campus.say(wire)

    def answered() -> dict[str, str]:
        campus.drain()
        return {each["data"]["event"]: each["data"]["reason"] for each in campus.rejected}

    wait_for(lambda: len(answered()) == len(broken))
    assert answered() == {wire["id"]: reason for wire, reason in broken}
    assert "网络课程" not in str(campus.rejected)
    assert len(lines(campus)) == 1
    wait_for(lambda: len(browse(campus.settings.amqp_uri, "records")) == len(broken))


def test_an_organisations_people_are_shown_with_their_year(campus: Campus, faculty: Faculty) -> None:
    credited(campus, faculty.secretary, faculty.groupie, minutes=60, full_days=0)
    page = campus.call(faculty.secretary, "list_training_hours", organisation=faculty.branch, limit=2)
    assert [each["name"] for each in page["items"]] == ["测试S001", "测试S002"]
    assert [each["credited"] for each in page["items"]] == [0, 60]
    rest = campus.call(
        faculty.dean, "list_training_hours", organisation=faculty.branch, limit=2, cursor=page["next"]
    )
    assert [(each["name"], each["role"]) for each in rest["items"]] == [("测试T002", "leading")]
    assert rest["next"] is None


def test_a_page_of_fifty_lines_is_one_query_of_the_store(campus: Campus, faculty: Faculty) -> None:
    for number in range(60):
        credited(
            campus,
            faculty.secretary,
            faculty.member,
            title=f"第{number}讲",
            on=f"2026-08-{number % 28 + 1:02}",
        )
    with asked(campus, "training_credits") as queries:
        page = campus.call(faculty.member, "list_training", limit=50)
    assert len(page["items"]) == 50
    assert len(queries) == 1
    days = [each["on"] for each in page["items"]]
    assert days == sorted(days, reverse=True)
    rest = campus.call(faculty.member, "list_training", limit=50, cursor=page["next"])
    ids = {each["id"] for each in (*page["items"], *rest["items"])}
    assert (len(ids), rest["next"]) == (60, None)


@pytest.mark.parametrize(
    "wanted",
    [
        {"person": "p", "on": {"$gte": "2025-01-01", "$lte": "2026-12-31"}},
        {"organisation": "o"},
        {"activity": "a"},
    ],
)
def test_every_question_about_credits_uses_an_index(campus: Campus, wanted: dict[str, Any]) -> None:
    found = campus.application.database["training_credits"].find(wanted)
    if "activity" not in wanted:
        found = found.sort([("on", -1), ("_id", -1)])
    plan = str(found.explain()["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan
