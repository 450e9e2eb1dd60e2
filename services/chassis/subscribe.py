"""``@subscribe``: an event reaches a method, its effect and its mark commit together, then it is acked."""

from __future__ import annotations

import time
import zlib
from enum import Enum
from typing import Any

import eventlet
import structlog
from eventlet.queue import LightQueue
from prometheus_client import Histogram
from pymongo.errors import DuplicateKeyError

from services.chassis import context
from services.chassis.contract import EventContract
from services.chassis.deliveries import Delivery
from services.chassis.envelope import Event
from services.chassis.errors import Retryable, origin
from services.chassis.handling import EventEntrypoint
from services.chassis.inbox import Inbox, Verdict
from services.chassis.retries import EVENTS
from services.chassis.transactions import in_transaction

_log = structlog.get_logger()
SECONDS = Histogram("jishi_event_seconds", "Time to apply an event, or a batch of them.", ["queue"])
# Another lane or replica is often about to apply what a strict event waits for.
_GAP_PAUSES = (0.05, 0.15, 0.3)


class Order(Enum):
    """What a consumer minds of the order of one subject's events."""

    ANY = "any"  # each event once, in whatever order
    LATEST = "latest"  # an event older than the last applied is ignored
    STRICT = "strict"  # an event waits for the one before it; needs all event types of the aggregate


class Gap(Retryable):
    """An earlier event of the subject has not been applied yet."""


class Subscribe(EventEntrypoint):
    """``@subscribe(*Contracts, queue="notify.obligations")`` on ``handler(self, event)``.

    Delivery is at least once and the effect is once: the handler runs in a transaction together with the
    mark that the event was applied. Events of one subject are handled one after another within a process,
    different subjects on ``workers`` lanes side by side. With ``transaction=False`` the handler has to be
    idempotent by itself: the mark is set after it, so that a crash between the two repeats it. Nor does
    anything then keep two replicas from applying two events of a subject in the wrong order, so an order
    needs ``own_guard``: what in the handler's own writes lets the newer one win. Of an
    ``anonymous`` queue somebody without a name is the author, whatever the events say of themselves: nothing
    that follows from one leads to it, and no line, no counter and no time tells when one came or failed.
    Those that are parked are seen among the dead letters.
    """

    def __init__(
        self,
        *contracts: type[EventContract],
        queue: str,
        order: Order = Order.ANY,
        prefetch: int = 20,
        workers: int = 4,
        transaction: bool = True,
        own_guard: str | None = None,
        anonymous: bool = False,
        **kwargs: Any,
    ) -> None:
        if order is not Order.ANY and not transaction and not own_guard:
            raise ValueError(f"{queue}: an order without a transaction needs a guard of the handler's own")
        super().__init__(*contracts, queue=queue, prefetch=prefetch, **kwargs)
        self.order = order
        self.workers = workers
        self.transaction = transaction
        self.anonymous = anonymous

    def setup(self) -> None:
        super().setup()
        self._lanes = [LightQueue() for _ in range(self.workers)]

    def start(self) -> None:
        for lane in self._lanes:
            self.work(self._work, lane)

    def received(self, delivery: Delivery) -> None:
        event, failure, number = None, None, delivery.tag
        try:
            event = self.read(delivery)
            number = zlib.crc32(event.subject.encode())
        except Exception as broken:
            failure = broken
        self._lanes[number % self.workers].put_nowait((delivery, event, failure))

    def _work(self, lane: Any) -> None:
        while True:
            delivery, event, failure = lane.get()
            if not delivery.alive:
                delivery.forget()
                continue
            try:
                self._handle(delivery, event, failure)
            except Exception as surprise:
                # Neither done nor moved: the lane goes on, and the message comes again.
                if not self.anonymous:
                    _log.error(
                        "event.unsettled",
                        queue=self.queue,
                        error=type(surprise).__name__,
                        origin=origin(surprise),
                    )
                delivery.give_back()

    def _handle(self, delivery: Delivery, event: Event | None, failure: Exception | None) -> None:
        outcomes: list[str] = []
        if event is not None:
            try:
                started = time.monotonic()
                self.outlasting(lambda: outcomes.append(self._apply(event)), [delivery])
                if not self.anonymous:
                    SECONDS.labels(self.queue).observe(time.monotonic() - started)
            except Exception as raised:
                failure = raised
        if failure is not None:
            self.settle_failed(delivery, event, failure)
        elif delivery.ack() and not self.anonymous:
            EVENTS.labels(self.queue, outcomes[-1]).inc()

    def _apply(self, event: Event) -> str:
        """Apply the event unless that was done before; what became of it, as it is counted."""
        pauses = iter(_GAP_PAUSES)
        collisions = 0
        while True:
            try:
                with context.entered(self.circumstances(event)):
                    verdict = self.container.perform(self, lambda service: self._once(service, event))
                return verdict.value if verdict in (Verdict.DUPLICATE, Verdict.STALE) else "handled"
            except Gap:
                pause = next(pauses, None)
                if pause is None:
                    raise
                eventlet.sleep(pause)
            except DuplicateKeyError:
                # Another worker applied the same event meanwhile; looked at again, it is a duplicate.
                collisions += 1
                if collisions > 2:
                    raise

    def _once(self, service: Any, event: Event) -> Verdict:
        method = getattr(service, self.method_name)
        application = self.container.application
        if application is None:
            method(event)
            return Verdict.NEW
        inbox: Inbox = application.inbox
        ordered = self.order is not Order.ANY

        def body() -> Verdict:
            verdict = inbox.verdict(self.queue, event, ordered=ordered)
            if verdict is Verdict.GAP and self.order is Order.STRICT:
                raise Gap("an earlier event of the subject is missing")
            if verdict in (Verdict.NEW, Verdict.GAP):
                method(event)
                inbox.mark(self.queue, event, ordered=ordered)
            return verdict

        return in_transaction(application.database, body) if self.transaction else body()


subscribe = Subscribe.decorator
