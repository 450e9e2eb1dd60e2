"""Being attached to queues: connect, declare, receive raw bodies, settle each, drain, connect again."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import eventlet
import structlog
from amqp import spec
from eventlet.event import Event as Signal

from services.chassis import broker
from services.chassis.broker import TopologyMismatch
from services.chassis.link import Link, LinkLost

_log = structlog.get_logger()
_CANCEL_SECONDS = 5.0
_LONGEST_PAUSE = 5.0


class Delivery:
    """One message in our hands: settled exactly once, by ``ack`` after its effect, or ``forget``."""

    __slots__ = (
        "_link",
        "_open",
        "_subscription",
        "body",
        "channel",
        "exchange",
        "message",
        "redelivered",
        "tag",
    )

    def __init__(self, message: Any, subscription: Subscription, link: Link) -> None:
        self.message = message
        self.body: bytes = message.body if isinstance(message.body, bytes) else bytes(message.body, "utf-8")
        self.channel = message.channel
        self.tag: int = message.delivery_info["delivery_tag"]
        self.exchange: str = message.delivery_info["exchange"]
        self.redelivered: bool = message.delivery_info["redelivered"]
        self._subscription = subscription
        self._link = link
        self._open = True

    @property
    def headers(self) -> Mapping[str, Any]:
        return self.message.properties.get("application_headers") or {}

    @property
    def properties(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.message.properties
        return found

    @property
    def routing_key(self) -> str:
        key: str = self.message.delivery_info["routing_key"]
        return key

    @property
    def alive(self) -> bool:
        """Whether it can still be acknowledged; if not, the broker delivers it again."""
        return self._open and self._link.alive

    def ack(self) -> bool:
        """Done: the broker may forget it. False where the connection is gone and it will come again."""
        if not self._open:
            return False
        self._open = False
        try:
            return self._acknowledge(multiple=False)
        finally:
            # Only now: who waits for the last one to be settled then closes the connection.
            self._subscription.settled_one()

    def forget(self) -> None:
        """Leave it unacknowledged: it comes again when this connection ends."""
        if self._close() and self._link.alive:
            self._subscription.abandoned = True

    def give_back(self) -> None:
        """End the connection, so that this and all else that is unsettled comes again soon."""
        self._link.fail(ConnectionAbortedError("a message could not be settled"))
        self._close()

    def publish(self, routing_key: str, content: Any) -> None:
        """Send ``content`` through the default exchange on the channel it came by; raises ``LinkLost``."""
        self._link.write(
            lambda: self.channel.send_method(
                spec.Basic.Publish, "Bssbb", (0, "", routing_key, False, False), content
            )
        )

    def _close(self) -> bool:
        if not self._open:
            return False
        self._open = False
        self._subscription.settled_one()
        return True

    def _acknowledge(self, *, multiple: bool) -> bool:
        try:
            # Bypasses py-amqp's argument handling: this runs once per message.
            self._link.write(lambda: self.channel.send_method(spec.Basic.Ack, "Lb", (self.tag, multiple)))
        except LinkLost:
            return False
        return True


def ack_all(deliveries: list[Delivery]) -> bool:
    """Acknowledge deliveries of one subscription, in the order they came, at once.

    ``deliveries`` must hold all that is open up to its last one: the acknowledgement covers them all.
    """
    last = deliveries[-1]
    if last._subscription.abandoned:
        # One acknowledgement for all would cover what was left to come again.
        acked = [each.ack() for each in deliveries]
        return all(acked)
    try:
        return last._acknowledge(multiple=True)
    finally:
        for each in deliveries:
            each._close()


class Subscription:
    """One queue's worth of messages: how it is declared, how many at once, and who gets them."""

    def __init__(
        self,
        queue: str,
        *,
        prefetch: int,
        declare: Callable[[Any], None],
        deliver: Callable[[Delivery], None],
    ) -> None:
        self.queue = queue
        self.prefetch = prefetch
        self.declare = declare
        self.deliver = deliver
        self.unsettled = 0
        self.cancelled = False
        self.abandoned = False
        self._idle: Signal | None = None
        self._channel: Any = None
        self._link: Link | None = None

    @property
    def attached(self) -> bool:
        """Whether the broker may still send messages."""
        live = self._link is not None and self._link.alive
        return live and self.queue in self._channel.callbacks

    def attach(self, link: Link) -> None:
        """Ask ``link``'s broker for messages, on a channel of its own: prefetch counts for it alone."""
        self._link = link
        self.abandoned = False
        self._channel = channel = link.channel()
        channel.auto_decode = False  # bodies stay as they came: nothing can fail before we look at it
        channel.basic_qos(0, self.prefetch, False)

        def received(message: Any) -> None:
            self.unsettled += 1
            self.deliver(Delivery(message, self, link))

        # Without waiting for an answer: what is delivered next is already the reader's business.
        channel.basic_consume(self.queue, consumer_tag=self.queue, callback=received, nowait=True)

    def cancel(self) -> None:
        """Receive nothing more. What was received is still to be settled: see ``await_idle``."""
        self.cancelled = True
        if self._link is None or not self._link.alive:
            return
        try:
            with eventlet.Timeout(_CANCEL_SECONDS, TimeoutError("the broker did not confirm")):
                self._channel.basic_cancel(self.queue)
        except Exception as error:
            self._link.fail(error)

    def await_idle(self) -> None:
        """Return when everything received is settled."""
        while self.unsettled:
            if self._idle is None:
                self._idle = Signal()
            self._idle.wait()

    def settled_one(self) -> None:
        """Called by a delivery, once."""
        self.unsettled -= 1
        if self.unsettled <= 0 and self._idle is not None:
            idle, self._idle = self._idle, None
            idle.send(None)


class Consumption:
    """All subscriptions of one kind in one process, on one connection that is made again when lost."""

    def __init__(
        self, amqp_uri: str, *, name: str, prepare: Callable[[Any, Any], None] | None = None
    ) -> None:
        self._amqp_uri = amqp_uri
        self._name = name
        self._prepare = prepare
        self._subscriptions: list[Subscription] = []
        self._link: Link | None = None
        self._stopping = False
        self._reconnecting: Any = None

    @property
    def connected(self) -> bool:
        """Whether messages can arrive now."""
        return not self._subscriptions or (self._link is not None and self._link.alive)

    @property
    def unsettled(self) -> int:
        """Messages received and not yet settled."""
        return sum(each.unsettled for each in self._subscriptions)

    def add(self, subscription: Subscription) -> None:
        """Before ``start``."""
        self._subscriptions.append(subscription)

    def start(self) -> None:
        """Attach every subscription; raises ``TopologyMismatch``, never waits without end.

        Where the broker is down it returns all the same and goes on trying: ``connected`` tells.
        """
        if not self._subscriptions:
            return
        try:
            self._connect()
        except TopologyMismatch:
            raise
        except Exception as error:
            self._connect_later(error)

    def stop(self) -> None:
        """End the connection; what is unsettled is delivered again, to somebody else."""
        self._stopping = True
        if self._reconnecting is not None:
            self._reconnecting.kill()
        if self._link is not None:
            self._link.close()

    def _connect(self) -> None:
        link = Link(self._amqp_uri, name=self._name)
        try:
            with eventlet.Timeout(broker.DECLARE_SECONDS, TimeoutError("the broker did not declare")):
                channel = link.channel()
                if self._prepare is not None:
                    self._prepare(link.connection, channel)
                wanted = [each for each in self._subscriptions if not each.cancelled]
                for each in wanted:
                    each.declare(channel)
                for each in wanted:
                    each.attach(link)
        except BaseException:
            link.connection.collect()
            raise
        self._link = link
        link.start(self._connect_later)

    def _connect_later(self, error: BaseException) -> None:
        if self._stopping:
            return
        _log.warning("consuming.disconnected", connection=self._name, error=type(error).__name__)
        self._reconnecting = eventlet.spawn(self._connect_again)

    def _connect_again(self) -> None:
        pause = 0.1
        while not self._stopping:
            eventlet.sleep(pause * random.uniform(0.7, 1.3))
            try:
                self._connect()
            except TopologyMismatch as mismatch:
                _log.error("consuming.topology_mismatch", connection=self._name, problem=str(mismatch))
            except Exception as error:
                _log.info("consuming.still_disconnected", connection=self._name, error=type(error).__name__)
            else:
                _log.info("consuming.connected", connection=self._name)
                return
            pause = min(pause * 2, _LONGEST_PAUSE)
