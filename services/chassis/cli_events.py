"""``jishi events``: the events as they pass."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from time import monotonic
from typing import Any

import click

from services.chassis import broker
from services.chassis.cli_frame import as_json, one_service, service_names, settings, told

_PATIENCE = 0.5
_MOST_WAITING = 10_000


@click.group()
def group() -> None:
    """Watch the events."""


@group.command()
@one_service()
@click.option(
    "--type", "pattern", default="*", show_default=True, help="Only types like this, e.g. 'records.*'."
)
@click.option("--data", is_flag=True, help="Show the data too, which may hold personal data.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many.")
@click.option("--seconds", type=click.FloatRange(min=0), help="End after so long.")
@as_json
@told
def tail(
    service: str | None, pattern: str, data: bool, count: int | None, seconds: float | None, as_json: bool
) -> None:
    """Print events as they pass, from now on; takes none away from anybody."""
    exchanges = [f"{name}.events" for name in ([service] if service else service_names())]
    if service is None:
        exchanges += broker.CAMPUS
    shown = 0
    for said in _passing(settings().amqp_uri, exchanges, seconds):
        if not fnmatch.fnmatch(str(said.get("type", "")), pattern):
            continue
        if not data:
            said = {name: value for name, value in said.items() if name != "data"}
        click.echo(json.dumps(said, ensure_ascii=False) if as_json else _line(said))
        shown += 1
        if shown == count:
            return


def _passing(amqp_uri: str, exchanges: list[str], seconds: float | None) -> Iterator[dict[str, Any]]:
    """Events of ``exchanges`` from now on, through a queue that ends with this connection."""
    until = None if seconds is None else monotonic() + seconds
    connection = broker.connect(amqp_uri, name="jishi-events-tail")
    try:
        channel = connection.channel()
        channel.auto_decode = False
        # A reader who falls behind loses the oldest instead of filling the broker's memory.
        limit = {"x-max-length": _MOST_WAITING}
        queue = channel.queue_declare("", exclusive=True, auto_delete=True, arguments=limit).queue
        for exchange in exchanges:
            broker.declare_exchange(channel, exchange)
            channel.queue_bind(queue, exchange, routing_key="#")
        waiting: list[Any] = []
        channel.basic_consume(queue, no_ack=True, callback=waiting.append)
        while until is None or monotonic() < until:
            try:
                connection.drain_events(timeout=_PATIENCE)
            except TimeoutError:
                connection.heartbeat_tick()
            while waiting:
                yield _read(waiting.pop(0))
    finally:
        connection.collect()


def _read(message: Any) -> dict[str, Any]:
    try:
        said = json.loads(message.body)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict):
        return said
    return {
        "type": "not-an-event",
        "subject": message.delivery_info["routing_key"],
        "bytes": len(message.body),
    }


def _line(said: dict[str, Any]) -> str:
    parts = [str(said.get(name, "-")) for name in ("time", "type", "subject", "sequence")]
    if "data" in said:
        parts.append(json.dumps(said["data"], ensure_ascii=False))
    return "  ".join(parts)
