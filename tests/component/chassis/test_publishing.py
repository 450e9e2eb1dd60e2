"""Publishing: what is confirmed is there, what is not is said, and nobody waits longer than allowed."""

from __future__ import annotations

from time import monotonic

import eventlet
import pytest

from deploy.local.broker import Broker
from services.chassis import broker as topology
from services.chassis.errors import Unavailable
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.testing import wait_for


@pytest.fixture
def publisher(vhost: str):
    publisher = ConfirmedPublisher(vhost)
    yield publisher
    publisher.close()


@pytest.fixture
def channel(vhost: str):
    connection = topology.connect(vhost)
    channel = connection.channel()
    topology.declare_shared(channel)
    yield channel
    connection.close()


def _event(number: int, exchange: str = "records.events") -> Outgoing:
    return Outgoing(exchange, "activity.approved", b"%d" % number, {"n": number}, f"id-{number}")


def _taken(channel, queue: str) -> list[bytes]:
    found = []
    while (message := channel.basic_get(queue, no_ack=True)) is not None:
        found.append(bytes(message.body))
    return found


def test_confirmed_messages_are_in_the_queue_in_their_order(publisher, channel):
    topology.declare_consumer(channel, "evaluation.evidence", [("records.events", "activity.approved")])
    outcomes = publisher.publish([_event(n) for n in range(500)])
    assert outcomes == [Outcome.CONFIRMED] * 500
    assert _taken(channel, "evaluation.evidence") == [b"%d" % n for n in range(500)]


def test_a_message_that_is_published_survives_the_broker_as_persistent(publisher, channel):
    topology.declare_consumer(channel, "evaluation.evidence", [("records.events", "#")])
    publisher.publish([Outgoing("records.events", "a.b", b"x", message_id="m", content_type="text/plain")])
    message = channel.basic_get("evaluation.evidence", no_ack=True)
    assert message.properties["delivery_mode"] == 2
    assert message.properties["message_id"] == "m"
    assert message.properties["content_type"] == "text/plain"


def test_an_unroutable_message_is_returned_and_its_neighbours_are_confirmed(publisher, channel):
    topology.declare_consumer(channel, "evaluation.evidence", [("records.events", "#")])
    nowhere = Outgoing(topology.DEAD_LETTERS, "nobody.here", b"lost?", message_id="lost")
    without_id = Outgoing(topology.DEAD_LETTERS, "nobody.here", b"lost?")
    outcomes = publisher.publish([_event(1), nowhere, _event(2), without_id])
    assert outcomes == [Outcome.CONFIRMED, Outcome.RETURNED, Outcome.CONFIRMED, Outcome.RETURNED]


def test_an_event_that_nobody_subscribed_to_is_kept_as_unrouted(publisher, channel):
    topology.declare_service(channel, "records")
    assert publisher.publish([_event(7)]) == [Outcome.CONFIRMED]
    assert _taken(channel, topology.UNROUTED) == [b"7"]


def test_an_exchange_that_is_not_there_yet_is_made(publisher, channel):
    assert publisher.publish([_event(1, "feedback.events")]) == [Outcome.CONFIRMED]


def test_many_greenthreads_share_one_publisher(publisher, channel):
    topology.declare_consumer(channel, "evaluation.evidence", [("records.events", "#")])
    pool = eventlet.GreenPool()
    results = list(pool.imap(lambda n: publisher.publish([_event(n), _event(n + 1000)]), range(100)))
    assert results == [[Outcome.CONFIRMED] * 2] * 100
    assert len(_taken(channel, "evaluation.evidence")) == 200


def test_a_dead_broker_is_told_within_the_deadline():
    publisher = ConfirmedPublisher("amqp://jishi:x@127.0.0.1:9/none")
    started = monotonic()
    with pytest.raises(Unavailable):
        publisher.publish([_event(1)], monotonic() + 1.0)
    assert monotonic() - started < 10


def test_a_broker_that_accepts_and_says_nothing_is_told_within_the_deadline():
    silent = eventlet.listen(("127.0.0.1", 0))
    publisher = ConfirmedPublisher(f"amqp://jishi:x@127.0.0.1:{silent.getsockname()[1]}/none")
    started = monotonic()
    with pytest.raises(Unavailable):
        publisher.publish([_event(1)], monotonic() + 0.5)
    assert monotonic() - started < 10


def test_a_lost_connection_is_made_anew(publisher, channel, broker: Broker):
    topology.declare_consumer(channel, "evaluation.evidence", [("records.events", "#")])
    assert publisher.publish([_event(1)]) == [Outcome.CONFIRMED]
    publisher._line.link.connection.transport.sock.shutdown(2)
    wait_for(lambda: not publisher._line.link.alive)
    assert publisher.publish([_event(2)]) == [Outcome.CONFIRMED]


def test_messages_on_their_way_when_the_connection_breaks_are_not_called_confirmed(publisher, channel):
    topology.declare_consumer(channel, "evaluation.evidence", [("records.events", "#")])
    publisher.publish([_event(1)])
    link = publisher._line.link
    calls = eventlet.spawn(publisher.publish, [_event(n) for n in range(2000)])
    eventlet.sleep(0)
    link.fail(ConnectionResetError("cut"))
    try:
        outcomes = calls.wait()
    except Unavailable:
        return
    there = len(_taken(channel, "evaluation.evidence"))
    assert outcomes.count(Outcome.CONFIRMED) <= there
