"""Events in: applied once, retried on the ladder, parked with their reason, never acknowledged undone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import eventlet
import pytest
from amqp import Message

from deploy.local.store import Store
from services.chassis import broker as topology
from services.chassis import context
from services.chassis.application import Application
from services.chassis.batches import subscribe_batch
from services.chassis.consuming import Consumption
from services.chassis.container import ChassisContainer
from services.chassis.envelope import seal, to_bytes
from services.chassis.errors import Permanent, Retryable
from services.chassis.handling import MOST_REDELIVERIES
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.retries import ATTEMPTS, CONSUMER, DETAIL, EVENTS, FIRST_FAILED_AT, REASON
from services.chassis.store import connect, session
from services.chassis.subscribe import Order, subscribe
from services.chassis.testing import wait_for
from services.contracts.records_events import ActivityPlanned

PARKED = "evaluation.dead-letters"


class Ledger(Application):
    """Notes what it is given, in the ambient transaction; ``act`` is what the test wants to happen."""

    migrates = False

    def compose(self) -> None:
        self.act: Callable[[Any], None] = lambda event: None
        self.gate = eventlet.Event()
        self.seen: list[Any] = []
        self.batches: list[int] = []
        self.parked: list[tuple[Any, str, str]] = []
        self.database["effects"].create_index("event")

    def apply(self, event: Any) -> None:
        self.seen.append(event.id)
        self.database["effects"].insert_one({"event": event.id, "n": event.sequence}, session=session())
        self.act(event)

    @property
    def effects(self) -> list[str]:
        return [each["event"] for each in self.database["effects"].find().sort("_id")]


class _Service:
    name = "evaluation"
    ledger = Ledger()


class AnyOrder(_Service):
    @subscribe(ActivityPlanned, queue="evaluation.any")
    def handle(self, event):
        self.ledger.apply(event)


class Latest(_Service):
    @subscribe(ActivityPlanned, queue="evaluation.latest", order=Order.LATEST)
    def handle(self, event):
        self.ledger.apply(event)


class Strict(_Service):
    @subscribe(ActivityPlanned, queue="evaluation.strict", order=Order.STRICT)
    def handle(self, event):
        self.ledger.apply(event)


class Outside(_Service):
    @subscribe(ActivityPlanned, queue="evaluation.outside", on_parked="answer", attempts=1)
    def handle(self, event):
        self.ledger.apply(event)

    def answer(self, wire, reason, detail):
        self.ledger.parked.append((wire and wire.get("id"), reason, detail))


class Batched(_Service):
    @subscribe_batch(ActivityPlanned, queue="evaluation.batched", most=50, within_ms=20)
    def fold(self, events):
        self.ledger.batches.append(len(events))
        for event in events:
            self.ledger.apply(event)


class Greedy(_Service):
    """A slow handler beside a quick one."""

    @subscribe(ActivityPlanned, queue="evaluation.slow", prefetch=20, workers=2)
    def slow(self, event):
        self.ledger.act(event)

    @subscribe(ActivityPlanned, queue="evaluation.quick")
    def quick(self, event):
        self.ledger.apply(event)


@contextmanager
def running(service: type, settings: Any, **config: Any) -> Iterator[Ledger]:
    container = ChassisContainer(
        service, {"settings": settings.for_service("evaluation"), "RETRY_SCALE": 0.01, **config}
    )
    container.start()
    ledger: Ledger = container.application
    ledger.container = container
    try:
        yield ledger
    finally:
        if not ledger.gate.ready():
            ledger.gate.send()  # a test that failed leaves nobody waiting
        container.stop()


@pytest.fixture
def channel(vhost) -> Iterator[Any]:
    connection = topology.connect(vhost)
    channel = connection.channel()
    channel.auto_decode = False
    yield channel
    connection.close()


@pytest.fixture
def publish(vhost, settings) -> Iterator[Callable[..., None]]:
    publisher = ConfirmedPublisher(vhost)

    def publish(*bodies: bytes, exchange: str = "records.events", headers: Any = None) -> None:
        outgoing = [Outgoing(exchange, "activity.planned", body, headers or {}) for body in bodies]
        assert set(publisher.publish(outgoing)) == {Outcome.CONFIRMED}

    yield publish
    publisher.close()


@pytest.fixture
def event(settings) -> Callable[..., bytes]:
    def event(subject: str = "a1", sequence: int = 1, **extensions: Any) -> bytes:
        new = ActivityPlanned.of(
            activity=subject, organisation="o1", kind="theme_day", held_on=date(2026, 3, 5)
        )
        return to_bytes(seal(new, subject=subject, sequence=sequence, clock=settings.clock(), **extensions))

    return event


def _id(body: bytes) -> str:
    return json.loads(body)["id"]


def _parked(channel: Any) -> list[Any]:
    found = []
    while (message := channel.basic_get(PARKED, no_ack=True)) is not None:
        found.append(message)
    return found


def _await_parked(channel: Any, count: int) -> list[Any]:
    found: list[Any] = []
    wait_for(lambda: found.extend(_parked(channel)) or len(found) >= count, 20)
    return found


def _empty(channel: Any, *queues: str) -> bool:
    return all(topology.depth(channel, queue) == 0 for queue in queues)


# -- the effect, once ---------------------------------------------------------------------------


def test_an_event_reaches_its_handler_with_what_caused_it(settings, publish, event):
    with running(AnyOrder, settings) as ledger:
        circumstances = []
        ledger.act = lambda _: circumstances.append(context.current())
        body = event(actor="p1", correlationid="c1", traceparent="00-1-2-01")
        publish(body)
        wait_for(lambda: circumstances)
        assert (circumstances[0].actor, circumstances[0].correlationid) == ("p1", "c1")
        assert (circumstances[0].causationid, circumstances[0].traceparent) == (_id(body), "00-1-2-01")


@pytest.mark.parametrize("service", [AnyOrder, Latest, Strict, Batched])
def test_the_same_event_a_hundred_times_has_one_effect(settings, publish, event, service):
    with running(service, settings) as ledger:
        body = event()
        publish(*[body] * 100)
        last = event("a2")
        publish(last)
        wait_for(lambda: _id(last) in ledger.effects)
        wait_for(lambda: ledger.container.in_flight == 0)
        assert sorted(ledger.effects) == sorted([_id(body), _id(last)])


def test_a_handler_that_raises_leaves_no_effect_and_no_acknowledged_event(settings, publish, event):
    with running(AnyOrder, settings) as ledger:

        def fail_once(_: Any) -> None:
            if len(ledger.seen) == 1:
                raise RuntimeError("surprise")

        ledger.act = fail_once
        body = event()
        publish(body)
        wait_for(lambda: len(ledger.seen) == 2)
        wait_for(lambda: ledger.effects == [_id(body)])


def test_a_failing_event_waits_and_does_not_spin(settings, publish, event, channel):
    with running(AnyOrder, settings, RETRY_SCALE=1.0) as ledger:

        def fail(_: Any) -> None:
            raise Retryable("not yet")

        ledger.act = fail
        publish(event())
        wait_for(lambda: topology.depth(channel, "jishi.wait.5s") == 1)
        assert len(ledger.seen) == 1
        assert _empty(channel, "evaluation.any")


def test_a_retried_event_comes_back_to_the_one_consumer_that_failed(settings, publish, event, channel):
    with running(Greedy, settings) as ledger:
        calls: list[str] = []

        def fail_once(applied: Any) -> None:
            # Both handlers come by here: the slow one by itself, the quick one through ``apply``.
            calls.append("quick" if applied.id in ledger.seen else "slow")
            if calls.count("slow") == 1 and calls[-1] == "slow":
                raise Retryable("not yet")

        ledger.act = fail_once
        publish(event())
        wait_for(lambda: len(ledger.effects) == 1 and len(calls) >= 2)
        wait_for(lambda: ledger.container.in_flight == 0 and _empty(channel, "jishi.wait.5s"))
        assert ledger.seen.count(ledger.seen[0]) == 1


def test_after_its_last_attempt_an_event_is_parked_with_its_history(settings, publish, event, channel):
    with running(Outside, settings) as ledger:

        def fail(_: Any) -> None:
            raise KeyError("13812345678")

        ledger.act = fail
        body = event(traceparent="00-1-2-01")
        publish(body)
        [letter] = _await_parked(channel, 1)
        assert bytes(letter.body) == body
        assert letter.headers[REASON] == "retries_exhausted"
        assert letter.headers[DETAIL] == "KeyError"
        assert letter.headers[ATTEMPTS] == 2
        assert letter.headers[CONSUMER] == "evaluation.outside"
        assert letter.headers["traceparent"] == "00-1-2-01"
        assert letter.headers[FIRST_FAILED_AT]
        assert ledger.effects == []


def test_a_permanent_failure_is_parked_at_once(settings, publish, event, channel):
    with running(AnyOrder, settings, RETRY_SCALE=1.0) as ledger:

        def refuse(_: Any) -> None:
            raise Permanent("unknown_organisation", "organisation")

        ledger.act = refuse
        publish(event())
        [letter] = _await_parked(channel, 1)
        assert (letter.headers[REASON], letter.headers[DETAIL]) == ("unknown_organisation", "organisation")
        assert len(ledger.seen) == 1


GARBAGE = [b"", b"\xff\xfe\x00", b"not json", b"[]", b"{}", b'{"specversion":"1.0"}', b"[" * 50_000]


@pytest.mark.parametrize("service", [AnyOrder, Batched])
def test_what_cannot_be_decoded_is_parked_and_its_neighbours_are_applied(
    settings, publish, event, channel, service
):
    with running(service, settings) as ledger:
        first, last = event("a1"), event("a2")
        publish(first, *GARBAGE, last)
        letters = _await_parked(channel, len(GARBAGE))
        assert sorted(each.body or b"" for each in letters) == sorted(GARBAGE)
        wait_for(lambda: sorted(ledger.effects) == sorted([_id(first), _id(last)]))


def test_a_body_with_a_false_content_type_or_encoding_is_not_acked_away(settings, event, channel):
    with running(AnyOrder, settings) as ledger:
        body = event()
        for properties in (
            {"content_type": "application/x-python-serialize", "content_encoding": "binary"},
            {"content_type": "application/json", "content_encoding": "no-such-codec"},
        ):
            channel.basic_publish(Message(body, **properties), "records.events", "activity.planned")
        broken = Message(b"\xff", content_type="application/json", content_encoding="utf-8")
        channel.basic_publish(broken, "records.events", "activity.planned")
        [letter] = _await_parked(channel, 1)
        assert letter.headers[REASON] == "not_json"
        wait_for(lambda: ledger.effects == [_id(body)])


def test_what_strangers_send_is_answered_before_it_is_parked(settings, publish, event, channel):
    with running(Outside, settings) as ledger:
        stranger = json.dumps({**json.loads(event()), "type": "records.no.such.v1", "id": "e9"}).encode()
        publish(b"not json", stranger)
        _await_parked(channel, 2)
        assert sorted(ledger.parked, key=str) == [("e9", "unknown_type", ""), (None, "not_json", "")]


def test_an_event_whose_answer_fails_is_not_parked_unanswered(settings, publish, channel):
    with running(Outside, settings) as ledger:
        answers = ledger.parked
        ledger.parked = None  # the first answer raises
        publish(b"not json")
        wait_for(lambda: topology.depth(channel, "jishi.wait.5s") == 1 or ledger.parked is not None, 5)
        ledger.parked = answers
        _await_parked(channel, 1)
        assert answers == [(None, "not_json", "")]


# -- order --------------------------------------------------------------------------------------


def test_an_older_event_of_a_subject_is_ignored_by_who_wants_the_latest(settings, publish, event):
    with running(Latest, settings) as ledger:
        third, second, fourth = event("a1", 3), event("a1", 2), event("a1", 4)
        publish(third)
        wait_for(lambda: ledger.effects)
        publish(second, fourth)
        wait_for(lambda: _id(fourth) in ledger.effects)
        assert ledger.effects == [_id(third), _id(fourth)]


def test_a_strict_consumer_applies_a_shuffled_history_in_order(settings, publish, event):
    with running(Strict, settings) as ledger:
        history = {n: event("a1", n) for n in range(1, 7)}
        publish(*[history[n] for n in (2, 1, 4, 6, 5, 3)])
        wait_for(lambda: len(ledger.effects) == 6, 30)
        assert ledger.effects == [_id(history[n]) for n in range(1, 7)]


def test_events_of_one_subject_are_applied_in_their_order_without_waiting(settings, publish, event, channel):
    with running(Strict, settings, RETRY_SCALE=1.0) as ledger:
        history = [event("a1", n) for n in range(1, 61)]
        publish(*history)
        wait_for(lambda: len(ledger.effects) == 60)
        assert ledger.effects == [_id(each) for each in history]
        assert _empty(channel, "jishi.wait.5s")


# -- batches ------------------------------------------------------------------------------------


def test_many_events_are_applied_in_few_batches(settings, publish, event, channel):
    bodies = [event(f"a{n}") for n in range(200)]
    with running(Batched, settings):
        pass  # the queue exists now, and nobody reads it
    publish(*bodies)
    with running(Batched, settings) as ledger:
        wait_for(lambda: len(ledger.effects) == 200)
        assert ledger.effects == [_id(each) for each in bodies]
        assert max(ledger.batches) <= 50
        assert len(ledger.batches) < 40
    assert _empty(channel, "evaluation.batched")


def test_a_poisoned_event_parks_alone(settings, publish, event, channel):
    bodies = [event(f"a{n}") for n in range(30)]
    poison = _id(bodies[17])
    with running(Batched, settings) as ledger:

        def refuse(applied: Any) -> None:
            if applied.id == poison:
                raise Permanent("unknown_organisation")

        ledger.act = refuse
        publish(*bodies)
        [letter] = _await_parked(channel, 1)
        assert _id(bytes(letter.body)) == poison
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
    assert sorted([*effects, *(_id(each.body) for each in left)]) == sorted(map(_id, bodies))


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
        wait_for(lambda: ledger.effects == [_id(body)])
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
        assert sorted(ledger.effects) == sorted(map(_id, bodies))


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
        wait_for(lambda: ledger.effects == [_id(body)])
        assert ledger.seen == [_id(body)]
    assert EVENTS.labels("evaluation.any", "retried")._value.get() == retried + 1


def test_while_the_store_is_away_events_wait_where_they_are(settings, publish, event, channel, tmp_path):
    own = Store(tmp_path / "store")
    own.start()
    own.wait_ready()
    try:
        with running(AnyOrder, replace(settings, mongo_uri=own.uri)) as ledger:
            first, second = event("a1"), event("a2")
            publish(first)
            wait_for(lambda: ledger.effects == [_id(first)])
            own.kill()
            publish(second)
            wait_for(lambda: ledger.container.in_flight == 1)
            own.start()
            own.wait_ready()
            wait_for(lambda: ledger.container.in_flight == 0, 30)
            assert sorted(ledger.effects) == sorted([_id(first), _id(second)])
            assert _empty(channel, "jishi.wait.5s", "evaluation.any", PARKED)
    finally:
        own.kill()


def test_a_queue_in_another_form_is_one_clear_error_and_no_hang(settings, channel):
    channel.queue_declare("evaluation.any", durable=True, auto_delete=False)
    with (
        eventlet.Timeout(15),
        pytest.raises(topology.TopologyMismatch, match=r"evaluation\.any"),
        running(AnyOrder, settings),
    ):
        pass


def test_a_broker_without_the_policies_is_refused(settings, broker, vhost):
    name = vhost.rsplit("/", 1)[1]
    broker.management._call("DELETE", f"policies/{name}/jishi-waiting")
    with (
        eventlet.Timeout(15),
        pytest.raises(topology.TopologyMismatch, match=r"policies\.json"),
        running(AnyOrder, settings),
    ):
        pass
