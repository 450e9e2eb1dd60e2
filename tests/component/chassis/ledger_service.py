"""A service that keeps a ledger of events, in every way of subscribing, for the tests of messaging."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import eventlet

from services.chassis import broker as topology
from services.chassis.application import Application
from services.chassis.batches import subscribe_batch
from services.chassis.container import ChassisContainer
from services.chassis.subscribe import Order, subscribe
from services.chassis.testing import wait_for
from services.chassis.transactions import session
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
    @subscribe(ActivityPlanned, queue="evaluation.outside", on_parked="answer", rest=True, attempts=1)
    def handle(self, event):
        self.ledger.apply(event)

    def answer(self, wire, reason, detail, message_id):
        self.ledger.parked.append((wire and wire.get("id"), reason, detail))


class Batched(_Service):
    @subscribe_batch(ActivityPlanned, queue="evaluation.batched", most=50, within_ms=20)
    def fold(self, events):
        self.ledger.batches.append(len(events))
        for event in events:
            self.ledger.apply(event)


class BatchedLatest(_Service):
    @subscribe_batch(
        ActivityPlanned, queue="evaluation.batched.latest", most=50, within_ms=20, order=Order.LATEST
    )
    def fold(self, events):
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


def event_id(body: bytes) -> str:
    return json.loads(body)["id"]


def take_parked(channel: Any) -> list[Any]:
    found = []
    while (message := channel.basic_get(PARKED, no_ack=True)) is not None:
        found.append(message)
    return found


def await_parked(channel: Any, count: int) -> list[Any]:
    found: list[Any] = []
    wait_for(lambda: found.extend(take_parked(channel)) or len(found) >= count)
    return found


def is_empty(channel: Any, *queues: str) -> bool:
    return all(topology.depth(channel, queue) == 0 for queue in queues)
