"""What exists on the broker: exchanges, queues, the ladder on which failed messages wait; and its check."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any

import eventlet
from amqp import Message
from amqp.exceptions import NotFound, PreconditionFailed
from kombu.connection import Connection

from services.chassis import unreadable  # noqa: F401 - whoever connects must be able to read strangers
from services.chassis.identity import new_id

UNROUTED = "jishi.unrouted"
RETURN = "jishi.return"
DEAD_LETTERS = "jishi.dead-letters"
CAMPUS = ("campus.events", "campus.rejections")
PROBE = "jishi.wait.probe"
DECLARE_SECONDS = 20.0
PROBE_SECONDS = 5.0
_LATE_PROBE_MS = 60_000
HEARTBEAT_SECONDS = 15
# py-amqp gives up on unacknowledged bytes after 1 s, which a broker that pauses publishers exceeds.
_SOCKET_SETTINGS = {socket.TCP_USER_TIMEOUT: 10_000}
# The one argument: everything else is policy, which an operator can change without a new queue.
_QUORUM = {"x-queue-type": "quorum"}


class TopologyMismatch(Exception):
    """The broker holds an object of this name in another form, or lacks the policies the ladder needs."""


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: a queue in which a message waits about ``seconds``."""

    name: str
    seconds: float

    @property
    def queue(self) -> str:
        """The waiting queue, and the exchange that feeds it."""
        return f"jishi.wait.{self.name}"


RUNGS = (Rung("5s", 5), Rung("30s", 30), Rung("2m", 120), Rung("10m", 600), Rung("1h", 3600))


def dead_letter_queue(service: str) -> str:
    """Where messages of ``service`` are parked: ``records.dead-letters``."""
    return f"{service}.dead-letters"


def rpc_queue(service: str) -> str:
    """Where calls of ``service`` arrive: ``rpc.records``."""
    return f"rpc.{service}"


def exchange_type(name: str) -> str:
    """The type of one of the platform's exchanges, which its name tells."""
    if name.startswith("jishi.wait.") or name == UNROUTED:
        return "fanout"
    return "direct" if name in (RETURN, DEAD_LETTERS) else "topic"


def connect(
    amqp_uri: str, *, name: str = "jishi", seconds: float = 5.0, heartbeat: int = HEARTBEAT_SECONDS
) -> Any:
    """An open AMQP connection; raises ``OSError`` or ``TimeoutError`` within ``seconds``.

    ``name`` is what the operator sees in the broker's list of connections.
    """
    parameters: Any = Connection(  # type: ignore[no-untyped-call]  # kombu annotates only in part
        amqp_uri,
        connect_timeout=seconds,
        heartbeat=heartbeat,
        transport_options={
            "client_properties": {"connection_name": name},
            "socket_settings": _SOCKET_SETTINGS,
        },
    )
    with eventlet.Timeout(seconds, TimeoutError("the broker did not answer")):
        return parameters.transport.establish_connection()


def declare_exchange(channel: Any, name: str, *, nowait: bool = False) -> None:
    """See that an exchange exists; raises ``TopologyMismatch`` where it is of another form."""
    try:
        channel.exchange_declare(name, exchange_type(name), durable=True, auto_delete=False, nowait=nowait)
    except PreconditionFailed:
        raise TopologyMismatch(
            f"exchange {name} exists in another form than durable {exchange_type(name)}"
        ) from None


def declare_queue(channel: Any, name: str, *, quorum: bool = True) -> None:
    """See that a durable queue exists; raises ``TopologyMismatch`` where it is of another form.

    Run it inside a deadline. A queue is never deleted to change its form: that is for an operator.
    """
    try:
        channel.queue_declare(name, durable=True, auto_delete=False, arguments=_QUORUM if quorum else None)
    except PreconditionFailed:
        form = "quorum" if quorum else "classic"
        raise TopologyMismatch(
            f"queue {name} exists in another form than durable {form}: move its messages, delete it, restart"
        ) from None


def declare_shared(channel: Any) -> None:
    """What every service needs: the ladder, its way back, the unrouted, the dead letters, the campus."""
    for exchange in (RETURN, DEAD_LETTERS, UNROUTED, *CAMPUS):
        declare_exchange(channel, exchange)
    declare_queue(channel, UNROUTED)
    channel.queue_bind(UNROUTED, UNROUTED)
    for queue in (*(rung.queue for rung in RUNGS), PROBE):
        declare_exchange(channel, queue)
        declare_queue(channel, queue)
        channel.queue_bind(queue, queue)


def declare_service(channel: Any, service: str) -> None:
    """The exchange of a service's own events and the queue of its dead letters."""
    declare_exchange(channel, f"{service}.events")
    queue = dead_letter_queue(service)
    declare_queue(channel, queue)
    channel.queue_bind(queue, DEAD_LETTERS, routing_key=service)


def declare_consumer(channel: Any, queue: str, bindings: Iterable[tuple[str, str]]) -> None:
    """A consumer's queue, bound to (exchange, key) and to the way back from the ladder."""
    declare_queue(channel, queue)
    channel.queue_bind(queue, RETURN, routing_key=queue)
    for exchange, key in bindings:
        declare_exchange(channel, exchange)
        channel.queue_bind(queue, exchange, routing_key=key)


def probe_ladder(connection: Any, seconds: float = PROBE_SECONDS) -> bool:
    """Whether a waiting message comes back: False means that the policies are missing on this broker.

    Without them an expired message would be dropped, so nothing may be consumed. Uses a waiting queue
    of its own, since a message leaves only from the head and a busy rung would keep the probe back.
    """
    channel = connection.channel()
    came_back: list[bool] = []
    try:
        declare_exchange(channel, RETURN)
        declare_exchange(channel, PROBE)
        declare_queue(channel, PROBE)
        channel.queue_bind(PROBE, PROBE)
        key = f"probe.{new_id()}"
        # It outlives us for a minute: a probe that comes too late goes with it, and is not without a home.
        channel.queue_declare(key, durable=True, auto_delete=False, arguments={"x-expires": _LATE_PROBE_MS})
        channel.queue_bind(key, RETURN, routing_key=key)
        channel.basic_consume(key, no_ack=True, callback=lambda _: came_back.append(True))
        channel.basic_publish(Message(b"", expiration="1"), exchange=PROBE, routing_key=key)
        until = monotonic() + seconds
        while not came_back and (left := until - monotonic()) > 0:
            try:
                connection.drain_events(timeout=left)
            except TimeoutError:
                break
        if came_back:
            channel.queue_delete(key)
    finally:
        channel.close()
    return bool(came_back)


def depth(channel: Any, queue: str) -> int | None:
    """How many messages are ready in ``queue``; None where there is no such queue."""
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    except NotFound:
        return None
