"""When a provider is left alone: a circuit breaker and a token bucket, as values. No clock here.

Both live in one process: each replica finds out for itself, and a rate is one of a process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Limits:
    """After ``failures`` in a row a provider rests for ``rest_seconds``; then one call tries it out.

    ``rate_per_second`` messages go to it, ``burst`` of them at once; 0 is no limit.
    """

    failures: int = 5
    rest_seconds: float = 30.0
    rate_per_second: float = 0.0
    burst: int = 1


@dataclass(frozen=True)
class Breaker:
    """Closed while ``opened_at`` is None. ``tried_at``: since when a call tries out whether it is well."""

    failures: int = 0
    opened_at: datetime | None = None
    tried_at: datetime | None = None

    def allows(self, limits: Limits, now: datetime) -> bool:
        """Whether it may be called: always while closed, and once at the end of each rest."""
        if self.opened_at is None:
            return True
        rest = timedelta(seconds=limits.rest_seconds)
        return now >= self.opened_at + rest and (self.tried_at is None or now >= self.tried_at + rest)

    def tries(self, now: datetime) -> Breaker:
        """A call begins: while open it is the only one."""
        return self if self.opened_at is None else replace(self, tried_at=now)

    def heard(self, harmed: bool, limits: Limits, now: datetime) -> Breaker:
        """What a call's end says of the provider."""
        if not harmed:
            return Breaker()
        failures = self.failures + 1
        if self.opened_at is not None or failures >= limits.failures:
            return Breaker(failures, opened_at=now)
        return Breaker(failures)


@dataclass(frozen=True)
class Bucket:
    """Tokens that are left, and when they were counted."""

    tokens: float
    counted_at: datetime

    def refilled(self, limits: Limits, now: datetime) -> Bucket:
        """With what has come in since, never more than a burst."""
        gone = max((now - self.counted_at).total_seconds(), 0.0)
        return Bucket(min(self.tokens + gone * limits.rate_per_second, float(limits.burst)), now)

    def less(self, taken: int) -> Bucket:
        """After ``taken`` messages."""
        return replace(self, tokens=self.tokens - taken)
