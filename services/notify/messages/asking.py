"""Asking providers: about what is not known, and about what they do not report by themselves."""

from __future__ import annotations

from datetime import datetime

import structlog

from services.chassis.clock import Clock
from services.notify.channels.lines import Line
from services.notify.channels.model import Enquiry, Finding
from services.notify.messages import outcomes
from services.notify.messages.addressing import Addresses
from services.notify.messages.documents import Stored
from services.notify.messages.lanes import lane_to_ask
from services.notify.messages.model import Message, State
from services.notify.messages.patience import Sending
from services.notify.messages.queues import RACE_SECONDS, Queues
from services.notify.messages.store import Decide, Messages

_ASKED = (State.UNKNOWN, State.SENT)

_log = structlog.get_logger()


class Asker:
    """Asks each provider in slots of its own, a few messages at a time."""

    def __init__(
        self, messages: Messages, queues: Queues, addresses: Addresses, clock: Clock, sending: Sending
    ) -> None:
        self._messages = messages
        self._queues = queues
        self._addresses = addresses
        self._clock = clock
        self._sending = sending

    def begin(self, line: Line) -> int:
        """Ask one provider what is due to be asked, as far as it has room; how many were taken up."""
        free, now = line.asks_free(), self._clock.now()
        if not free:
            return 0
        due = self._queues.take(lane_to_ask(line.name), now, free)
        wanted = {each.id: self._take(now) for each in due}
        changed = self._messages.change_many(wanted, seconds=RACE_SECONDS)
        self._queues.pass_over(changed.held, now)
        taken = changed.messages
        asking = [each for each in due if each.id in taken and taken[each.id].state in _ASKED]
        for each in asking:
            line.ask(self._ask, line, each, taken[each.id])
        return len(taken)

    def _take(self, now: datetime) -> Decide:
        def decide(message: Message) -> Message | None:
            lost = outcomes.lease_ended(message, now, self._sending)
            return outcomes.ask(lost, now, self._sending) or lost

        return decide

    def _ask(self, line: Line, stored: Stored, message: Message) -> None:
        try:
            called = [each.at for each in message.decisions if each.state is State.SENDING]
            enquiry = Enquiry(
                stored.id,
                message.call or stored.id,
                self._addresses.opened(line.channel, stored.sent_to) or stored.purpose.recipient or "",
                called[-1] if called else self._clock.now(),
                message.provider_id,
            )
            finding = line.way.find(enquiry)
            # Held by whoever died, it is asked again when the lease of the question has ended.
            self._messages.change_many({stored.id: self._found(finding, line)})
        except Exception as failure:
            # The lease of the question ends by itself, and it is asked again.
            _log.error("asking.failed", message=stored.id, error=type(failure).__name__)

    def _found(self, finding: Finding, line: Line) -> Decide:
        now, sending, reporting = self._clock.now, self._sending, line.reporting
        return lambda m: outcomes.asked(m, finding, now(), sending, reporting=reporting)
