"""Chat bots and counters file what was said: once, without a name, or they hear why not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import kombu
import pytest
from structlog.testing import capture_logs

from services.chassis.dead_letters import browse
from services.chassis.identity import derived_id
from services.chassis.retries import EVENTS
from services.chassis.testing import wait_for

CODE = "7F3KQ2M9XPA1B2C3D4E5F6G7H"
DIGEST = hashlib.sha256(CODE.encode()).hexdigest()
SAID = {
    "reference": "bot-1",
    "channel": "wechat",
    "organisation": "branch",
    "category": "service",
    "text": "There are too few chairs.",
    "receipt_digest": DIGEST,
}


@pytest.fixture
def bus(box, vhost: str) -> Iterator[kombu.Connection]:
    confirming = kombu.Connection(vhost, transport_options={"confirm_publish": True})
    with confirming as connection, connection.channel() as channel:
        channel.queue_declare("told-the-bot", durable=True, auto_delete=False)
        channel.queue_bind("told-the-bot", "campus.rejections", "#")
        yield connection


@pytest.fixture
def file(bus: kombu.Connection) -> Callable[..., None]:
    def filed(event: str, **changes: Any) -> None:
        said = {
            "specversion": "1.0",
            "id": event,
            "type": "campus.opinion.filed.v1",
            "source": "campus.bot",
            "subject": "one lane, so that each is done when a later one is",
            "time": "2026-03-10T02:33:44Z",
            "data": {**SAID, **changes},
        }
        bus.Producer().publish(
            json.dumps(said),
            exchange="campus.events",
            routing_key="opinion.filed",
            content_type="application/cloudevents+json",
            content_encoding="utf-8",
        )

    return filed


def measured() -> float:
    """How many filed events were counted as done, ever."""
    outcomes = (EVENTS.labels("feedback.campus", outcome) for outcome in ("handled", "duplicate"))
    return sum(each._value.get() for each in outcomes)


def refused(bus: kombu.Connection, count: int) -> dict[str, str]:
    answers: dict[str, str] = {}
    with bus.SimpleQueue("told-the-bot") as queue:
        for _ in range(count):
            message = queue.get(timeout=60)
            body = json.loads(message.body)["data"]
            answers[body["event"]] = body["reason"]
            message.ack()
    return answers


def test_what_a_bot_files_is_one_opinion_that_its_speaker_follows_by_their_code(box, bus, file):
    before = measured()
    for event in ("event-1", "event-1", "event-2"):
        file(event)
    wait_for(lambda: box.application.opinions.find())
    file("event-3", reference="bot-2", receipt_digest=DIGEST[::-1], text="Another one.")
    wait_for(lambda: len(box.application.opinions.find()) == 2)
    # Filed again under another id it is taken as well, not tried for ever.
    ids = [derived_id("feedback.campus", "campus.bot", f"event-{number}") for number in (1, 2, 3)]
    wait_for(lambda: box.application.database["inbox"].count_documents({"_id": {"$in": ids}}) == 3)
    assert measured() == before, "a counter would tell whoever reads it often when somebody spoke"
    # That it is about a head makes it another: whoever filed it hears that the first one stands.
    file("event-4", about_head=True)
    assert refused(bus, 1) == {"event-4": "opinion_differs"}
    assert box.call(None, "follow_receipt", code=CODE)["state"] == "received"
    box.release()
    found = box.call("secretary", "list_opinions")["items"]
    assert {(each["mode"], each["channel"]) for each in found} == {("anonymous", "wechat")}
    assert "campus.bot" not in str(list(box.application.opinions.collection.find()))


def test_what_cannot_be_taken_is_answered_with_its_reason_and_parked_without_its_instant(
    box, bus, file, vhost
):
    before = [EVENTS.labels("feedback.campus", "parked")._value.get()]
    with capture_logs() as lines:
        file("no-category", category="weather")
        wait_for(lambda: browse(vhost, "feedback"))
    assert [each for each in lines if each.get("queue") == "feedback.campus"] == []
    file("too-long", text="椅" * 2001)
    file("no-channel", channel="telegraph")
    assert refused(bus, 3) == {
        "no-category": "opinion.category_unknown",
        "too-long": "contract_broken",
        "no-channel": "contract_broken",
    }
    assert box.application.opinions.find() == []
    assert [EVENTS.labels("feedback.campus", "parked")._value.get()] == before
    letters = wait_for(lambda: found if len(found := browse(vhost, "feedback")) == 3 else None)
    assert {(each.first_failed_at, each.parked_at) for each in letters} == {("2026-03-10", "2026-03-10")}
