"""Being attached to queues: connect, declare, receive raw bodies, drain, connect again."""

from __future__ import annotations

import random
from collections.abc import Callable
from time import monotonic
from typing import Any

import eventlet
import structlog
from eventlet.event import Event as Signal

from services.chassis import broker
from services.chassis.broker import TopologyMismatch
from services.chassis.deliveries import Delivery
from services.chassis.link import Link

_log = structlog.get_logger()
_ANSWER_SECONDS = 5.0
_APPLIED_SECONDS = 5.0
_LONGEST_PAUSE = 5.0


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

    def drain(self) -> None:
        """Receive nothing more; return when all that was received is settled and the broker knows it."""
        if self.cancelled:
            self._await_idle()
            return
        # At once: others that drain the same subscription must only wait, and not ask as well.
        attached, self.cancelled = self.attached, True
        others = max(self._consumers() - 1, 0)
        if attached:
            # What a quorum queue meant for us and had not sent by then goes to the next, marked as
            # delivered again although nobody had it.
            try:
                with eventlet.Timeout(_ANSWER_SECONDS, TimeoutError("the broker did not confirm")):
                    self._channel.basic_cancel(self.queue)
            except Exception as error:
                self._fail(error)
        self._await_idle()
        self._await_applied(others)

    def _await_idle(self) -> None:
        while self.unsettled:
            if self._idle is None:
                self._idle = Signal()
            self._idle.wait()

    def _await_applied(self, others: int) -> None:
        """Wait until the broker counts no consumer for us, briefly, and what came until then is settled.

        A quorum queue's channel keeps acknowledgements back while more than 32 are being written, and
        drops them when it ends: what was done would be delivered again. A cancelled consumer is counted
        until its last acknowledgement is applied. Others that come just then make us wait in vain.
        """
        until = monotonic() + _APPLIED_SECONDS
        while self._consumers() > others:
            if monotonic() > until:
                _log.warning("drain.acknowledgements_unknown", queue=self.queue)
                break
            eventlet.sleep(0.02)
        self._await_idle()

    def _consumers(self) -> int:
        """How many consumers the broker counts on the queue, ours among them; 0 where it cannot say."""
        if self._link is None or not self._link.alive:
            return 0
        try:
            with eventlet.Timeout(_ANSWER_SECONDS, TimeoutError("the broker did not answer")):
                return int(self._channel.queue_declare(self.queue, passive=True).consumer_count)
        except Exception as error:
            self._fail(error)
            return 0

    def _fail(self, error: Exception) -> None:
        if self._link is not None:
            self._link.fail(error)

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
