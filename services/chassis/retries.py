"""What becomes of a message that failed: it waits on the ladder, or it is parked with its reason."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import eventlet
import structlog
from prometheus_client import Counter

from services.chassis.broker import DEAD_LETTERS, RUNGS, Rung
from services.chassis.clock import Clock
from services.chassis.deliveries import Delivery
from services.chassis.errors import Unavailable, origin
from services.chassis.identity import new_id, timeless_id
from services.chassis.publishing import ConfirmedPublisher, Outcome, Outgoing

_log = structlog.get_logger()
EVENTS = Counter("jishi_events", "Events by what became of them.", ["queue", "outcome"])

ATTEMPTS = "x-jishi-attempts"
FIRST_FAILED_AT = "x-jishi-first-failed-at"
EXCHANGE = "x-jishi-exchange"
ROUTING_KEY = "x-jishi-routing-key"
REASON = "x-jishi-reason"
DETAIL = "x-jishi-detail"
CONSUMER = "x-jishi-consumer"
PARKED_AT = "x-jishi-parked-at"
LETTER = "x-jishi-letter"
TRACEPARENT = "traceparent"
_OURS = frozenset((ATTEMPTS, REASON, DETAIL, CONSUMER, PARKED_AT, LETTER))
DEFAULT_ATTEMPTS = 7
JITTER = 0.2
_LONGEST_TEXT = 500
_LONGEST_PAUSE = 5.0
_MOVE_SECONDS = 5.0


@dataclass(frozen=True)
class Ladder:
    """How long a message waits after each failure, and after how many it is given up.

    ``attempts`` failures are tried again, one rung higher each time and then on the last; ``scale``
    shortens the waits for rehearsals.
    """

    attempts: int = DEFAULT_ATTEMPTS
    scale: float = 1.0

    def wait(self, failures: int, chance: float) -> tuple[Rung, float] | None:
        """The rung and the seconds after ``failures`` (from 1); None when it is to be parked.

        ``chance`` in [0, 1) spreads the seconds by ``JITTER`` either way, so that what failed together
        does not come back together.
        """
        if failures > self.attempts:
            return None
        rung = RUNGS[min(failures, len(RUNGS)) - 1]
        return rung, rung.seconds * self.scale * (1 - JITTER + 2 * JITTER * chance)


class Fate:
    """Moves failed messages of one service. A move is a confirmed publish, then the acknowledgement.

    So a message is in at least one place at any instant; when both survive a crash, the inbox knows. Of
    an ``anonymous`` event it notes the campus day only, and no id that tells more; ``unseen``, neither a line
    nor a counter tells that it failed just now.
    """

    def __init__(
        self,
        service: str,
        publisher: ConfirmedPublisher,
        clock: Clock,
        *,
        anonymous: bool = False,
        unseen: bool = False,
    ) -> None:
        self._service = service
        self._publisher = publisher
        self._clock = clock
        self._anonymous = anonymous
        self._unseen = unseen

    def retry(
        self, delivery: Delivery, queue: str, ladder: Ladder, error: str, *, give_up: bool = True
    ) -> bool:
        """Let it wait for its next attempt at ``queue``; False when it has had its last.

        With ``give_up=False`` it stays on the last rung for as long as it takes.
        """
        failures = failures_of(delivery) + 1
        wait = ladder.wait(failures if give_up else min(failures, ladder.attempts), random.random())
        if wait is None:
            return False
        rung, seconds = wait
        self._move(
            delivery,
            Outgoing(
                exchange=rung.queue,
                routing_key=queue,
                body=delivery.body,
                headers={**self._history(delivery), ATTEMPTS: failures, REASON: error[:_LONGEST_TEXT]},
                message_id=delivery.properties.get("message_id") or timeless_id(),
                content_type=delivery.properties.get("content_type"),
                expiration=seconds,
            ),
        )
        if not self._unseen:
            EVENTS.labels(queue, "retried").inc()
            _log.warning(
                "event.waits", queue=queue, attempts=failures, seconds=round(seconds, 1), error=error
            )
        return True

    def park(
        self, delivery: Delivery, queue: str, reason: str, detail: str = "", traceparent: str | None = None
    ) -> None:
        """Put it where an operator sees it, with the reason; it waits there until someone decides."""
        attempts = failures_of(delivery) + 1
        letter = timeless_id() if self._anonymous else new_id()
        headers = {
            **self._history(delivery),
            ATTEMPTS: attempts,
            REASON: reason[:_LONGEST_TEXT],
            DETAIL: detail[:_LONGEST_TEXT],
            CONSUMER: queue,
            PARKED_AT: self._now(),
            LETTER: letter,
        }
        if traceparent:
            headers[TRACEPARENT] = traceparent
        self._move(
            delivery,
            Outgoing(
                exchange=DEAD_LETTERS,
                routing_key=self._service,
                body=delivery.body,
                headers=headers,
                message_id=delivery.properties.get("message_id") or timeless_id(),
                content_type=delivery.properties.get("content_type"),
            ),
        )
        if not self._unseen:
            EVENTS.labels(queue, "parked").inc()
            told = None if self._anonymous else letter
            _log.error("event.parked", queue=queue, reason=reason, attempts=attempts, letter=told)

    def _move(self, delivery: Delivery, message: Outgoing) -> None:
        """Publish until it is confirmed, then acknowledge. Ends early only when it will come again.

        What cannot even be written goes once more with nothing around it but our own notes.
        """
        pause, bare = 0.2, False
        while delivery.alive:
            try:
                [outcome] = self._publisher.publish([message], monotonic() + _MOVE_SECONDS)
            except Unavailable:
                outcome = Outcome.FAILED
            except Exception as failure:
                if bare:
                    raise
                if not self._unseen:
                    _log.error(
                        "event.headers_left_behind", error=type(failure).__name__, origin=origin(failure)
                    )
                message, bare = _bare(message), True
                continue
            if outcome is Outcome.CONFIRMED:
                delivery.ack()
                return
            if not self._unseen:
                _log.warning("event.not_moved", exchange=message.exchange, outcome=outcome.value)
            eventlet.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        delivery.forget()

    def _history(self, delivery: Delivery) -> dict[str, Any]:
        """The headers that go on with it: its sender's, and what we noted when it first failed."""
        headers = plain_headers(delivery.headers)
        headers.setdefault(FIRST_FAILED_AT, self._now())
        headers.setdefault(EXCHANGE, delivery.exchange)
        headers.setdefault(ROUTING_KEY, delivery.routing_key)
        return headers

    def _now(self) -> str:
        if self._anonymous:
            return self._clock.today().isoformat()
        return self._clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")


def failures_of(delivery: Delivery) -> int:
    """How often it has failed before; what a sender from outside writes there is not trusted far."""
    attempts = delivery.headers.get(ATTEMPTS, 0)
    return attempts if isinstance(attempts, int) and 0 <= attempts < 1_000 else 0


def _bare(message: Outgoing) -> Outgoing:
    """``message`` without what its sender wrote around the body."""
    ours = {name: value for name, value in message.headers.items() if name in _OURS}
    return replace(message, headers=ours, message_id=timeless_id(), content_type=None)


def plain_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    """The headers that can be sent on: short, of simple types, and none of the broker's own."""
    return {
        name: value
        for name, value in headers.items()
        if isinstance(name, str)  # octets that are no text come as they are
        and not name.startswith(("x-death", "x-first-death", "x-last-death", "x-delivery-count"))
        and isinstance(value, (str, int, bool))
        and len(str(value)) <= _LONGEST_TEXT
    }
