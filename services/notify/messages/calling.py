"""Calls that are made and their answers that are written, many in one exchange with the store."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import eventlet
import structlog
from eventlet.event import Event as Signal

from services.chassis.clock import Clock
from services.notify.channels.lines import Line
from services.notify.channels.model import Answer, Channel, NotCalled, NotReceived
from services.notify.messages import outcomes
from services.notify.messages.addressing import Addresses
from services.notify.messages.calls import Calls
from services.notify.messages.model import Message
from services.notify.messages.patience import Sending
from services.notify.messages.rounds import PlannedCall
from services.notify.messages.store import Decide, Messages

MOST_WRITTEN_AT_ONCE = 500
RETRY_SECONDS = 0.5
# Answers are written together with those that come so soon after: each transaction costs as much as some of
# the writes in it.
LINGER_SECONDS = 0.1

_log = structlog.get_logger()


@dataclass(frozen=True)
class Answered:
    """The answer to one claim of a message."""

    message: str
    claimed: int
    answer: Answer
    line: Line


class Caller:
    """Makes calls in whatever greenthread, and writes their answers in one of its own.

    ``others`` are the providers of a channel that may be tried next; ``heard`` is told when answers were
    written.
    """

    def __init__(
        self,
        messages: Messages,
        calls: Calls,
        addresses: Addresses,
        clock: Clock,
        sending: Sending,
        others: Callable[[Channel], Collection[str]],
        heard: Callable[[], None],
    ) -> None:
        self._messages = messages
        self._calls = calls
        self._addresses = addresses
        self._clock = clock
        self._sending = sending
        self._others = others
        self._heard = heard
        self._answers: list[Answered] = []
        self._waiting = Signal()
        self._thread: eventlet.greenthread.GreenThread | None = None

    def start(self) -> None:
        """Write answers as they come."""
        self._thread = eventlet.spawn(self._run)

    def stop(self) -> None:
        """Write what is left and end."""
        if self._thread is not None:
            self._thread.kill()
        self.write()

    # -- calling -------------------------------------------------------------------------------

    def call(self, call: PlannedCall, claimed_at: datetime, trying: bool) -> None:
        """Make one call, unless it waited for its turn so long, or its provider began to rest meanwhile,
        that it is better not made; ``trying``: it is to show whether the provider is well again."""
        try:
            answers = self._answers_to(call, claimed_at, trying)
        except Exception as failure:
            # Nobody knows how far it came: the claim ends by itself, and the provider is asked.
            _log.error("call.failed", provider=call.line.name, error=type(failure).__name__)
            return
        self._answers += [
            Answered(one.stored.id, call.claims[one.stored.id], answer, call.line)
            for one, answer in zip(call.planned, answers, strict=True)
        ]
        if not self._waiting.ready():
            self._waiting.send(None)

    def _answers_to(self, call: PlannedCall, claimed_at: datetime, trying: bool) -> list[Answer]:
        if call.line.rests(trying):
            return [NotReceived("provider_rests")] * len(call.planned)
        # A token may be fetched first: two exchanges have to fit into what is left of the claim.
        latest = claimed_at + timedelta(
            seconds=self._sending.lease_seconds - 2 * self._sending.timeout_seconds
        )
        if self._clock.now() > latest:
            return [NotCalled("waited_too_long")] * len(call.planned)
        if len(call.planned) > 1:
            places = {
                self._addresses.fingerprint(call.line.channel, one.address.opened): one.stored.id
                for one in call.planned
            }
            self._calls.keep(call.reference, places, self._clock.now())
        return call.line.send(call.reference, [one.letter() for one in call.planned], self._clock.now)

    # -- writing -------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            if not self._answers:
                self._waiting = Signal()
                self._waiting.wait()
                eventlet.sleep(LINGER_SECONDS)
            try:
                self.write()
                failed = None
            except Exception as failure:
                failed = type(failure).__name__
            if self._answers:
                # They stay: an answer that is lost is a question to the provider.
                _log.warning("answers.wait", error=failed, number=len(self._answers))
                eventlet.sleep(RETRY_SECONDS)

    def write(self) -> None:
        """Write every answer that is there; those that could not be written stay."""
        held: list[Answered] = []
        try:
            while self._answers:
                batch = self._answers[:MOST_WRITTEN_AT_ONCE]
                wanted = {each.message: self._decide(each) for each in batch}
                changed = self._messages.change_many(wanted, seconds=RETRY_SECONDS)
                held += [each for each in batch if each.message in changed.held]
                del self._answers[: len(batch)]
                self._heard()
        finally:
            self._answers[:0] = held

    def _decide(self, each: Answered) -> Decide:
        def decide(message: Message) -> Message:
            return outcomes.answered(
                message,
                each.claimed,
                each.answer,
                self._clock.now(),
                self._sending,
                providers=self._others(each.line.channel),
                reporting=each.line.reporting,
            )

        return decide
