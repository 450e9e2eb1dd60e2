"""``@subscribe_batch``: many events, one commit, one acknowledgement; a poisoned one is parked alone."""

from __future__ import annotations

import time
from typing import Any

import eventlet
import structlog
from eventlet.event import Event as Signal
from pymongo.errors import BulkWriteError, DuplicateKeyError

from services.chassis import context
from services.chassis.context import Context
from services.chassis.contract import EventContract
from services.chassis.deliveries import Delivery, ack_all
from services.chassis.envelope import Event
from services.chassis.errors import origin
from services.chassis.handling import EventEntrypoint, circumstances
from services.chassis.retries import EVENTS
from services.chassis.store import is_duplicate
from services.chassis.subscribe import SECONDS, Order
from services.chassis.transactions import in_transaction

_log = structlog.get_logger()
_Read = tuple[Delivery, Event]
_MOST_COLLISIONS = 2


class SubscribeBatch(EventEntrypoint):
    """``@subscribe_batch(*Contracts, queue="evaluation.evidence")`` on ``handler(self, events)``.

    A batch is what arrived within ``within_ms`` of its first event, at most ``most``. ``transaction``: the
    handler and the marks commit together. ``inbox=False``: the handler knows by itself what it has applied
    (an append-only ledger keyed by event id, say). When a batch fails, its events are handled one by one.
    The order is that of arrival; with ``Order.LATEST`` what is older than what was applied of its subject
    is left out.
    """

    def __init__(
        self,
        *contracts: type[EventContract],
        queue: str,
        most: int = 200,
        within_ms: int = 50,
        transaction: bool = True,
        inbox: bool = True,
        order: Order = Order.ANY,
        **kwargs: Any,
    ) -> None:
        if order is Order.STRICT:
            raise ValueError(f"{queue}: a batch cannot wait for what is missing")
        if inbox and not transaction:
            raise ValueError(f"{queue}: what the inbox marks is committed with the effect")
        if order is Order.LATEST and not inbox:
            raise ValueError(f"{queue}: the inbox knows what is the latest")
        # Twice the batch: the next one arrives while this one is handled.
        super().__init__(*contracts, queue=queue, prefetch=2 * most, **kwargs)
        self.most = most
        self.within = within_ms / 1000
        self.transaction = transaction
        self.inbox = inbox
        self.ordered = order is Order.LATEST

    def setup(self) -> None:
        super().setup()
        self._pending: list[tuple[Delivery, Event | Exception]] = []
        self._enough: Signal | None = None
        self._wanted = 1

    def start(self) -> None:
        self.work(self._work)

    def received(self, delivery: Delivery) -> None:
        # Read here: this runs while the batch before waits for the store.
        try:
            self._pending.append((delivery, self.read(delivery)))
        except Exception as broken:
            self._pending.append((delivery, broken))
        if self._enough is not None and len(self._pending) >= self._wanted:
            enough, self._enough = self._enough, None
            enough.send(None)

    def _work(self) -> None:
        while True:
            self._await_pending(1, None)
            if not self.subscription.cancelled:
                self._await_pending(self.most, self.within)
            batch, self._pending = self._pending[: self.most], self._pending[self.most :]
            try:
                self._handle_batch(batch)
            except Exception as surprise:
                # Neither done nor moved: the worker goes on, and they come again.
                _log.error(
                    "batch.unsettled",
                    queue=self.queue,
                    error=type(surprise).__name__,
                    origin=origin(surprise),
                )
                for delivery, _ in batch:
                    delivery.give_back()

    def _await_pending(self, count: int, seconds: float | None) -> None:
        if len(self._pending) >= count:
            return
        self._wanted = count
        self._enough = enough = Signal()
        with eventlet.Timeout(seconds, False):
            enough.wait()
        self._enough = None

    def _handle_batch(self, batch: list[tuple[Delivery, Event | Exception]]) -> None:
        good: list[_Read] = []
        for delivery, found in batch:
            if not delivery.alive:
                delivery.forget()
            elif isinstance(found, Event):
                good.append((delivery, found))
            else:
                self.settle_failed(delivery, None, found)
        if not good:
            return
        deliveries = [delivery for delivery, _ in good]
        started = time.monotonic()
        try:
            fresh = self._apply_outlasting([event for _, event in good], deliveries)
        except Exception as failure:
            if len(good) == 1:
                self.settle_failed(*good[0], failure)
                return
            _log.warning("batch.one_by_one", queue=self.queue, error=type(failure).__name__, events=len(good))
            self._one_by_one(good)
            return
        SECONDS.labels(self.queue).observe(time.monotonic() - started)
        if ack_all(deliveries):
            self._count(len(good), fresh)

    def _one_by_one(self, good: list[_Read]) -> None:
        for delivery, event in good:
            if not delivery.alive:
                delivery.forget()
                continue
            try:
                fresh = self._apply_outlasting([event], [delivery])
            except Exception as failure:
                self.settle_failed(delivery, event, failure)
            else:
                if delivery.ack():
                    self._count(1, fresh)

    def _count(self, events: int, fresh: int) -> None:
        EVENTS.labels(self.queue, "handled").inc(fresh)
        EVENTS.labels(self.queue, "duplicate").inc(events - fresh)

    def _apply_outlasting(self, events: list[Event], deliveries: list[Delivery]) -> int:
        fresh: list[int] = []
        self.outlasting(lambda: fresh.append(self._apply(events)), deliveries)
        return sum(fresh)

    def _apply(self, events: list[Event]) -> int:
        """Apply those of the events that were not applied before; how many."""
        within = circumstances(events[0]) if len(events) == 1 else Context()
        for collision in range(_MOST_COLLISIONS + 1):
            try:
                with context.entered(within):
                    fresh: int = self.container.perform(self, lambda service: self._once(service, events))
                return fresh
            except (DuplicateKeyError, BulkWriteError) as failure:
                # Another replica applied one of them meanwhile; looked at again, it is left out.
                if collision == _MOST_COLLISIONS or not is_duplicate(failure):
                    raise
        raise AssertionError("unreachable")

    def _once(self, service: Any, events: list[Event]) -> int:
        method = getattr(service, self.method_name)
        application = self.container.application

        def body() -> int:
            if not self.inbox:
                method(events)
                return len(events)
            fresh = application.inbox.fresh(self.queue, events, ordered=self.ordered)
            if fresh:
                method(fresh)
            application.inbox.mark_all(self.queue, fresh, ordered=self.ordered)
            return len(fresh)

        return in_transaction(application.database, body) if self.transaction else body()


subscribe_batch = SubscribeBatch.decorator
