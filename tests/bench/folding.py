"""Folding a backlog of approved activities: by the evaluation service, and by hand in batches of 200.

``python -m tests.bench.folding ours|raw AMQP_URI MONGO_URI EVENTS`` prints the events folded a second. Each
is a process of its own, as in life, and finds the same backlog in a quorum queue.
"""

from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

import json
import random
import sys
import uuid
from collections import Counter
from datetime import date, timedelta
from time import monotonic
from typing import Any

import structlog
from kombu import Connection, Consumer, Exchange, Queue
from pymongo import MongoClient, UpdateOne

from services.chassis import envelope
from services.chassis.contract import NewEvent
from services.chassis.retries import EVENTS
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.settings import Settings
from services.chassis.testing import Running, settings_for_tests, wait_for
from services.contracts.records_events import ActivityApproved, OrganisationChanged
from services.evaluation.service import EvaluationService

BRANCHES = 100
BATCH = 200
QUEUE, RAW_QUEUE = "evaluation.evidence", "bench.raw"
KINDS = ("theme_day", "branch_meeting", "party_lecture", "branch_committee")


def main(which: str, amqp_uri: str, mongo_uri: str, events: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    settings = settings_for_tests(amqp_uri, mongo_uri, f"bench{uuid.uuid4().hex[:8]}", "evaluation")
    rate = ours(settings, events) if which == "ours" else raw(settings, events)
    print(f"{rate:.1f}")


def ours(settings: Settings, events: int) -> float:
    """Events a second after the first batch, until everything is on the ledger and acknowledged.

    What a service does once when it starts is not counted, and neither is the batch during which it did.
    """
    with Running(EvaluationService, settings) as running:
        publish(settings, [organisation(number) for number in range(BRANCHES)])
        known = EVENTS.labels("evaluation.authority", "handled")
        wait_for(lambda: known._value.get() == BRANCHES, 300)
        wait_for(lambda: running.container.in_flight == 0, 60)
    publish(settings, backlog(settings, events))
    # Asking the store how far it is would slow it down: what was handled is counted in this process.
    folded = EVENTS.labels(QUEUE, "handled")
    with Running(EvaluationService, settings) as running:
        first = wait_for(folded._value.get, 60)
        began = monotonic()
        wait_for(lambda: folded._value.get() == events, 600)
        wait_for(lambda: running.container.in_flight == 0, 60)
        took = monotonic() - began
        assert running.application.database["evidence"].count_documents({}) == events
        return (events - float(first)) / took


def raw(settings: Settings, events: int) -> float:
    """Events a second: take 200, ``insert_many``, ``bulk_write`` what they touch, acknowledge, again."""
    database: Any = MongoClient(settings.mongo_uri, w="majority")[settings.database_name]
    with Connection(settings.amqp_uri) as connection:
        channel = connection.channel()
        queue = Queue(
            RAW_QUEUE,
            exchange=None,
            durable=True,
            queue_arguments={"x-queue-type": "quorum"},
            channel=channel,
        )
        Exchange("records.events", "topic", durable=True, channel=channel).declare()
        queue.declare()
        queue.bind_to("records.events", routing_key=ActivityApproved.routing_key())
        publish(settings, backlog(settings, events))
        channel.basic_qos(0, 2 * BATCH, False)
        waiting: list[Any] = []
        folded = 0
        began = monotonic()
        with Consumer(channel, [queue], on_message=waiting.append, accept=None):
            while folded < events:
                while len(waiting) < min(BATCH, events - folded):
                    connection.drain_events(timeout=30)
                batch, waiting[:] = waiting[:BATCH], waiting[BATCH:]
                _enter(database, [json.loads(each.body) for each in batch])
                batch[-1].ack(multiple=True)
                folded += len(batch)
        return events / (monotonic() - began)


def _enter(database: Any, events: list[dict[str, Any]]) -> None:
    database["evidence"].insert_many([{"_id": each["id"], **each["data"]} for each in events], ordered=False)
    touched = Counter(each["data"]["organisation"] for each in events)
    database["standings"].bulk_write(
        [
            UpdateOne({"_id": organisation}, {"$inc": {"records": count}}, upsert=True)
            for organisation, count in touched.items()
        ]
    )


def organisation(number: int) -> NewEvent:
    identity = f"branch-{number}"
    return OrganisationChanged.of(
        organisation=identity,
        code=identity,
        name=identity,
        kind="branch",
        parent="root",
        path=["root", identity],
        has_committee=True,
        has_leading_group=False,
        founded_on=date(2015, 1, 1),
        active=True,
    )


def backlog(settings: Settings, events: int) -> list[NewEvent]:
    """A year's records of the branches, in no order: the same on every run of one day."""
    chance = random.Random(1921)
    today = settings.clock().today()
    return [
        ActivityApproved.of(
            activity=f"activity-{number}",
            organisation=f"branch-{chance.randrange(BRANCHES)}",
            kind=chance.choice(KINDS),
            held_on=(held_on := today - timedelta(days=chance.randrange(300))),
            entered_on=held_on + timedelta(days=chance.randrange(1, 12)),
            late=chance.random() < 0.1,
            expected=12,
            present=chance.randrange(8, 13),
            excused=0,
            has_minutes=chance.random() < 0.95,
            decisions=chance.randrange(3),
        )
        for number in range(events)
    ]


def publish(settings: Settings, events: list[NewEvent]) -> None:
    """Put the events on the backbone as records does, each confirmed."""
    publisher = ConfirmedPublisher(settings.amqp_uri)
    clock = settings.clock()
    for start in range(0, len(events), 500):
        outgoing = []
        for number, event in enumerate(events[start : start + 500], start):
            subject = event.data.get("activity") or event.data["organisation"]
            wire = envelope.seal(
                event, subject=subject, sequence=1, clock=clock, actor="p", correlationid=str(number)
            )
            outgoing.append(
                Outgoing(
                    event.contract.exchange(),
                    event.contract.routing_key(),
                    envelope.to_bytes(wire),
                    message_id=wire["id"],
                    content_type=envelope.CONTENT_TYPE,
                )
            )  # fmt: skip
        outcomes = publisher.publish(outgoing)
        assert set(outcomes) == {Outcome.CONFIRMED}
    publisher.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
