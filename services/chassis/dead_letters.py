"""The parked messages of a service: looked at, sent back to the consumer that failed, or dropped for good."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

import eventlet

from services.chassis import broker
from services.chassis.errors import NotFound, Unavailable
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing
from services.chassis.retries import (
    ATTEMPTS,
    CONSUMER,
    DETAIL,
    EXCHANGE,
    FIRST_FAILED_AT,
    LETTER,
    PARKED_AT,
    REASON,
    ROUTING_KEY,
    TRACEPARENT,
    plain_headers,
)

MOST = 10_000
_LONGEST_TYPE = 100
UNROUTED = "unrouted"  # in the place of a service: what no queue took
_LOOK_SECONDS = 120.0
_STILL_SECONDS = 2.0
_GIVE_BACK_SECONDS = 5.0
_ASK_AGAIN_SECONDS = 0.02
_OURS = (ATTEMPTS, CONSUMER, DETAIL, FIRST_FAILED_AT, LETTER, PARKED_AT, REASON)
_REPLAY_SECONDS = 10.0


@dataclass(frozen=True)
class DeadLetter:
    """One parked message. ``consumer`` is the queue whose handler failed."""

    id: str
    service: str
    reason: str
    detail: str
    consumer: str
    attempts: int
    first_failed_at: str | None
    parked_at: str | None
    exchange: str
    routing_key: str
    traceparent: str | None
    message_id: str | None
    content_type: str | None
    body: bytes

    @property
    def type(self) -> str | None:
        """What it calls itself, if it is an event at all."""
        try:
            said = json.loads(self.body)["type"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return said if isinstance(said, str) and len(said) <= _LONGEST_TYPE else None


def browse(amqp_uri: str, service: str, *, most: int = 1_000) -> list[DeadLetter]:
    """The oldest ``most`` parked messages of ``service``, all of which stay.

    Of a queue that holds more than ``MOST``, the first so many are looked at. While it looks, nobody else
    sees them. Raises ``Unavailable`` where the broker does not answer.
    """
    with _held(amqp_uri, service, MOST) as messages:
        return [letter for letter, _ in _oldest_first(service, list(messages.values()))][:most]


def show(amqp_uri: str, service: str, letter_id: str) -> DeadLetter:
    """One parked message; raises ``NotFound``."""
    found = next((each for each in browse(amqp_uri, service, most=MOST) if each.id == letter_id), None)
    if found is None:
        raise NotFound("dead_letter.not_found")
    return found


def replay(amqp_uri: str, service: str, letter_id: str | None = None) -> int:
    """Send a letter (all of them where none is named) back to the consumer that failed, with new attempts.

    Only that consumer gets it. A letter leaves the queue after the broker confirmed its copy. Returns how
    many were sent; raises ``NotFound`` where the named one is not there, ``Unavailable`` where its
    consumer's queue is not. What ``UNROUTED`` holds goes where it was going, and comes back to the end
    where there is still nobody.
    """
    publisher = ConfirmedPublisher(amqp_uri, name="jishi-replay")
    try:
        return _take(
            amqp_uri, service, letter_id, lambda letter, message: _send_back(publisher, letter, message)
        )
    finally:
        publisher.close()


def drop(amqp_uri: str, service: str, letter_id: str) -> None:
    """Delete one parked message for ever; raises ``NotFound``."""
    _take(amqp_uri, service, letter_id, lambda letter, message: None)


def _send_back(publisher: ConfirmedPublisher, letter: DeadLetter, message: Any) -> None:
    headers = plain_headers(message.properties.get("application_headers") or {})
    exchange, routing_key = ("", letter.consumer)
    if not letter.consumer:  # nobody had it yet: to all whom it concerns
        exchange, routing_key = message.delivery_info["exchange"], message.delivery_info["routing_key"]
    outgoing = Outgoing(
        exchange=exchange,
        routing_key=routing_key,
        body=letter.body,
        headers={name: value for name, value in headers.items() if name not in _OURS},
        message_id=letter.message_id,
        content_type=letter.content_type,
    )
    [outcome] = publisher.publish([outgoing], monotonic() + _REPLAY_SECONDS)
    if outcome is not Outcome.CONFIRMED:
        raise Unavailable("dead_letter.not_replayed", params={"consumer": routing_key})


def _take(amqp_uri: str, service: str, letter_id: str | None, act: Callable[[DeadLetter, Any], None]) -> int:
    taken = 0
    with _held(amqp_uri, service, MOST) as messages:
        for letter, message in _oldest_first(service, list(messages.values())):
            if letter_id in (None, letter.id):
                act(letter, message)
                message.channel.basic_ack(message.delivery_tag)
                del messages[message.delivery_tag]
                taken += 1
    if letter_id is not None and not taken:
        raise NotFound("dead_letter.not_found")
    return taken


def _oldest_first(service: str, messages: list[Any]) -> list[tuple[DeadLetter, Any]]:
    """Each look leaves the queue in another order: what was given back does not return to its place."""
    letters = [(_letter(service, message), message) for message in messages]
    return sorted(letters, key=lambda each: (each[0].parked_at or "", each[0].id))


@contextmanager
def _held(amqp_uri: str, service: str, most: int) -> Iterator[dict[int, Any]]:
    """Messages of the queue by their tags, unacknowledged; those still listed at the end are there again."""
    try:
        connection = broker.connect(amqp_uri, name="jishi-dead-letters")
    except OSError as error:
        raise Unavailable("broker.unavailable") from error
    with eventlet.Timeout(_LOOK_SECONDS, Unavailable("broker.unavailable")), closing(connection):
        channel = connection.channel()
        channel.auto_decode = False
        queue = broker.UNROUTED if service == UNROUTED else broker.dead_letter_queue(service)
        # Only as many as there are now: what is parked meanwhile, or comes round again, is for the next look.
        wanted = min(broker.depth(channel, queue) or 0, most)
        messages: dict[int, Any] = {}
        if not wanted:
            yield messages
            return
        # Consumed: one question each would take ten times as long.
        channel.basic_qos(0, wanted, False)

        def received(message: Any) -> None:
            messages[message.delivery_tag] = message

        consumer = channel.basic_consume(queue, callback=received)
        try:
            with suppress(TimeoutError):  # somebody else looks at the rest
                while len(messages) < wanted:
                    connection.drain_events(timeout=_STILL_SECONDS)
            yield messages
        finally:
            # The broker takes back what a connection held some time after it is closed: whoever looks next
            # would miss it. So it is told to, and asked until it has: a quorum queue answers before.
            with eventlet.Timeout(_GIVE_BACK_SECONDS, False):
                channel.basic_cancel(consumer)
                channel.basic_recover(requeue=True)
                while (broker.depth(channel, queue) or 0) < len(messages):
                    eventlet.sleep(_ASK_AGAIN_SECONDS)


def _letter(service: str, message: Any) -> DeadLetter:
    headers = message.properties.get("application_headers") or {}

    way = message.delivery_info
    attempts = headers.get(ATTEMPTS, 0)
    consumer = headers.get(CONSUMER)
    ours = True
    if service == UNROUTED:
        # Headers may be a stranger's here. What had waited for a queue has that queue as its key.
        ours = way["exchange"] == broker.RETURN
        consumer = way["routing_key"] if ours else None

    def text(name: str) -> str | None:
        value = headers.get(name)
        return None if value is None else str(value)

    return DeadLetter(
        id=text(LETTER) or str(message.properties.get("message_id") or message.delivery_tag),
        service=service,
        reason=text(REASON) or ("unrouted" if service == UNROUTED else "unknown"),
        detail=text(DETAIL) or "",
        consumer=consumer or "",
        attempts=attempts if isinstance(attempts, int) else 0,
        first_failed_at=text(FIRST_FAILED_AT),
        parked_at=text(PARKED_AT),
        exchange=(text(EXCHANGE) if ours else None) or way["exchange"],
        routing_key=(text(ROUTING_KEY) if ours else None) or way["routing_key"],
        traceparent=text(TRACEPARENT),
        message_id=message.properties.get("message_id"),
        content_type=message.properties.get("content_type"),
        body=message.body or b"",
    )
