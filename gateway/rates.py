"""How many requests one caller may send: a token bucket each, in the memory of this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from time import monotonic

from gateway.refusals import TooMany

_MOST_CALLERS = 20_000


class Rates:
    """``burst`` requests at once, ``per_second`` on the long run, for each caller.

    Every gateway process counts for itself. Callers that were not seen for longest are forgotten first;
    a forgotten one starts with a full bucket.
    """

    def __init__(self, per_second: float, burst: int, now: Callable[[], float] = monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request; raises ``TooMany`` with the seconds after which one more is taken."""
        now = self._now()
        tokens, seen = self._buckets.pop(caller, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - seen) * self._per_second)
        allowed = tokens >= 1.0
        self._buckets[caller] = (tokens - 1.0 if allowed else tokens, now)
        if len(self._buckets) > _MOST_CALLERS:
            self._buckets.popitem(last=False)
        if not allowed:
            wait = ceil((1.0 - tokens) / self._per_second)
            raise TooMany("rate.exceeded", headers={"Retry-After": str(max(wait, 1))})
