"""One connection: a silent broker is noticed, a closed channel ends it, a goodbye loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import eventlet
import pytest

from services.chassis import broker as topology
from services.chassis.consuming import Subscription
from services.chassis.deliveries import Delivery
from services.chassis.link import Link, LinkLost
from services.chassis.testing import wait_for


class Wire:
    """A TCP relay to the broker that can stop passing anything on, as a cut cable does."""

    def __init__(self, amqp_uri: str) -> None:
        parts = urlsplit(amqp_uri)
        self._broker = (parts.hostname, parts.port)
        self._listener = eventlet.listen(("127.0.0.1", 0))
        self.uri = amqp_uri.replace(f":{parts.port}/", f":{self._listener.getsockname()[1]}/")
        self.cut = False
        self._threads = [eventlet.spawn(self._accept)]

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            far = eventlet.connect(self._broker)
            self._threads += [eventlet.spawn(self._pass, near, far), eventlet.spawn(self._pass, far, near)]

    def _pass(self, source: Any, target: Any) -> None:
        while chunk := source.recv(65536):
            if not self.cut:
                target.sendall(chunk)

    def close(self) -> None:
        for thread in self._threads:
            thread.kill()
        self._listener.close()


@pytest.fixture
def wire(vhost) -> Iterator[Wire]:
    wire = Wire(vhost)
    yield wire
    wire.close()


def test_a_silent_broker_is_noticed_by_its_missing_heartbeats(wire):
    lost: list[BaseException] = []
    link = Link(wire.uri, name="test", heartbeat=1)
    link.channel()
    link.start(lost.append)
    wire.cut = True
    wait_for(lambda: lost)
    assert not link.alive
    with pytest.raises(LinkLost):
        link.write(lambda: None)


def test_an_idle_connection_is_kept_by_its_heartbeats(vhost, broker):
    link = Link(vhost, name="test", heartbeat=2)
    link.channel()
    link.start()
    until = monotonic() + 7  # the broker gives up after two intervals without a sign
    wait_for(lambda: monotonic() > until or not link.alive)
    assert link.alive
    link.close()


def test_a_call_to_the_broker_that_is_not_answered_ends_with_the_link(wire):
    link = Link(wire.uri, name="test", heartbeat=1)
    channel = link.channel()
    link.start()
    wire.cut = True
    with pytest.raises(Exception, match="ended"), eventlet.Timeout(60):
        channel.queue_declare("never.answered")


def test_a_channel_that_the_broker_closes_ends_the_link_instead_of_hanging_it(vhost):
    lost: list[BaseException] = []
    link = Link(vhost, name="test")
    channel = link.channel()
    link.start(lost.append)
    with pytest.raises(Exception, match="ended"), eventlet.Timeout(60):
        channel.queue_declare("no.such.queue", passive=True)
    wait_for(lambda: lost)
    assert "NOT_FOUND" in str(lost[0])


def test_synchronous_calls_work_while_the_reader_runs(vhost):
    link = Link(vhost, name="test")
    channel = link.channel()
    link.start()
    assert channel.queue_declare("test.queue", exclusive=True).queue == "test.queue"
    link.close()
    assert not link.alive


def test_draining_loses_no_acknowledgement_of_many_at_once(vhost):
    connection = topology.connect(vhost)
    channel = connection.channel()
    topology.declare_queue(channel, "test.kept")
    for _ in range(200):
        channel.basic_publish(channel.prepare_message(b"x"), "", "test.kept")
    wait_for(lambda: topology.depth(channel, "test.kept") == 200)
    received: list[Delivery] = []
    subscription = Subscription("test.kept", prefetch=200, declare=lambda _: None, deliver=received.append)
    link = Link(vhost, name="test")
    subscription.attach(link)
    link.start()
    wait_for(lambda: len(received) == 200)
    for delivery in received:
        delivery.ack()
    subscription.drain()
    link.close()
    assert topology.depth(channel, "test.kept") == 0
    connection.close()


def test_two_replicas_that_drain_together_lose_no_acknowledgement(vhost):
    connection = topology.connect(vhost)
    channel = connection.channel()
    topology.declare_queue(channel, "test.kept")
    for _ in range(300):
        channel.basic_publish(channel.prepare_message(b"x"), "", "test.kept")

    received: list[Delivery] = []
    replicas = []
    for _ in range(2):
        replica = Subscription("test.kept", prefetch=150, declare=lambda _: None, deliver=received.append)
        link = Link(vhost, name="test")
        replica.attach(link)
        link.start()
        replicas.append((replica, link))
    wait_for(lambda: len(received) == 300)

    def leave(replica: Subscription, link: Link) -> None:
        replica.drain()
        link.close()

    for delivery in received:
        delivery.ack()
    for leaving in [eventlet.spawn(leave, *each) for each in replicas]:
        leaving.wait()
    assert topology.depth(channel, "test.kept") == 0
    connection.close()


def test_who_drains_what_is_drained_already_waits_and_breaks_nothing(vhost):
    connection = topology.connect(vhost)
    topology.declare_queue(connection.channel(), "test.kept")
    subscription = Subscription("test.kept", prefetch=10, declare=lambda _: None, deliver=lambda _: None)
    lost: list[BaseException] = []
    link = Link(vhost, name="test")
    subscription.attach(link)
    link.start(lost.append)
    with eventlet.Timeout(60):
        for draining in [eventlet.spawn(subscription.drain) for _ in range(5)]:
            draining.wait()
    assert link.alive
    assert not subscription.attached
    assert lost == []
    link.close()
    connection.close()


def test_what_a_consumer_received_before_it_left_is_never_delivered_again(vhost):
    connection = topology.connect(vhost)
    channel = connection.channel()
    topology.declare_queue(channel, "test.kept")
    published: list[bytes] = []
    received: list[bytes] = []
    leaving = False

    def publish() -> None:
        while not leaving:
            published.append(str(len(published)).encode())
            channel.basic_publish(channel.prepare_message(published[-1]), "", "test.kept")
            eventlet.sleep(0)

    def handle(delivery: Delivery) -> None:
        received.append(delivery.body)
        delivery.ack()

    publisher = eventlet.spawn(publish)
    for turn in range(5):
        came = len(received)
        subscription = Subscription("test.kept", prefetch=50, declare=lambda _: None, deliver=handle)
        link = Link(vhost, name="test")
        subscription.attach(link)
        link.start()
        wait_for(lambda came=came: len(received) > came + 50)
        if turn == 4:  # the last takes all that the others left
            leaving = True
            publisher.wait()
            wait_for(lambda: len(set(received)) == len(published))
        subscription.drain()
        link.close()
    assert len(received) == len(set(received))
    connection.close()


def test_no_heartbeat_comes_between_what_is_written_together(vhost):
    link = Link(vhost, name="test")
    channel = link.channel()
    written: list[str] = []
    send = link._send

    def slowly(frames: bytes) -> None:
        written.append("begins")
        eventlet.sleep(0.05)
        send(frames)
        written.append("ends")

    link._send = slowly
    both = [
        eventlet.spawn(
            link.write_together,
            lambda: [channel.basic_publish(channel.prepare_message(b"x"), "", "nowhere") for _ in range(3)],
            60.0,
        ),
        eventlet.spawn(link.connection.send_heartbeat),
    ]
    for each in both:
        each.wait()
    assert written == ["begins", "ends", "begins", "ends"]
    link._send = send
    link.close()
