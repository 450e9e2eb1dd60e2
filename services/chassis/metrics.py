"""What Prometheus reads of a process. Counters live with what they count; this is how they are told."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest

IN_FLIGHT = Gauge(
    "jishi_in_flight", "Messages received and not yet settled, and timers at work.", ["service"]
)
READY = Gauge("jishi_ready", "1 while the process can do its work, else 0.", ["service"])


def watch(service: str, *, in_flight: Callable[[], int], ready: Callable[[], bool]) -> None:
    """Read both gauges from ``service`` whenever somebody asks."""
    IN_FLIGHT.labels(service).set_function(in_flight)
    READY.labels(service).set_function(lambda: int(ready()))


def exposition(registry: CollectorRegistry = REGISTRY) -> tuple[bytes, str]:
    """All metrics of the process in Prometheus' text format, and its content type."""
    return generate_latest(registry), CONTENT_TYPE_LATEST
