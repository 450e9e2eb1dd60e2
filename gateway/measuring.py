"""What the gateway counts: requests by route and answer, and how long they took."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("jishi_http_requests_total", "Requests answered.", ["route", "method", "status"])
SECONDS = Histogram(
    "jishi_http_seconds",
    "Time from the request's head to its answer's head.",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
FAILURES = Counter("jishi_http_failures_total", "Requests on which the gateway failed.", ["route", "error"])
STREAMS = Gauge("jishi_http_streams", "Live streams that are open.")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def count(route: str, method: str, status: int, seconds: float) -> None:
    """Count one answered request. ``route`` is the declared path, never the one that was asked for."""
    counter, histogram = _series(route, method if method in _METHODS else "other", status)
    counter.inc()
    histogram.observe(seconds)


@lru_cache(maxsize=2048)
def _series(route: str, method: str, status: int) -> tuple[Any, Any]:
    return REQUESTS.labels(route, method, str(status)), SECONDS.labels(route)
