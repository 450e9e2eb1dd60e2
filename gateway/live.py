"""Live updates: one queue of this process for all events, shared out to those who may see them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any

import eventlet
import structlog
from eventlet.event import Event as Signal

from gateway import visibility
from gateway.measuring import STREAMS
from gateway.published import exchanges
from gateway.refusals import TooMany
from gateway.visibility import Scope
from services.chassis import broker
from services.chassis.clock import Clock
from services.chassis.consuming import Consumption, Subscription
from services.chassis.deliveries import Delivery
from services.chassis.envelope import Event, parse
from services.chassis.errors import Permanent, Refusal, Unauthenticated, Unavailable
from services.chassis.identity import timeless_id

HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 3000
MOST_WAITING = 1000
MOST_STREAMS = 1000
# As many as one person has pages open; more would take the place of others.
MOST_STREAMS_OF_ONE = 5
_PREFETCH = 500
_log = structlog.get_logger()
_MISSED, _ENDED = object(), object()


class Live:
    """The process's ear on the backbone.

    The queue is exclusive and goes with its connection: nothing is kept for a stream that is not open.
    A stream that cannot keep up, and every stream after the broker was away, is told that it missed
    something, so that its reader loads anew.
    """

    def __init__(self, amqp_uri: str, clock: Clock) -> None:
        self.clock = clock
        self._streams: set[Stream] = set()
        self._declared = False
        self._queue = f"gateway.live.{timeless_id()}"
        self._consumption = Consumption(amqp_uri, name="jishi-gateway-live")
        self._consumption.add(
            Subscription(
                self._queue,
                prefetch=_PREFETCH,
                declare=self._declare,
                deliver=self._share_out,
            )
        )

    @property
    def connected(self) -> bool:
        """Whether events arrive now."""
        return self._consumption.connected

    @property
    def full(self) -> bool:
        """Whether no more streams are taken."""
        return len(self._streams) >= MOST_STREAMS

    def start(self) -> None:
        """Begin to listen; where the broker is down, goes on trying."""
        self._consumption.start()

    def stop(self) -> None:
        """End every stream, then listen no more."""
        for stream in list(self._streams):
            stream.put(_ENDED)
        self._consumption.stop()

    def stream(self, person: str, load: Callable[[], Scope], check: Callable[[], None]) -> Stream:
        """A new stream. ``load`` asks where its reader stands; ``check`` raises once the session ended.

        Raises ``TooMany`` where the person reads enough of them already.
        """
        if sum(each.person == person for each in self._streams) >= MOST_STREAMS_OF_ONE:
            raise TooMany("streams.too_many", params={"most": MOST_STREAMS_OF_ONE})
        return Stream(self._streams, person, load, check)

    def _declare(self, channel: Any) -> None:
        channel.queue_declare(self._queue, exclusive=True, auto_delete=True, durable=False)
        for exchange in exchanges():
            broker.declare_exchange(channel, exchange)
            channel.queue_bind(self._queue, exchange, routing_key="#")
        if self._declared:
            for stream in self._streams:
                stream.put(_MISSED)
        self._declared = True

    def _share_out(self, delivery: Delivery) -> None:
        delivery.ack()
        if not self._streams:
            return
        try:
            event = parse(delivery.body)
        except Permanent as broken:
            _log.warning("live.event_not_readable", reason=broken.reason)
            return
        for stream in self._streams:
            stream.put(event)


class Stream:
    """One reader's events as Server-Sent Events, from ``hello`` on; what was before is not told again.

    However much happens, every ``HEARTBEAT_SECONDS`` the session is checked and asked anew where the
    reader stands, so that neither outlives what it was given for.
    """

    def __init__(
        self, streams: set[Stream], person: str, load: Callable[[], Scope], check: Callable[[], None]
    ) -> None:
        self.person = person
        self._streams = streams
        self._load = load
        self._check = check
        self._waiting: deque[Any] = deque()
        self._signal: Signal | None = None
        self._begun = False
        self._closed = False
        self._next_check = monotonic() + HEARTBEAT_SECONDS
        # Listening begins before the scope is asked for: a change in between is not overheard.
        streams.add(self)
        STREAMS.inc()
        try:
            self._scope = load()
        except BaseException:
            self.close()
            raise

    def put(self, item: Any) -> None:
        """Give the stream an event or a sign; never waits.

        Where too many wait already, all are dropped for the one sign that something was missed.
        """
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            self._waiting.append(_MISSED)
        self._waiting.append(item)
        signal, self._signal = self._signal, None
        if signal is not None:
            signal.send(None)

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> bytes:
        if not self._begun:
            self._begun = True
            return b"retry: %d\n" % RETRY_MILLISECONDS + _sse("hello", {"person": self._scope.person})
        while not self._closed:
            piece = self._next_piece()
            if piece is not None:
                return piece
        raise StopIteration

    def close(self) -> None:
        """No more events; called by the server when the reader has gone."""
        if not self._closed:
            self._closed = True
            self._streams.discard(self)
            STREAMS.dec()

    def _next_piece(self) -> bytes | None:
        left = self._next_check - monotonic()
        if left <= 0:
            return self._heartbeat()
        if not self._waiting:
            self._signal = Signal()
            self._signal.wait(timeout=left)
            return None
        item = self._waiting.popleft()
        if item is _ENDED:
            self.close()
            return None
        if item is _MISSED:
            return _sse("missed", {})
        try:
            return self._told(item)
        except Refusal:
            # Where the reader stands is not known any more: it connects again and is asked anew.
            self.close()
            return None

    def _heartbeat(self) -> bytes | None:
        self._next_check = monotonic() + HEARTBEAT_SECONDS
        try:
            self._check()
            self._scope = self._load()
        except Unavailable:
            pass  # nobody can be asked now; without records no post changes either
        except Unauthenticated:
            self.close()
            return _sse("ended", {})
        except Refusal:
            self.close()
            return None
        return b": still here\n\n"

    def _told(self, event: Event) -> bytes | None:
        view = visibility.view(self._scope, event)
        if event.type == "records.organisation.changed.v1":
            self._scope = self._scope.moved(event.data["organisation"], event.data["path"])
            view = view or visibility.view(self._scope, event)
        elif _concerns(event, self._scope):
            self._scope = self._load()
        if view is None:
            eventlet.sleep(0)
            return None
        return b"id: %s\n" % event.id.encode() + _sse(event.type, view)


def _concerns(event: Event, scope: Scope) -> bool:
    changes = ("records.post.changed.v1", "records.person.changed.v1")
    return event.type in changes and event.data["person"] == scope.person


def _sse(name: str, content: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n".encode()
