"""Publishing with confirms: many messages at once, each with its outcome, never longer than a deadline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from time import monotonic
from typing import Any

import eventlet
import structlog
from amqp import Message, spec
from eventlet.event import Event as Signal
from eventlet.semaphore import Semaphore

from services.chassis import broker
from services.chassis.errors import Unavailable
from services.chassis.identity import new_id
from services.chassis.link import Link, LinkLost

_log = structlog.get_logger()
PUBLISH_SECONDS = 5.0
_PERSISTENT = 2


@dataclass(frozen=True)
class Outgoing:
    """One message to be published. ``expiration`` in seconds, for messages that wait."""

    exchange: str
    routing_key: str
    body: bytes
    headers: Mapping[str, Any] = field(default_factory=dict)
    message_id: str | None = None
    content_type: str | None = None
    expiration: float | None = None


class Outcome(Enum):
    """What became of a message."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"  # the broker has nowhere to put it
    FAILED = "failed"  # refused, or unknown: it may be there nevertheless


class ConfirmedPublisher:
    """Publishes persistent, mandatory messages on a connection of its own; safe for greenthreads.

    Connects on first use and again after a loss. Messages of one call, and of calls that follow one
    another, arrive in their order. Nothing is repeated: that is for the caller, who knows what is pending.
    ``prepare`` is given a channel of each new connection before anything is published on it.
    """

    def __init__(
        self,
        amqp_uri: str,
        *,
        name: str = "jishi-publisher",
        prepare: Callable[[Any], None] | None = None,
    ) -> None:
        self._amqp_uri = amqp_uri
        self._name = name
        self._prepare = prepare
        self._line: _Line | None = None
        self._connecting = Semaphore()

    def publish(self, messages: Sequence[Outgoing], deadline: float | None = None) -> list[Outcome]:
        """Publish all, then wait for the broker's word on each; returns by ``deadline``.

        ``deadline`` is an instant of ``time.monotonic()``, 5 s from now where none is given. Raises
        ``Unavailable`` where nothing could be sent: the broker is down or accepts nothing now. A message
        without an answer at the deadline is ``FAILED``.
        """
        if not messages:
            return []
        until = monotonic() + PUBLISH_SECONDS if deadline is None else deadline
        return self._connected(until).publish(messages, until)

    def close(self) -> None:
        """End the connection; a later ``publish`` opens a new one."""
        line, self._line = self._line, None
        if line is not None:
            line.link.close()

    def _connected(self, until: float) -> _Line:
        line = self._line
        if line is not None and line.link.alive:
            return line
        try:
            with eventlet.Timeout(max(until - monotonic(), 0.001), TimeoutError()), self._connecting:
                if self._line is None or not self._line.link.alive:
                    self._line = _Line(self._amqp_uri, self._name, until - monotonic(), self._prepare)
                return self._line
        except Exception as error:
            _log.warning("publisher.not_connected", error=type(error).__name__)
            raise Unavailable("broker.unavailable") from error


class _Line:
    """One connected channel in confirm mode and the messages on their way."""

    def __init__(
        self, amqp_uri: str, name: str, seconds: float, prepare: Callable[[Any], None] | None
    ) -> None:
        self.link = Link(amqp_uri, name=name, seconds=max(seconds, 0.001))
        try:
            if prepare is not None:
                prepare(self.link.channel())
            self._channel = self.link.channel()
            self._channel.confirm_select()
        except BaseException:
            self.link.connection.collect()
            raise
        self._channel._callbacks.update(
            {spec.Basic.Ack: self._on_ack, spec.Basic.Nack: self._on_nack, spec.Basic.Return: self._on_return}
        )
        self._next = 1
        self._lowest = 1
        self._waiting: dict[int, tuple[_Batch, int]] = {}
        self._by_id: dict[str, list[int]] = {}
        self._exchanges: set[str] = {""}
        self._writing = Semaphore()
        self.link.start(self._on_lost)

    def publish(self, messages: Sequence[Outgoing], until: float) -> list[Outcome]:
        batch = _Batch(len(messages))
        if not self._writing.acquire(timeout=_left(until)):
            raise Unavailable("broker.unavailable")
        try:
            if self.link.blocked:
                raise Unavailable("broker.blocked")
            self.link.write_together(lambda: self._send_all(batch, messages), seconds=_left(until))
        except LinkLost:
            if not batch.sent:
                raise Unavailable("broker.unavailable") from None
        except Unavailable:
            raise
        except Exception as error:
            # It was counted and never left: from now on every confirm would settle another message.
            self.link.fail(error)
            raise
        finally:
            self._writing.release()
        return batch.await_outcomes(until)

    def _send_all(self, batch: _Batch, messages: Sequence[Outgoing]) -> None:
        for index, message in enumerate(messages):
            if message.exchange not in self._exchanges:
                # Publishing to an exchange that is not there closes the channel and all on its way.
                broker.declare_exchange(self._channel, message.exchange, nowait=True)
                self._exchanges.add(message.exchange)
            self._send(batch, index, message)
        batch.all_sent()

    def _send(self, batch: _Batch, index: int, message: Outgoing) -> None:
        message_id = message.message_id or new_id()
        tag, self._next = self._next, self._next + 1
        self._waiting[tag] = (batch, index)
        self._by_id.setdefault(message_id, []).append(tag)
        batch.sent += 1
        content = Message(
            message.body,
            delivery_mode=_PERSISTENT,
            application_headers=dict(message.headers),
            message_id=message_id,
        )
        if message.content_type is not None:
            content.properties["content_type"] = message.content_type
        if message.expiration is not None:
            content.properties["expiration"] = str(max(int(message.expiration * 1000), 1))
        # Not basic_publish: it reads from the socket first, which is the reader's business.
        self._channel.send_method(
            spec.Basic.Publish, "Bssbb", (0, message.exchange, message.routing_key, True, False), content
        )

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._settle(tag, multiple, Outcome.CONFIRMED)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._settle(tag, multiple, Outcome.FAILED)

    def _on_return(self, code: int, text: str, exchange: str, key: str, message: Any) -> None:
        # The broker returns before it confirms, and names no tag: the message's id tells which one it was.
        for tag in self._by_id.get(message.properties.get("message_id", ""), ()):
            if waiting := self._waiting.get(tag):
                batch, index = waiting
                batch.outcomes[index] = Outcome.RETURNED

    def _settle(self, tag: int, multiple: bool, outcome: Outcome) -> None:
        if not multiple:
            self._settle_one(tag, outcome)
            return
        for each in range(self._lowest, tag + 1):
            self._settle_one(each, outcome)
        self._lowest = tag + 1

    def _settle_one(self, tag: int, outcome: Outcome) -> None:
        waiting = self._waiting.pop(tag, None)
        if waiting is not None:
            batch, index = waiting
            batch.settle(index, outcome)
        if not self._waiting:
            self._by_id.clear()
            self._lowest = self._next

    def _on_lost(self, error: BaseException) -> None:
        waiting, self._waiting = self._waiting, {}
        for batch, _ in waiting.values():
            batch.give_up()


class _Batch:
    """The messages of one call and what is known of them."""

    def __init__(self, size: int) -> None:
        self.outcomes: list[Outcome | None] = [None] * size
        self.sent = 0
        self._settled = 0
        self._complete = False
        self._done = Signal()

    def all_sent(self) -> None:
        """Nothing more of this call will be written."""
        self._complete = True
        self._look()

    def settle(self, index: int, outcome: Outcome) -> None:
        if self.outcomes[index] is None:
            self.outcomes[index] = outcome
        self._settled += 1
        self._look()

    def give_up(self) -> None:
        if not self._done.ready():
            self._done.send(None)

    def await_outcomes(self, until: float) -> list[Outcome]:
        if not self._done.ready():
            with eventlet.Timeout(_left(until), False):
                self._done.wait()
        return [outcome or Outcome.FAILED for outcome in self.outcomes]

    def _look(self) -> None:
        if self._complete and self._settled >= self.sent:
            self.give_up()


def _left(until: float) -> float:
    return max(until - monotonic(), 0.001)
