"""Events in: their order, their batches, and what the process does when something around it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import eventlet
import pytest

from deploy.local.store import Store
from services.chassis import broker as topology
from services.chassis.batches import SubscribeBatch
from services.chassis.consuming import Consumption
from services.chassis.errors import Permanent
from services.chassis.handling import MOST_REDELIVERIES
from services.chassis.retries import EVENTS
from services.chassis.store import connect
from services.chassis.subscribe import Order
from services.chassis.testing import wait_for
from services.contracts.records_events import ActivityPlanned
from tests import grounds
from tests.component.chassis.ledger_service import (
    PARKED,
    AnyOrder,
    Batched,
    BatchedLatest,
    Greedy,
    Latest,
    Strict,
    await_parked,
    event_id,
    is_empty,
    running,
)

settings, vhost, new_ground = grounds.settings, grounds.vhost, grounds.new_ground

# -- order --------------------------------------------------------------------------------------


def test_an_older_event_of_a_subject_is_ignored_by_who_wants_the_latest(settings, publish, event):
    with running(Latest, settings) as ledger:
        third, second, fourth = event("a1", 3), event("a1", 2), event("a1", 4)
        publish(third)
        wait_for(lambda: ledger.effects)
        publish(second, fourth)
        wait_for(lambda: event_id(fourth) in ledger.effects)
        assert ledger.effects == [event_id(third), event_id(fourth)]


def test_two_replicas_that_take_batches_of_the_latest_apply_nothing_twice_and_nothing_older(
    settings, publish, event
):
    with running(BatchedLatest, settings) as one, running(BatchedLatest, settings) as other:
        history = [event(f"a{subject}", n) for n in range(1, 21) for subject in range(5)]
        publish(*history, *history)
        last = {event_id(each) for each in history[-5:]}
        wait_for(lambda: last <= set(one.effects))
        wait_for(lambda: one.container.in_flight == other.container.in_flight == 0)
        applied = list(one.database["effects"].find().sort("_id"))
        assert len({each["event"] for each in applied}) == len(applied)


def test_a_poisoned_event_parks_alone_among_the_latest(settings, publish, event, channel):
    with running(BatchedLatest, settings) as ledger:
        history = [event(f"a{n}", 1) for n in range(6)]
        poison = event_id(history[2])

        def act(each):
            if each.id == poison:
                raise Permanent("contract_broken")

        ledger.act = act
        publish(*history)
        await_parked(channel, 1)
        wait_for(lambda: len(ledger.effects) == 5)
        assert poison not in ledger.effects


@pytest.mark.parametrize(
    "wanted", [{"order": Order.STRICT}, {"transaction": False}, {"order": Order.LATEST, "inbox": False}]
)
def test_a_batch_promises_nothing_that_it_cannot_keep(wanted):
    with pytest.raises(ValueError, match=r"evaluation\.promised"):
        SubscribeBatch(ActivityPlanned, queue="evaluation.promised", **wanted)


def test_a_strict_consumer_applies_a_shuffled_history_in_order(settings, publish, event):
    with running(Strict, settings) as ledger:
        history = {n: event("a1", n) for n in range(1, 7)}
        publish(*[history[n] for n in (2, 1, 4, 6, 5, 3)])
        wait_for(lambda: len(ledger.effects) == 6)
        assert ledger.effects == [event_id(history[n]) for n in range(1, 7)]


def test_events_of_one_subject_are_applied_in_their_order_without_waiting(settings, publish, event, channel):
    with running(Strict, settings, RETRY_SCALE=1.0) as ledger:
        history = [event("a1", n) for n in range(1, 61)]
        publish(*history)
        wait_for(lambda: len(ledger.effects) == 60)
        assert ledger.effects == [event_id(each) for each in history]
        assert is_empty(channel, "jishi.wait.5s")


# -- batches ------------------------------------------------------------------------------------


def test_many_events_are_applied_in_few_batches(settings, publish, event, channel):
    bodies = [event(f"a{n}") for n in range(200)]
    with running(Batched, settings):
        pass  # the queue exists now, and nobody reads it
    publish(*bodies)
    with running(Batched, settings) as ledger:
        wait_for(lambda: len(ledger.effects) == 200)
        assert ledger.effects == [event_id(each) for each in bodies]
        assert max(ledger.batches) <= 50
        assert len(ledger.batches) < 40
    assert is_empty(channel, "evaluation.batched")


def test_a_poisoned_event_parks_alone(settings, publish, event, channel):
    bodies = [event(f"a{n}") for n in range(30)]
    poison = event_id(bodies[17])
    with running(Batched, settings) as ledger:

        def refuse(applied: Any) -> None:
            if applied.id == poison:
                raise Permanent("unknown_organisation")

        ledger.act = refuse
        publish(*bodies)
        [letter] = await_parked(channel, 1)
        assert event_id(bytes(letter.body)) == poison
        wait_for(lambda: len(ledger.effects) == 29)
        assert poison not in ledger.effects
        assert len(set(ledger.effects)) == 29


def test_stopping_settles_the_batches_that_were_received(settings, publish, event, channel):
    bodies = [event(f"a{n}") for n in range(300)]
    with running(Batched, settings) as ledger:
        publish(*bodies)
        wait_for(lambda: ledger.batches)
        stopping = eventlet.spawn(ledger.container.stop)
        [handler] = ledger.container.entrypoints
        wait_for(lambda: stopping.dead)
        assert handler.subscription.unsettled == 0
    done = connect(settings.mongo_uri, settings.for_service("evaluation").database_name)["effects"]
    effects = [each["event"] for each in done.find()]
    left = []
    while (message := channel.basic_get("evaluation.batched", no_ack=True)) is not None:
        left.append(message)
    assert not [each for each in left if each.delivery_info["redelivered"]]
    assert sorted([*effects, *(event_id(each.body) for each in left)]) == sorted(map(event_id, bodies))


# -- the process --------------------------------------------------------------------------------


def test_stopping_finishes_and_acknowledges_what_was_received(settings, publish, event, channel):
    with running(AnyOrder, settings) as ledger:
        ledger.act = lambda _: ledger.gate.wait()
        publish(*[event(f"a{n}") for n in range(10)])
        wait_for(lambda: ledger.container.in_flight == 10)
        stopping = eventlet.spawn(ledger.container.stop)
        [handler] = ledger.container.entrypoints
        wait_for(lambda: not handler.subscription.attached)
        late = event("late")
        publish(late)
        assert not stopping.dead
        ledger.gate.send()
        stopping.wait()
        # ``ready`` counts what came back: only the late one, which was never received.
        assert topology.depth(channel, "evaluation.any") == 1
        message = channel.basic_get("evaluation.any")
        assert (bytes(message.body), message.delivery_info["redelivered"]) == (late, False)
        assert len(ledger.seen) == 10


def test_a_dependency_that_fails_around_a_worker_does_not_end_the_process(settings, publish, event):
    with running(AnyOrder, settings) as ledger:
        calls = []
        whole = ledger.worker_setup

        def fail_once(worker: Any) -> None:
            calls.append(1)
            if len(calls) == 1:
                raise RuntimeError("no connection today")
            whole(worker)

        ledger.worker_setup = fail_once
        body = event()
        publish(body)
        wait_for(lambda: ledger.effects == [event_id(body)])
        assert ledger.container.started


def test_a_slow_handler_takes_no_workers_from_a_quick_one(settings, publish, event):
    with running(Greedy, settings) as ledger:

        def wait_if_slow(applied: Any) -> None:
            if applied.id not in ledger.seen:
                ledger.gate.wait()

        ledger.act = wait_if_slow
        publish(*[event(f"a{n}") for n in range(40)])
        wait_for(lambda: len(ledger.effects) == 40)


def test_a_lost_connection_is_made_again_and_nothing_is_lost_or_doubled(settings, publish, event):
    with running(AnyOrder, settings) as ledger:
        consumption: Consumption = next(
            each.consumption for each in ledger.container.subextensions if hasattr(each, "fate")
        )
        bodies = [event(f"a{n}") for n in range(100)]
        for number in range(0, 100, 20):
            publish(*bodies[number : number + 20])
            link = consumption._link
            link.connection.transport.sock.shutdown(2)
            wait_for(lambda link=link: not link.alive and consumption.connected)
        wait_for(lambda: len(ledger.effects) == 100)
        assert sorted(ledger.effects) == sorted(map(event_id, bodies))


def test_an_event_whose_workers_keep_dying_climbs_the_ladder_instead_of_spinning(
    settings, publish, event, channel
):
    with running(AnyOrder, settings):
        pass  # the queue exists now
    body = event()
    publish(body)
    for _ in range(MOST_REDELIVERIES + 1):
        channel.basic_reject(wait_for(lambda: channel.basic_get("evaluation.any")).delivery_tag, True)
    wait_for(lambda: topology.depth(channel, "evaluation.any") == 1)
    retried = EVENTS.labels("evaluation.any", "retried")._value.get()
    with running(AnyOrder, settings) as ledger:
        wait_for(lambda: ledger.effects == [event_id(body)])
        assert ledger.seen == [event_id(body)]
    assert EVENTS.labels("evaluation.any", "retried")._value.get() == retried + 1


def test_while_the_store_is_away_events_wait_where_they_are(settings, publish, event, channel, tmp_path):
    own = Store(tmp_path / "store")
    own.start()
    own.wait_ready()
    try:
        with running(AnyOrder, replace(settings, mongo_uri=own.uri)) as ledger:
            first, second = event("a1"), event("a2")
            publish(first)
            wait_for(lambda: ledger.effects == [event_id(first)])
            own.kill()
            publish(second)
            wait_for(lambda: ledger.container.in_flight == 1)
            own.start()
            own.wait_ready()
            wait_for(lambda: ledger.container.in_flight == 0)
            assert sorted(ledger.effects) == sorted([event_id(first), event_id(second)])
            assert is_empty(channel, "jishi.wait.5s", "evaluation.any", PARKED)
    finally:
        own.kill()


@pytest.mark.usefixtures("new_ground")
def test_a_queue_in_another_form_is_one_clear_error_and_no_hang(settings, channel):
    channel.queue_declare("evaluation.any", durable=True, auto_delete=False)
    with (
        eventlet.Timeout(60),
        pytest.raises(topology.TopologyMismatch, match=r"evaluation\.any"),
        running(AnyOrder, settings),
    ):
        pass


@pytest.mark.usefixtures("new_ground")
def test_a_broker_without_the_policies_is_refused(settings, broker, vhost):
    name = vhost.rsplit("/", 1)[1]
    broker.management._call("DELETE", f"policies/{name}/jishi-waiting")
    with (
        eventlet.Timeout(60),
        pytest.raises(topology.TopologyMismatch, match=r"policies\.json"),
        running(AnyOrder, settings),
    ):
        pass
