"""What all event entrypoints share: their queue, reading a body, and what a failure leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import eventlet
import structlog
from nameko.extensions import Entrypoint, SharedExtension
from pymongo.errors import ConnectionFailure

from services.chassis import broker, subscriptions
from services.chassis.broker import TopologyMismatch
from services.chassis.clock import SystemClock
from services.chassis.consuming import Consumption, Subscription
from services.chassis.context import Context
from services.chassis.contract import EventContract
from services.chassis.deliveries import Delivery
from services.chassis.envelope import Event, parse
from services.chassis.errors import Permanent, Retryable, Unavailable, origin
from services.chassis.publishing import ConfirmedPublisher
from services.chassis.retries import DEFAULT_ATTEMPTS, Fate, Ladder
from services.chassis.wire import decode, writable

_log = structlog.get_logger()
# A worker that dies of an event takes it back to the queue each time: after this many it climbs the ladder.
MOST_REDELIVERIES = 50
_LONGEST_OUTAGE_PAUSE = 5.0
_MOST_CONTENDED = 5


class EventConsumption(SharedExtension):  # type: ignore[misc]  # nameko is untyped
    """One connection for all event queues of a process, and the publisher that moves what failed."""

    def setup(self) -> None:
        if hasattr(self, "consumption"):
            return
        service, amqp_uri = self.container.service_name, self.container.amqp_uri
        self._service = service
        self.consumption = Consumption(amqp_uri, name=f"{service}-events", prepare=self._prepare)
        self._publisher = ConfirmedPublisher(amqp_uri, name=f"{service}-moves")

    def start(self) -> None:
        self.consumption.start()

    def stop(self) -> None:
        self.consumption.stop()
        self._publisher.close()

    def kill(self) -> None:
        self.stop()

    def fate(self, anonymous: bool, *, unseen: bool) -> Fate:
        """Where failed messages go."""
        clock = self.container.clock or SystemClock(ZoneInfo("UTC"))
        return Fate(self._service, self._publisher, clock, anonymous=anonymous, unseen=unseen)

    @property
    def unsettled(self) -> int:
        return self.consumption.unsettled

    @property
    def connected(self) -> bool:
        return self.consumption.connected

    def _prepare(self, connection: Any, channel: Any) -> None:
        subscriptions.declare(channel, self._service)
        if not broker.probe_ladder(connection):
            # Whatever expires on such a broker is dropped: rather consume nothing.
            raise TopologyMismatch(
                "a waiting message does not come back: import deploy/rabbitmq/policies.json into the broker"
            )


class EventEntrypoint(Entrypoint):  # type: ignore[misc]  # nameko is untyped
    """A queue of events and the method that applies them.

    ``on_parked`` names a method ``(wire or None, reason, detail, message_id or None)`` of the service that is
    told before one of its messages is parked. With ``rest`` the queue also takes what comes to its exchanges
    by a key to which no queue of the installation is bound, so that nothing a stranger sends goes unanswered;
    by the key of another queue it is that one's to answer, once. Where telling it fails as often as the event
    may, the event is parked as ``not_answered``, its own reason in the detail. ``attempts`` failures are
    tried again before an event is parked.
    """

    consumption = EventConsumption()
    anonymous = False  # see ``Subscribe``

    def __init__(
        self,
        *contracts: type[EventContract],
        queue: str,
        prefetch: int,
        on_parked: str | None = None,
        rest: bool = False,
        attempts: int = DEFAULT_ATTEMPTS,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.contracts = contracts
        self.queue = queue
        self.prefetch = prefetch
        self.on_parked = on_parked
        self.rest = rest
        self._own = frozenset((each.exchange(), each.routing_key()) for each in contracts)
        self.attempts = attempts
        self._types = frozenset(contract.type for contract in contracts)

    @property
    def bindings(self) -> set[tuple[str, str]]:
        """The exchanges and keys from which the queue is fed."""
        return {*self._own, *((exchange, "#") for exchange, _ in self._own if self.rest)}

    def setup(self) -> None:
        self.consumption.setup()
        self.subscription = Subscription(
            self.queue,
            prefetch=self.prefetch,
            declare=lambda channel: broker.declare_consumer(channel, self.queue, self.bindings),
            deliver=self._deliver,
        )
        self.consumption.consumption.add(self.subscription)
        scale = float(self.container.config.get("RETRY_SCALE", 1.0))
        self.ladder = Ladder(self.attempts, scale)
        # Answering has as many attempts of its own, after those of the event.
        self._answering = Ladder(2 * self.attempts + 1, scale)
        self._threads: list[Any] = []

    def work(self, loop: Callable[..., None], *arguments: Any) -> None:
        """Run ``loop`` on a greenthread of its own until the entrypoint stops."""
        self._threads.append(eventlet.spawn(loop, *arguments))

    def stop(self) -> None:
        """Receive nothing more, and return when all that was received is settled."""
        self.subscription.drain()
        self.kill()

    def kill(self) -> None:
        for thread in self._threads:
            thread.kill()

    def _deliver(self, delivery: Delivery) -> None:
        came_by = (delivery.exchange, delivery.routing_key)
        if self.rest and came_by not in self._own and subscriptions.is_bound(*came_by):
            delivery.ack()  # whoever is bound to it has it too
        else:
            self.received(delivery)

    def received(self, delivery: Delivery) -> None:
        """Called by the connection's reader for each message: hand it on and return."""
        raise NotImplementedError

    def read(self, delivery: Delivery) -> Event:
        """The event in a message; raises ``Permanent`` where there is none that this queue wants."""
        if delivery.unreadable:
            raise Permanent("not_an_event", "properties")
        if delivery.headers.get("x-delivery-count", 0) > MOST_REDELIVERIES:
            raise Retryable("the workers that took it all ended")
        event = parse(delivery.body)
        if event.type not in self._types:
            raise Permanent("not_subscribed", event.type)
        return event

    def outlasting(self, apply: Callable[[], None], deliveries: list[Delivery]) -> None:
        """Run ``apply``, and again as long as the store is away: that is no fault of the events.

        They stay unacknowledged meanwhile, so that nothing more arrives. Ends without effect when the
        connection is lost or the process stops: they come again. A store that is only contended is asked
        a few times more, then the ladder is for it.
        """
        pause, contended = 0.2, 0
        while True:
            try:
                return apply()
            except Exception as failure:
                contended += _is_contended(failure)
                if not store_is_away(failure) and not 0 < contended <= _MOST_CONTENDED:
                    raise
                if not self.anonymous:
                    _log.warning("event.store_not_ready", queue=self.queue, error=type(failure).__name__)
            if self.subscription.cancelled or not deliveries[-1].alive:
                for each in deliveries:
                    each.forget()
                return None
            eventlet.sleep(pause)
            pause = min(pause * 2, _LONGEST_OUTAGE_PAUSE)

    def settle_failed(self, delivery: Delivery, event: Event | None, failure: Exception) -> None:
        """Park what can never be applied, let the rest wait; the exception's type decides."""
        anonymous = self.anonymous or _is_anonymous(delivery, event)
        fate = self.consumption.fate(anonymous, unseen=self.anonymous)
        if isinstance(failure, Permanent):
            self._park(fate, delivery, event, failure.reason, failure.detail)
            return
        # Only the type: the text of a surprise may hold anything.
        error = str(failure) if isinstance(failure, Retryable) else type(failure).__name__
        if not self.anonymous:
            _log.warning(
                "event.failed",
                queue=self.queue,
                event_id=event.id if event and not anonymous else None,
                error=type(failure).__name__,
                origin=origin(failure),
            )
        if not fate.retry(delivery, self.queue, self.ladder, error):
            self._park(fate, delivery, event, "retries_exhausted", error)

    def _park(self, fate: Fate, delivery: Delivery, event: Event | None, reason: str, detail: str) -> None:
        on_parked = self.on_parked
        if on_parked is not None:
            wire = dict(event.wire) if event is not None else _wire(delivery.body)
            given = delivery.properties.get("message_id")
            message_id = given if isinstance(given, str) else None
            try:
                self.container.perform(
                    self, lambda service: getattr(service, on_parked)(wire, reason, detail, message_id)
                )
            except Exception as failure:
                if not self.anonymous:
                    _log.error("event.not_answered", queue=self.queue, error=type(failure).__name__)
                error, give_up = type(failure).__name__, not store_is_away(failure)
                if fate.retry(delivery, self.queue, self._answering, error, give_up=give_up):
                    return
                reason, detail = "not_answered", f"{reason}: {detail}" if detail else reason
        traceparent = event.traceparent if event and not self.anonymous else None
        fate.park(delivery, self.queue, reason, detail, traceparent)

    def circumstances(self, event: Event) -> Context:
        """The context in which an event's effect happens."""
        return Context() if self.anonymous else circumstances(event)


def circumstances(event: Event) -> Context:
    """The context in which an event's effect happens: who acted, and that this event caused it.

    What follows from an anonymous event is tied to nothing: the instant of the one is that of the other.
    """
    if event.anonymous:
        return Context()
    return Context(
        actor=event.actor,
        correlationid=event.correlationid or event.id,
        causationid=event.id,
        traceparent=event.traceparent,
    )


def store_is_away(failure: Exception) -> bool:
    """Whether the store did not answer, as opposed to having refused."""
    if isinstance(failure, Unavailable):
        return failure.code == "store.unavailable"
    return isinstance(failure, ConnectionFailure)


def _is_contended(failure: Exception) -> bool:
    return isinstance(failure, Unavailable) and failure.code == "store.contended"


def _is_anonymous(delivery: Delivery, event: Event | None) -> bool:
    """Also of an event that could not be read: of a newer version, say."""
    return event.anonymous if event is not None else bool((_wire(delivery.body) or {}).get("anonymous"))


def _wire(body: bytes) -> dict[str, Any] | None:
    try:
        wire = decode(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(wire, dict):
        return None
    # Half a character must not keep its sender from being told.
    return {name: value for name, value in wire.items() if writable(value)}
