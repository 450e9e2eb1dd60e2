"""Providers at work in this process: how many calls each still takes, and whether it rests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

import structlog
from eventlet.event import Event as Signal
from eventlet.greenpool import GreenPool
from eventlet.semaphore import Semaphore
from prometheus_client import Counter, Gauge

from services.notify.channels.breaker import Breaker, Bucket, Limits
from services.notify.channels.model import (
    Answer,
    CannotTell,
    Channel,
    Enquiry,
    Finding,
    Letter,
    NoAnswer,
    NotReceived,
    Reporting,
    harm,
    is_called,
)
from services.notify.channels.providers import Way
from services.notify.channels.shape import Shape

MOST_ASKED_AT_ONCE = 4
ASKS_WAITING = 8  # each may be behind two others, which is less than the lease of a question
# Messages that wait per call in flight, and one call at least, where a claim that a crash leaves can be asked
# about. More of them would only grow old: a claim that waits for long is not sent.
PREFETCH = 8

_RESTS = Gauge("jishi_provider_rests", "1 while a provider rests after failures", ["provider"])
_CALLS = Counter("jishi_provider_calls", "Calls to a provider by what they came to", ["provider", "answer"])
_log = structlog.get_logger()


class Line:
    """One provider: a queue, a limit of calls in flight, a breaker and a rate of its own.

    Nothing of it waits for another provider. All of it is this process's: replicas each have their own.
    """

    def __init__(
        self,
        name: str,
        channel: Channel,
        way: Way,
        *,
        priority: int = 1,
        limits: Limits,
        most_at_once: int,
        reports: Shape | None = None,
        receipt_secret: str | None = None,
    ) -> None:
        self.name = name
        self.channel = channel
        self.way = way
        self.priority = priority
        self.reports = reports
        self.receipt_secret = receipt_secret
        self.serves = most_at_once > 0
        self._limits = limits
        self._breaker = Breaker()
        self._bucket: Bucket | None = None
        # What waits here is claimed: where a crash could not be cleared up, nothing is claimed early.
        waiting = max(most_at_once * PREFETCH // way.most_per_call, 1) if way.can_be_asked else 0
        self._calls = GreenPool(most_at_once + waiting)
        self._slots = Semaphore(most_at_once)
        self._asks = GreenPool(MOST_ASKED_AT_ONCE + ASKS_WAITING)
        self._ask_slots = Semaphore(MOST_ASKED_AT_ONCE)

    @property
    def reporting(self) -> Reporting:
        """How it tells what became of what it took."""
        if self.way.polls:
            return Reporting.WHEN_ASKED
        reports = self.reports.reports if self.reports else None
        return Reporting.BY_ITSELF if reports and self.receipt_secret else Reporting.NEVER

    def allows(self, now: datetime) -> bool:
        """Whether it does not rest."""
        return self._breaker.allows(self._limits, now)

    def room(self, now: datetime) -> tuple[int, int]:
        """How many calls, and how many messages, it may be given now."""
        if not self.allows(now):
            return 0, 0
        calls = int(self._calls.free())
        if self._breaker.opened_at is not None:
            return min(calls, 1), 1  # one message tries out whether it is well again
        messages = calls * self.way.most_per_call
        if self._limits.rate_per_second:
            kept = self._bucket or Bucket(float(self._limits.burst), now)
            self._bucket = kept.refilled(self._limits, now)
            messages = min(messages, int(self._bucket.tokens))
        return calls, messages

    def begin(self, task: Callable[..., Any], messages: int, now: datetime, *args: Any) -> None:
        """Run ``task(*args)`` when a slot is free; ``room`` was asked before."""
        if self._bucket is not None:
            self._bucket = self._bucket.less(messages)
        # It may have begun to rest since ``room`` was asked: then none of what was claimed tries it out.
        trying = self._breaker.opened_at is not None and self.allows(now)
        if trying:
            self._breaker = self._breaker.tries(now)
        self._calls.spawn_n(self._in_turn, task, trying, *args)

    def _in_turn(self, task: Callable[..., Any], trying: bool, *args: Any) -> None:
        with self._slots:
            task(*args, trying)

    def rests(self, trying: bool) -> bool:
        """Whether a call that waited for its slot is better not made: others failed meanwhile."""
        return self._breaker.opened_at is not None and not trying

    def send(self, call: str, letters: Sequence[Letter], now: Callable[[], datetime]) -> list[Answer]:
        """What the provider answers; what that says of it is remembered."""
        answers = self.way.send(call, letters)
        _CALLS.labels(self.name, type(answers[0]).__name__).inc()
        if not any(is_called(each) for each in answers):
            return answers
        before = self._breaker.opened_at
        self._breaker = self._breaker.heard(all(harm(each) for each in answers), self._limits, now())
        after = self._breaker.opened_at
        _RESTS.labels(self.name).set(after is not None)
        if (before is None) != (after is None):
            text = "provider.rests" if after else "provider.is_back"
            _log.warning(text, provider=self.name)
        return answers

    def at_once(self, letter: Letter, now: Callable[[], datetime], patience: float) -> Answer:
        """The answer to one letter that somebody waits for, at most ``patience`` seconds; it keeps to the
        slots, the rate and the rest of the provider."""
        if not self.room(now())[1]:
            return NotReceived("provider_busy")
        heard = Signal()

        def call(trying: bool) -> None:
            try:
                heard.send(self.send(letter.reference, [letter], now)[0])
            except Exception as failure:
                # Nobody knows how far it came.
                _log.error("call.failed", provider=self.name, error=type(failure).__name__)
                heard.send(None)

        self.begin(call, 1, now())
        return heard.wait(patience) or NoAnswer("no_answer")

    def asks_free(self) -> int:
        """How many questions it may be given now."""
        return int(self._asks.free())

    def ask(self, task: Callable[..., Any], *args: Any) -> None:
        """Run ``task(*args)`` when a slot is free; beyond ``asks_free`` the caller waits."""
        self._asks.spawn_n(self._ask_in_turn, task, *args)

    def _ask_in_turn(self, task: Callable[..., Any], *args: Any) -> None:
        with self._ask_slots:
            task(*args)

    def wait(self) -> None:
        """Return when nothing is under way."""
        self._calls.waitall()
        self._asks.waitall()


def first_to_take(
    lines: Sequence[Line], letter: Letter, now: Callable[[], datetime], patience: float
) -> Answer:
    """The answer of the first of ``lines`` that took the letter, may have, or never will; else why the last
    one did not. All together are given ``patience`` seconds: whoever waits for it does so no longer."""
    answer: Answer = NotReceived("no_channel")
    until = monotonic() + patience
    for line in lines:
        if (left := until - monotonic()) <= 0:
            break
        answer = line.at_once(letter, now, left)
        if not isinstance(answer, NotReceived):
            break
    return answer


class Gone:
    """A provider that is not configured any more: what it had cannot be asked about."""

    most_per_call = 1
    one_text_per_call = True
    can_be_asked = False
    polls = False

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        raise NotImplementedError("nothing is sent this way")

    def find(self, enquiry: Enquiry) -> Finding:
        """Nothing."""
        return CannotTell()
