"""Parked messages: seen without being touched, sent back to one consumer, dropped only on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.chassis import broker as topology
from services.chassis import dead_letters
from services.chassis.consuming import Subscription
from services.chassis.deliveries import Delivery
from services.chassis.errors import NotFound, Unavailable
from services.chassis.link import Link
from services.chassis.publishing import ConfirmedPublisher, Outgoing
from services.chassis.retries import CONSUMER, LETTER, PARKED_AT, Fate
from services.chassis.testing import wait_for

QUEUE = "evaluation.evidence"


@pytest.fixture
def channel(vhost) -> Iterator[Any]:
    connection = topology.connect(vhost)
    channel = connection.channel()
    channel.auto_decode = False
    topology.declare_shared(channel)
    topology.declare_service(channel, "evaluation")
    topology.declare_consumer(channel, QUEUE, [("records.events", "#")])
    yield channel
    connection.close()


@pytest.fixture
def parked(vhost, settings, channel) -> list[bytes]:
    """Five messages that a consumer has parked."""
    bodies = [b"\xff%d" % number for number in range(5)]
    for body in bodies:
        channel.basic_publish(
            channel.prepare_message(body, headers={"theirs": "kept"}), "records.events", "activity.planned"
        )
    publisher = ConfirmedPublisher(vhost)
    fate = Fate("evaluation", publisher, settings.clock())
    link = Link(vhost, name="test")
    received: list[Delivery] = []
    subscription = Subscription(QUEUE, prefetch=10, declare=lambda _: None, deliver=received.append)
    subscription.attach(link)
    link.start()
    wait_for(lambda: len(received) == 5)
    for delivery in received:
        fate.park(delivery, QUEUE, "contract_broken", "['kind']", "00-1-2-01")
    link.close()
    publisher.close()
    return bodies


def _depth(channel: Any, queue: str) -> int | None:
    return topology.depth(channel, queue)


def test_looking_shows_why_and_where_and_takes_nothing(vhost, parked, channel):
    for _ in range(2):
        letters = dead_letters.browse(vhost, "evaluation")
        assert [each.body for each in letters] == parked
        assert _depth(channel, "evaluation.dead-letters") == 5, "whoever looks next sees all of them"
    letter = letters[0]
    assert (letter.reason, letter.detail, letter.consumer) == ("contract_broken", "['kind']", QUEUE)
    assert (letter.exchange, letter.routing_key) == ("records.events", "activity.planned")
    assert (letter.attempts, letter.traceparent) == (1, "00-1-2-01")
    assert letter.first_failed_at
    assert letter.parked_at
    assert dead_letters.show(vhost, "evaluation", letters[3].id) == letters[3]


def test_every_look_and_every_replay_is_in_the_order_of_parking(vhost, channel):
    # The broker gives back what a look held in any order; of a few messages that does not show.
    bodies = [b"%d" % number for number in range(40)]
    publisher = ConfirmedPublisher(vhost)
    for number, body in enumerate(bodies):
        headers = {LETTER: f"l{number % 2}{number:02}", PARKED_AT: f"2026-03-10T04:{number // 2:02}:00.000Z"}
        headers[CONSUMER] = QUEUE
        publisher.publish([Outgoing(topology.DEAD_LETTERS, "evaluation", body, headers)])
    publisher.close()
    for _ in range(3):
        assert _depth(channel, "evaluation.dead-letters") == 40
        assert [each.body for each in dead_letters.browse(vhost, "evaluation", most=30)] == bodies[:30]
    assert dead_letters.replay(vhost, "evaluation") == 40
    assert [channel.basic_get(QUEUE, no_ack=True).body for _ in bodies] == bodies


def test_a_replayed_letter_reaches_its_consumer_with_new_attempts(vhost, parked, channel):
    letter = dead_letters.browse(vhost, "evaluation")[2]
    assert dead_letters.replay(vhost, "evaluation", letter.id) == 1
    message = channel.basic_get(QUEUE, no_ack=True)
    assert message.body == parked[2]
    assert message.headers["theirs"] == "kept"
    assert not [name for name in message.headers if name in dead_letters._OURS]
    assert [each.body for each in dead_letters.browse(vhost, "evaluation")] == parked[:2] + parked[3:]


def test_all_letters_can_be_replayed_at_once(vhost, parked, channel):
    assert dead_letters.replay(vhost, "evaluation") == 5
    assert _depth(channel, QUEUE) == 5
    assert dead_letters.browse(vhost, "evaluation") == []


def test_a_dropped_letter_is_gone_and_the_others_stay(vhost, parked):
    letter = dead_letters.browse(vhost, "evaluation")[1]
    dead_letters.drop(vhost, "evaluation", letter.id)
    assert [each.body for each in dead_letters.browse(vhost, "evaluation")] == parked[:1] + parked[2:]


def test_a_letter_whose_consumer_is_gone_stays_parked(vhost, parked, channel):
    channel.queue_delete(QUEUE)
    letter = dead_letters.browse(vhost, "evaluation")[0]
    with pytest.raises(Unavailable):
        dead_letters.replay(vhost, "evaluation", letter.id)
    assert len(dead_letters.browse(vhost, "evaluation")) == 5


def test_what_no_queue_took_is_seen_and_sent_to_those_it_concerns_now(vhost, channel):
    publisher = ConfirmedPublisher(vhost)
    publisher.publish(
        [
            # The stranger names a consumer: it is for nobody to choose another service's queue.
            Outgoing("campus.events", "person.upserted", b"1", {CONSUMER: QUEUE}, "e1"),
            Outgoing(topology.RETURN, "records.gone", b"2", message_id="e2"),
        ]
    )
    publisher.close()
    wait_for(lambda: _depth(channel, topology.UNROUTED) == 2)
    letters = dead_letters.browse(vhost, dead_letters.UNROUTED)
    assert [(each.id, each.reason, each.consumer) for each in letters] == [
        ("e1", "unrouted", ""),
        ("e2", "unrouted", "records.gone"),
    ]
    topology.declare_consumer(channel, "records.campus", [("campus.events", "#")])
    wait_for(lambda: _depth(channel, topology.UNROUTED) == 2)
    assert dead_letters.replay(vhost, dead_letters.UNROUTED, "e1") == 1
    assert (_depth(channel, "records.campus"), _depth(channel, QUEUE)) == (1, 0)
    wait_for(lambda: _depth(channel, topology.UNROUTED) == 1)
    with pytest.raises(Unavailable):
        dead_letters.replay(vhost, dead_letters.UNROUTED, "e2")
    wait_for(lambda: _depth(channel, topology.UNROUTED) == 1)
    dead_letters.drop(vhost, dead_letters.UNROUTED, "e2")


def test_an_unknown_letter_is_not_found(vhost, parked):
    for act in (dead_letters.replay, dead_letters.drop, dead_letters.show):
        with pytest.raises(NotFound):
            act(vhost, "evaluation", "no-such-letter")


def test_a_service_without_dead_letters_has_none(vhost):
    assert dead_letters.browse(vhost, "feedback") == []


def test_a_dead_broker_is_told():
    with pytest.raises(Unavailable):
        dead_letters.browse("amqp://jishi:x@127.0.0.1:9/none", "evaluation")
