"""What other systems say of people: applied once in any order, or answered and parked."""

from __future__ import annotations

import random
from typing import Any

import pytest

from services.chassis.dead_letters import browse
from services.chassis.retries import EVENTS
from services.chassis.testing import wait_for
from tests.component.records.surroundings import Campus, Faculty


def person(campus: Campus, number: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = campus.application.database["people"].find_one({"number": number})
    return found


def rejections(campus: Campus, count: int) -> list[dict[str, Any]]:
    def arrived() -> bool:
        campus.drain()
        return len(campus.rejected) >= count

    wait_for(arrived)
    return campus.rejected


def test_a_person_is_entered_and_changed_by_the_campus(campus: Campus, faculty: Faculty) -> None:
    campus.say(
        campus.upsert(number="N1", name="新人", organisation_code="B1", phone="13700001111", _sequence=1)
    )
    wait_for(lambda: person(campus, "N1"))
    campus.say(campus.upsert(number="N1", political_status="activist", _sequence=2))
    wait_for(lambda: (person(campus, "N1") or {})["political_status"] == "activist")
    heard = [each for each in campus.events("records.person.changed.v1") if "campus" not in each["source"]]
    last = [each for each in heard if each["data"]["political_status"] == "activist"][-1]
    assert last["data"]["organisation"] == faculty.branch
    assert last["data"]["phone_sealed"].startswith("v1.")
    assert "13700001111" not in str(campus.heard)
    assert "actor" not in last


def test_the_same_event_a_hundred_times_has_one_effect(campus: Campus, faculty: Faculty) -> None:
    campus.settled()
    event = campus.upsert(number="S001", political_status="probationary", _sequence=7)
    campus.say(event, times=100)
    campus.say(campus.upsert(number="S001", name="最后一个", _sequence=8))
    wait_for(lambda: (person(campus, "S001") or {})["name"] == "最后一个")
    told = [
        each
        for each in campus.events("records.person.changed.v1")
        if each["data"]["person"] == faculty.member
    ]
    assert [each["sequence"] for each in told] == [1, 2, 3]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_arrival_does_not_matter(campus: Campus, faculty: Faculty, seed: int) -> None:
    chance = random.Random(seed)
    said = [
        campus.upsert(number="S001", phone=f"1390000{number:04}", _sequence=number) for number in range(1, 16)
    ]
    said += [
        campus.upsert(
            number="S001", organisation_code=chance.choice(["B1", "B2"]), name=f"第{number}", _sequence=number
        )
        for number in range(16, 31)
    ]
    home = {"B1": faculty.branch, "B2": faculty.neighbour}[said[-1]["data"]["organisation_code"]]
    shuffled = [*said, *said]
    chance.shuffle(shuffled)
    for each in shuffled:
        campus.say(each)

    def as_last_said() -> bool:
        found = person(campus, "S001") or {}
        return {name: words[0]["stamp"][0] for name, words in found.get("words", {}).items()} == {
            "phone": 15,
            "name": 30,
            "organisation": 30,
        }

    wait_for(as_last_said)
    found = person(campus, "S001") or {}
    assert (found["name"], found["organisation"]) == ("第30", home)
    assert campus.application.vault.open("phone", found["phone_sealed"]) == "13900000015"


def test_a_second_system_is_heard_though_it_counts_for_itself(campus: Campus, faculty: Faculty) -> None:
    campus.say(campus.upsert(number="S001", name="人事处", _sequence=900, _time="2026-09-01T08:00:00Z"))
    wait_for(lambda: (person(campus, "S001") or {})["name"] == "人事处")
    later = campus.upsert(number="S001", name="学工处", phone="13700001111", _time="2026-09-02T08:00:00Z")
    campus.say({**later, "source": "/campus/students", "sequence": 3})
    wait_for(lambda: (person(campus, "S001") or {})["name"] == "学工处")
    shown = campus.call(faculty.secretary, "get_person", person=faculty.member)
    assert shown["phone"] == "137****1111"
    assert "words" not in shown
    assert "13700001111" not in str(person(campus, "S001"))


def test_a_word_from_the_future_is_refused_and_outdoes_nothing(campus: Campus, faculty: Faculty) -> None:
    campus.say(campus.upsert(number="S001", name="明年", _time="2027-01-01T00:00:00Z"))
    assert [each["data"]["reason"] for each in rejections(campus, 1)] == ["time_in_future"]
    campus.say(campus.upsert(number="S001", name="今天", _time="2026-09-10T04:30:00Z"))
    wait_for(lambda: (person(campus, "S001") or {})["name"] == "今天")


def test_what_cannot_be_taken_over_is_answered_and_parked(campus: Campus, faculty: Faculty) -> None:
    broken = [
        (campus.upsert(number="N1", name="某", organisation_code="B404"), "unknown_organisation"),
        (campus.upsert(number="S001", phone="not a phone"), "contract_broken"),
        (campus.upsert(name="没有学号"), "contract_broken"),
        ({**campus.upsert(number="S001"), "type": "campus.weather.changed.v1"}, "unknown_type"),
        ({**campus.upsert(number="S001"), "time": "yesterday"}, "not_an_event"),
        ({"hello": "world"}, "not_an_event"),
    ]
    for wire, _ in broken:
        campus.say(wire)
    for body in (b"\xff\xfe not json", b"[1, 2]", b"{" * 10_000):
        campus.say(body)
    reasons = sorted(each["data"]["reason"] for each in rejections(campus, 9))
    assert reasons == sorted([*(reason for _, reason in broken), "not_json", "not_json", "not_an_event"])
    answered = {each["data"]["event"]: each for each in campus.rejected}
    assert broken[0][0]["id"] in answered
    assert "not a phone" not in str(campus.rejected)
    parked = wait_for(
        lambda: found if len(found := browse(campus.settings.amqp_uri, "records")) == 9 else None
    )
    assert parked is not None
    assert {each.consumer for each in parked} == {"records.campus"}
    assert person(campus, "N1") is None


def test_what_another_service_reads_is_that_ones_to_answer(campus: Campus, faculty: Faculty) -> None:
    """Each of two services refused, as not subscribed, what the other had taken."""
    filed = {**campus.upsert(number="S001"), "type": "campus.opinion.filed.v1"}
    broken = campus.upsert(number="S001", phone="not a phone")
    campus.say(filed, key="opinion.filed")
    campus.say(broken)
    assert [each["data"]["event"] for each in rejections(campus, 1)] == [broken["id"]]
    parked = wait_for(lambda: browse(campus.settings.amqp_uri, "records"))
    assert parked is not None
    assert [each.type for each in parked] == ["campus.person.upserted.v1"]


def test_a_sender_knows_its_own_among_the_refused(campus: Campus, faculty: Faculty) -> None:
    sent = {**campus.upsert(number="S001", phone="x"), "source": "/campus/students"}
    campus.say(sent)
    campus.say(b"no event at all", message_id="student-system-17")
    campus.say(b"nor this")
    told = [each["data"] for each in rejections(campus, 3)]
    [known] = [each for each in told if each["event"] == sent["id"]]
    assert known["event_source"] == "/campus/students"
    garbage = [each for each in told if each["reason"] == "not_json"]
    assert sorted(each.get("message_id", "") for each in garbage) == ["", "student-system-17"]
    assert all("event_source" not in each for each in garbage)


def test_an_event_answered_once_is_not_answered_a_hundred_times(campus: Campus, faculty: Faculty) -> None:
    parked = EVENTS.labels("records.campus", "parked")
    before = parked._value.get()
    campus.say(campus.upsert(number="N1", name="某", organisation_code="B404"), times=100)
    wait_for(lambda: parked._value.get() == before + 100)
    wait_for(lambda: len(browse(campus.settings.amqp_uri, "records")) == 100)
    campus.settled()
    assert len(rejections(campus, 1)) == 1


def test_who_leaves_loses_every_post(campus: Campus, faculty: Faculty) -> None:
    campus.say(campus.upsert(number="T002", active=False, _sequence=1))
    wait_for(lambda: not (person(campus, "T002") or {})["active"])
    posts = campus.application.database["posts"]
    assert posts.count_documents({"person": faculty.secretary, "active": True}) == 0
