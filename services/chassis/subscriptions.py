"""Who is owed which events: the durable subscriptions of all services, known to each of them.

An event that is confirmed before its reader's queue exists would never reach it. So whoever publishes
declares the queues of all readers first, from ``services/contracts/subscriptions.json``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import structlog

import services
from services.chassis import broker

_log = structlog.get_logger()


@dataclass(frozen=True, order=True)
class Owed:
    """One queue that is to be fed from (exchange, key) whether its owner has started yet or not."""

    queue: str
    service: str
    bindings: tuple[tuple[str, str], ...]


@cache
def owed() -> Sequence[Owed]:
    """The subscriptions of this installation; none where it publishes no list."""
    listed = Path(services.__path__[0]) / "contracts" / "subscriptions.json"
    if not listed.exists():
        return ()
    return tuple(
        Owed(queue, told["service"], tuple(_binding(each) for each in told["bindings"]))
        for queue, told in json.loads(listed.read_text(encoding="utf-8")).items()
    )


def is_owed(exchange: str, key: str) -> bool:
    """Whether any service of this installation reads what is published so."""
    # A binding of ours is a whole key, or everything (see EventEntrypoint.bindings).
    return any((exchange, each) in reader.bindings for reader in owed() for each in (key, "#"))


def is_bound(exchange: str, key: str) -> bool:
    """Whether a queue of this installation is bound to this very key."""
    return any((exchange, key) in reader.bindings for reader in owed())


def _binding(told: str) -> tuple[str, str]:
    exchange, key = told.split(" ")
    return exchange, key


def text_of(found: Sequence[Owed]) -> str:
    """The list as it is published."""
    listed = {
        each.queue: {"service": each.service, "bindings": [" ".join(binding) for binding in each.bindings]}
        for each in sorted(found)
    }
    return json.dumps(listed, indent=2) + "\n"


def declare(channel: Any, service: str) -> None:
    """All that must exist before an event of ``service`` may leave. Run it inside a deadline."""
    broker.declare_shared(channel)
    broker.declare_service(channel, service)
    for each in owed():
        try:
            broker.declare_consumer(channel, each.queue, each.bindings)
        except broker.TopologyMismatch as mismatch:
            # It is there and takes what it is bound to; its own service refuses to start on it.
            _log.error("subscription.mismatch", queue=each.queue, problem=str(mismatch))
            channel = channel.connection.channel()
