"""After anonymous entries nothing anywhere tells who spoke, or when."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import structlog
from amqp import Connection
from bson import ObjectId
from kombu.utils.url import parse_url

from services.chassis.testing import wait_for

ADDRESS = "203.0.113.77"
INSTANTS = re.compile(r"\d\d:\d\d:\d\d")
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Feed:
    """Every event that leaves the service, as a stranger with a queue of their own sees it."""

    def __init__(self, amqp_uri: str) -> None:
        at = parse_url(amqp_uri)
        self._connection = Connection(
            f"{at['hostname']}:{at['port']}", at["userid"], at["password"], virtual_host=at["virtual_host"]
        )
        self._connection.connect()
        self._channel = self._connection.channel()
        self._queue = self._channel.queue_declare("", exclusive=True).queue
        self._channel.queue_bind(self._queue, "feedback.events", "#")
        self.messages: list[dict[str, Any]] = []

    def read(self) -> list[dict[str, Any]]:
        while (message := self._channel.basic_get(self._queue, no_ack=True)) is not None:
            body = message.body if isinstance(message.body, str) else message.body.decode()
            self.messages.append({"body": json.loads(body), "properties": message.properties})
        return self.messages

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def feed(box, vhost: str) -> Iterator[Feed]:
    feed = Feed(vhost)
    yield feed
    feed.close()


def values(of: Any) -> Iterator[Any]:
    """Every value within, keys of mappings included."""
    if isinstance(of, dict):
        for name, value in of.items():
            yield name
            yield from values(value)
    elif isinstance(of, (list, tuple)):
        for value in of:
            yield from values(value)
    else:
        yield of


def tells_a_time(value: Any, day_starts: datetime) -> bool:
    """Whether ``value`` holds an instant other than the begin of the campus day, or an id made of one."""
    if isinstance(value, ObjectId):
        return True
    if isinstance(value, datetime):
        return value != day_starts
    if isinstance(value, (int, float)):
        return value > 1_000_000_000
    if isinstance(value, str):
        instants = INSTANTS.findall(value)
        return any(UUID(each).version in {1, 6, 7} for each in UUIDS.findall(value)) or (
            bool(instants) and value != day_starts.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        )
    return False


def everything_kept(box) -> dict[str, list[Any]]:
    database = box.application.database
    return {name: list(database[name].find()) for name in database.list_collection_names()}


def test_nothing_kept_published_or_logged_tells_who_spoke_or_when(box, feed, caplog):
    caplog.set_level(logging.DEBUG)
    token = box.token("person-4711")
    told = ["person-4711", token, ADDRESS, "correlation-of", "4bf92f3577b34da6", "key-of-a"]

    with structlog.testing.capture_logs() as lines:
        receipts = []
        first, second = box.ticket(), box.ticket()
        before = everything_kept(box)
        for text, ticket in (("First.", first), ("Second.", second), ("Second.", second)):
            # A gateway that forwards what it must not: the service forgets it all the same.
            receipts.append(
                box.client.call(
                    "feedback.submit_anonymous_opinion",
                    {"organisation": "branch", "category": "conduct", "text": text, "ticket": ticket},
                    authorization=f"Bearer {token}",
                    idempotency_key=f"key-of-a-{text}",
                    correlationid=f"correlation-of-person-4711-at-{ADDRESS}",
                    traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                    timeout=60,
                )["receipt"]
            )
            box.clock.advance(timedelta(minutes=7))
        box.release()
        wait_for(lambda: len(feed.read()) == 2)
        for receipt in receipts:
            box.call(None, "follow_receipt", code=receipt)
        wait_for(lambda: box.application.opinions.collection.count_documents({"pending": {"$ne": None}}) == 0)

    told += [each["message"] for each in (first, second)] + [each["signature"] for each in (first, second)]
    told += receipts + [receipt.replace("-", "") for receipt in receipts]
    midnight = datetime.fromisoformat("2026-03-09T16:00:00+00:00")
    kept = everything_kept(box)
    added = {
        name: [each for each in documents if each not in before.get(name, [])]
        for name, documents in kept.items()
        if name not in {"leases", "schedules"}  # turned by the clock, whether somebody speaks or not
    }
    assert len(added.pop("opinions")) == 2
    # After the release its events are counted, as whoever listens to them could count: by the day alone.
    counted = {name: added.pop(name, []) for name in ("trend_entries", "trend_cells")}
    assert not {"text", "author", "speaker"} & set(values(counted))
    for name in ("inbox", "inbox_sequences"):
        added.pop(name, None)
    assert not any(added.values()), "an anonymous entry leaves its opinion and nothing else"

    for place, found in (
        ("store", kept["opinions"]),
        ("trends", counted),
        ("events", feed.messages),
        ("logs", lines),
    ):
        for value in values(found):
            assert not tells_a_time(value, midnight), f"{place}: {value}"
            assert not any(secret in str(value) for secret in told), f"{place}: {value}"
    assert lines == [], "a line of its own would tell when"
    assert not any(secret in record.getMessage() for record in caplog.records for secret in told)
    assert not any("actor" in each["body"] for each in feed.messages)


def test_what_handlers_do_with_an_anonymous_opinion_names_no_actor_either(box, feed):
    box.say(None)
    box.release()
    box.call("secretary", "decline_opinion", opinion=box.only_opinion(), reason="Ordered last week.")
    wait_for(lambda: len(feed.read()) == 2)
    declined = feed.messages[1]["body"]
    assert declined["type"] == "feedback.opinion.declined.v1"
    assert {"actor", "correlationid", "causationid", "traceparent"}.isdisjoint(declined)
    assert declined["time"] == "2026-03-09T16:00:00.000Z"


def test_events_of_a_named_opinion_carry_no_text(box, feed):
    said = box.say(text="These words stay where they were said.")
    measure = box.answer(said["id"])
    box.publish(measure["id"], text="These as well, but for the list.")
    wait_for(lambda: len(feed.read()) == 5)
    assert sorted(each["body"]["type"] for each in feed.messages) == [
        "feedback.measure.planned.v1",
        "feedback.opinion.adopted.v1",
        "feedback.opinion.received.v1",
        "feedback.result.handed_in.v1",
        "feedback.result.published.v1",
    ]
    assert "These" not in json.dumps([each["body"] for each in feed.messages])
