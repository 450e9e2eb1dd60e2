"""A broker that is killed, comes back, or runs out of memory: nobody hangs, nothing is lost or doubled."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import eventlet
import pytest
from amqp import Message
from marshmallow import Schema

from deploy.local.broker import Broker, server_script
from services.chassis import broker as topology
from services.chassis import subscriptions
from services.chassis.application import Application
from services.chassis.container import ChassisContainer
from services.chassis.envelope import seal, to_bytes
from services.chassis.errors import Unavailable
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.rpc import rpc
from services.chassis.rpc_client import RpcClient
from services.chassis.subscribe import subscribe
from services.chassis.testing import settings_for_tests, wait_for
from services.chassis.transactions import session
from services.contracts.records_events import ActivityPlanned


class Ledger(Application):
    migrates = False

    def compose(self) -> None:
        self.database["effects"].create_index("event")


class EvaluationService:
    name = "evaluation"
    ledger = Ledger()

    @subscribe(ActivityPlanned, queue="evaluation.evidence")
    def fold(self, event):
        self.ledger.database["effects"].insert_one({"event": event.id}, session=session())

    @rpc(request=Schema, public=True)
    def ping(self, request):
        return {"well": True}


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory) -> Iterator[Broker]:
    """A broker of this module's own: it is killed."""
    broker = Broker(tmp_path_factory.mktemp("broker"))
    broker.start()
    broker.wait_ready(240)
    broker.apply_policies()
    connection = topology.connect(broker.amqp_uri())
    channel = connection.channel()
    subscriptions.declare(channel, "evaluation")
    topology.declare_consumer(channel, "evaluation.evidence", [("records.events", "activity.planned")])
    topology.declare_queue(channel, "rpc.evaluation", quorum=False)
    connection.close()
    # RabbitMQ 3.10 notes new quorum queues half a second later; killed before, such a queue stays dead.
    declared = time.time()
    [noted] = broker.folder.glob("mnesia/*/quorum/*/names.dets")
    wait_for(lambda: noted.stat().st_mtime > declared)
    yield broker
    broker.kill()


@pytest.fixture
def container(own_broker, store, database_prefix) -> Iterator[ChassisContainer]:
    settings = settings_for_tests(own_broker.amqp_uri(), store.uri, database_prefix, "evaluation")
    container = ChassisContainer(EvaluationService, {"settings": settings, "RETRY_SCALE": 0.01})
    container.start()
    yield container
    container.stop()


@pytest.fixture
def publisher(own_broker) -> Iterator[ConfirmedPublisher]:
    publisher = ConfirmedPublisher(own_broker.amqp_uri())
    yield publisher
    publisher.close()


def _outgoing(container: ChassisContainer, number: int) -> Outgoing:
    new = ActivityPlanned.of(
        activity=f"a{number}", organisation="o", kind="theme_day", held_on=date(2026, 3, 5)
    )
    envelope = seal(new, subject=f"a{number}", sequence=1, clock=container.clock)
    return Outgoing("records.events", "activity.planned", to_bytes(envelope), {}, envelope["id"])


def _publish_until_confirmed(publisher: ConfirmedPublisher, messages: list[Outgoing]) -> None:
    """What a relay does: nothing is given up, what is unknown is sent again."""
    left = list(messages)

    def all_confirmed() -> bool:
        nonlocal left
        try:
            outcomes = publisher.publish(left, time.monotonic() + 2)
        except Unavailable:
            return False
        left = [m for m, outcome in zip(left, outcomes, strict=True) if outcome is not Outcome.CONFIRMED]
        return not left

    wait_for(all_confirmed, 60)


def _effects(container: ChassisContainer) -> list[str]:
    return sorted(each["event"] for each in container.application.database["effects"].find())


def _control(broker: Broker, *arguments: str) -> None:
    command = [str(server_script().with_name("rabbitmqctl")), "-q", "-n", "jishi@localhost", *arguments]
    subprocess.run(command, env=broker._environment(), check=True, capture_output=True, timeout=120)


def test_a_killed_broker_costs_no_event_and_doubles_none_and_who_starts_meanwhile_gets_to_work(
    own_broker, container, publisher
):
    messages = [_outgoing(container, n) for n in range(300)]
    publishing = eventlet.spawn(_publish_until_confirmed, publisher, messages)
    wait_for(lambda: len(_effects(container)) > 20)
    own_broker.kill()
    wait_for(lambda: not container.connected)
    with pytest.raises(Unavailable):
        RpcClient(own_broker.amqp_uri()).call("evaluation.ping", {}, timeout=0.5)
    replica = ChassisContainer(EvaluationService, container.config)
    started = time.monotonic()
    replica.start()
    try:
        assert time.monotonic() - started < 60
        assert not replica.connected
        own_broker.start()
        own_broker.wait_ready(240)
        publishing.wait()
        wait_for(lambda: len(_effects(container)) >= 300)
        assert _effects(container) == sorted(str(each.message_id) for each in messages)
        wait_for(lambda: replica.connected)
        container.stop()
        last = _outgoing(container, 300)
        _publish_until_confirmed(publisher, [last])
        wait_for(lambda: last.message_id in _effects(replica))
    finally:
        replica.stop()


def test_under_a_memory_alarm_publishing_is_refused_in_time_and_goes_on_after_it(
    own_broker, container, publisher
):
    first, second = _outgoing(container, 1), _outgoing(container, 2)
    _publish_until_confirmed(publisher, [first])
    client = RpcClient(own_broker.amqp_uri())
    assert client.call("evaluation.ping", {}) == {"well": True}
    _control(own_broker, "set_vm_memory_high_watermark", "0.000001")
    try:

        def refused() -> bool:
            started = time.monotonic()
            try:
                outcomes = publisher.publish([second], started + 1)
            except Unavailable:
                outcomes = []
            assert time.monotonic() - started < 8
            return Outcome.CONFIRMED not in outcomes

        wait_for(refused)
        started = time.monotonic()
        for amqp_client in (client, RpcClient(own_broker.amqp_uri())):
            with pytest.raises(Unavailable):
                amqp_client.call("evaluation.ping", {}, timeout=1)
        assert time.monotonic() - started < 20
    finally:
        _control(own_broker, "set_vm_memory_high_watermark", "0.4")
    _publish_until_confirmed(publisher, [second])
    wait_for(lambda: _effects(container) == sorted([first.message_id, second.message_id]))

    def answered() -> Any:
        try:
            return client.call("evaluation.ping", {}, timeout=1)
        except Unavailable:
            return None

    assert wait_for(answered) == {"well": True}
    client.close()


def test_what_waits_for_a_queue_that_is_gone_keeps_nobody_else_back(vhost, channel):
    # A broker that cannot place what expired keeps 32 of them in hand, and then lets nothing through.
    topology.declare_shared(channel)
    topology.declare_queue(channel, "records.alive")
    channel.queue_bind("records.alive", topology.RETURN, routing_key="records.alive")
    rung = topology.RUNGS[0].queue
    for queue in ["records.gone"] * 40 + ["records.alive"]:
        channel.basic_publish(Message(b"x", expiration="50", delivery_mode=2), rung, queue)
    wait_for(lambda: topology.depth(channel, "records.alive") == 1)
    wait_for(lambda: topology.depth(channel, topology.UNROUTED) == 40)


def test_probes_that_found_nobody_keep_no_later_one_back(vhost, channel):
    connection = channel.connection
    topology.declare_shared(channel)
    for number in range(40):
        channel.basic_publish(Message(b"", expiration="1"), topology.PROBE, f"probe.gone{number}")
    assert topology.probe_ladder(connection)


def test_a_probe_that_comes_late_is_not_left_behind(vhost, channel):
    topology.declare_shared(channel)
    for _ in range(40):
        topology.probe_ladder(channel.connection, 0.0)
    assert topology.probe_ladder(channel.connection)
    assert topology.depth(channel, topology.UNROUTED) == 0


def test_the_ladder_s_policies_are_found_missing(own_broker):
    connection = topology.connect(own_broker.amqp_uri())
    assert topology.probe_ladder(connection)
    own_broker.management._call("DELETE", "policies/%2F/jishi-waiting")
    try:
        assert not topology.probe_ladder(connection, 1.0)
    finally:
        own_broker.apply_policies()
        connection.close()
