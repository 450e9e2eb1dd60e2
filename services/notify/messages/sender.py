"""Sending: takes up messages that are due, one owner each, and settles what is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic

import eventlet
import structlog
from eventlet.event import Event as Signal

from services.chassis.clock import Clock
from services.notify.channels.lines import Line
from services.notify.channels.model import Channel
from services.notify.messages import model, outcomes
from services.notify.messages.addressing import Addressed, Addresses
from services.notify.messages.asking import Asker
from services.notify.messages.calling import Caller
from services.notify.messages.calls import Calls
from services.notify.messages.documents import Stored
from services.notify.messages.lanes import URGENCIES, lane_to_send
from services.notify.messages.model import Hold, Purpose, Stop, Verdict
from services.notify.messages.patience import Sending
from services.notify.messages.queues import RACE_SECONDS, Queues
from services.notify.messages.rounds import Allotment, Planned
from services.notify.messages.store import Decide, Messages

PAUSE_SECONDS = 1.0
UNSERVED_SECONDS = 10.0  # between looks at channels that no provider serves: each look is a question
MOST_PER_ROUND = 200  # claimed before their calls begin: a claim is for the call, not for the waiting
MOST_WITHOUT_CHANNEL = 100
NO_CHANNEL_PAUSE = timedelta(minutes=5)
FORGET_EVERY = timedelta(hours=1)

_log = structlog.get_logger()
Lane = tuple[str, str]


class Sender:
    """Brings each message to its end, in any number of processes at once.

    A message is claimed by a write that only one can win, then the provider is called, then its answer is
    written. Whoever dies in between leaves a claim that ends; what the provider then says it has is not
    sent again. ``gate`` tells, at the last moment, whether each message is still wanted, and wanted now.

    One greenthread deals messages out; each provider has slots of its own, so that one that stalls keeps
    nobody else's messages waiting, and where it rests the next in priority gets what it would have had.
    """

    def __init__(
        self,
        messages: Messages,
        addresses: Addresses,
        calls: Calls,
        clock: Clock,
        *,
        lines: Sequence[Line],
        sending: Sending,
        gate: Callable[[Sequence[Purpose], datetime], Sequence[Verdict]],
    ) -> None:
        self._messages = messages
        self._addresses = addresses
        self._calls = calls
        self._clock = clock
        self._sending = sending
        self._gate = gate
        self.lines = sorted(lines, key=lambda line: line.priority)
        self._caller = Caller(messages, calls, addresses, clock, sending, self._others, self._answered)
        self._hot: set[Lane] = set()
        self._queues = Queues(messages)
        self._asker = Asker(messages, self._queues, addresses, clock, sending)
        self._forget_at = clock.now()
        self._stopping = False
        self._wakeful = Signal()
        self._thread: eventlet.greenthread.GreenThread | None = None

    # -- life ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Look for what is due every second, and at once when woken; seldom where no provider serves."""
        if not any(line.channel is Channel.SMS for line in self.lines):
            _log.warning("sending.not_set")
        self._thread = eventlet.spawn(self._run)
        self._caller.start()

    def stop(self) -> None:
        """Take up nothing more; returns when the calls in flight are answered and written."""
        self._stopping = True
        self.wake()
        if self._thread is not None:
            self._thread.wait()
        self._wait()
        self._caller.stop()

    def wake(self) -> None:
        """Something may be due now, in any lane."""
        self._hot = set(_LANES)
        self._rouse()

    def _answered(self) -> None:
        """Calls have ended: lanes that had more to give may go on."""
        if self._hot:
            self._rouse()

    def _rouse(self) -> None:
        if not self._wakeful.ready():
            self._wakeful.send(None)

    def _run(self) -> None:
        looked_at = unserved_at = float("-inf")
        while not self._stopping:
            # While calls come and go only lanes that had more to give are read: a question costs as well.
            everything = not self._hot or monotonic() >= looked_at + PAUSE_SECONDS
            unserved = everything and monotonic() >= unserved_at + UNSERVED_SECONDS
            dealt = 0
            try:
                dealt = self._deal(self._lanes(everything=everything, unserved=unserved))
                if everything:
                    looked_at = monotonic()
                    unserved_at = looked_at if unserved else unserved_at
                    self._ask_all()
                    self._forget()
            except Exception as failure:
                _log.warning("sending.waits", error=type(failure).__name__)
                self._wakeful = Signal()
            if dealt and self._hot:
                continue  # there is more, and there was room
            with eventlet.Timeout(PAUSE_SECONDS, False):
                self._wakeful.wait()
            self._wakeful = Signal()

    def run_once(self) -> int:
        """Take up what is due, a round of each lane, and return when it is done; for tests and rehearsals."""
        begun = self._deal(_LANES) + self._ask_all()
        self._wait()
        return begun

    def _wait(self) -> None:
        for line in self.lines:
            line.wait()
        self._caller.write()

    # -- dealing out ---------------------------------------------------------------------------

    def _lanes(self, *, everything: bool, unserved: bool) -> list[Lane]:
        """The lanes to read: those that had more to give; of ``everything`` those that a provider serves, and
        where ``unserved`` the others too, whose messages are only to be told that nobody takes them."""
        served = {line.channel for line in self.lines}
        return [
            lane
            for lane in _LANES
            if lane in self._hot or (everything and (unserved or Channel(lane[0]) in served))
        ]

    def _deal(self, lanes: Sequence[Lane]) -> int:
        return sum(self._deal_lane(lane) for lane in lanes if not self._stopping)

    def _deal_lane(self, lane: Lane) -> int:
        """Give what is due in one lane to the providers of its channel; of how many something became."""
        channel, urgency = lane
        now = self._clock.now()
        lines = [line for line in self.lines if line.channel == channel]
        # One that rests is none that is left: a message that only it has not refused would wait as long.
        allotment = Allotment({line: line.room(now) for line in lines if line.allows(now)})
        limit = min(allotment.most, MOST_PER_ROUND) if lines else MOST_WITHOUT_CHANNEL
        if not limit:
            self._hot.add(lane)
            return 0
        due = self._queues.take(name := lane_to_send(channel, urgency), now, limit)
        # Where each says something else, a call is for one: no more is looked at than there are calls for.
        chosen = {each.id: allotment.choose(each) for each in due} if lines else {}
        left = [each for each, line in chosen.items() if line is None]
        self._queues.put_back(name, left)
        if len(due) < limit and not left:
            self._hot.discard(lane)
        else:
            self._hot.add(lane)
        due = [each for each in due if not lines or chosen[each.id]]
        return self._take_up(channel, due, chosen, allotment, now) if due else 0

    def _take_up(
        self,
        channel: str,
        due: Sequence[Stored],
        chosen: Mapping[str, Line | None],
        allotment: Allotment,
        now: datetime,
    ) -> int:
        decided: dict[str, Decide] = {}
        planned: list[Planned] = []
        recipients = [each.purpose.recipient for each in due if each.purpose.recipient]
        addressed = self._addresses.of(channel, recipients)
        verdicts = self._gate([each.purpose for each in due], now)
        for each, verdict in zip(due, verdicts, strict=True):
            address = addressed.get(each.purpose.recipient or "", Addressed(closed="no_contact"))
            decision = self._held(each, verdict, address, bool(allotment.rooms), now)
            if decision is not None:
                decided[each.id] = decision
            elif line := chosen.get(each.id):
                planned.append(Planned(line, each, address))
        for call in allotment.calls(planned):
            for one in call.planned:
                decided[one.stored.id] = _claim(call.line.name, call.reference, now, self._sending)
        sealed = {one.stored.id: one.address.sealed for one in planned if one.address.sealed}
        changed = self._messages.change_many(decided, sent_to=sealed, seconds=RACE_SECONDS)
        self._queues.pass_over(changed.held, now)
        for call in allotment.calls(planned):
            ours = call.of(changed.messages)
            if ours.planned:
                ours.line.begin(self._caller.call, len(ours.planned), now, ours, now)
        return len(changed.messages)

    def _held(
        self, each: Stored, verdict: Verdict, address: Addressed, served: bool, now: datetime
    ) -> Decide | None:
        """What becomes of a message that does not go out now; None for one that may."""
        if isinstance(verdict, Stop):
            reason = verdict.reason
            return lambda m: model.suppress(m, reason, now)
        if isinstance(verdict, Hold):
            until, reason = verdict.until, verdict.reason
            return lambda m: model.put_off(m, until, reason, now)
        if address.closed is not None:
            closed = address.closed
            return lambda m: model.closed(m, closed, now)
        if served:
            return None
        if each.message.more:
            return lambda m: model.closed(m, "no_channel", now)
        return lambda m: model.put_off(m, now + NO_CHANNEL_PAUSE, "no_channel", now)

    def _ask_all(self) -> int:
        return sum(self._asker.begin(line) for line in self.lines if not self._stopping)

    def _others(self, channel: Channel) -> list[str]:
        """The providers of a channel that do not rest."""
        now = self._clock.now()
        return [line.name for line in self.lines if line.channel is channel and line.allows(now)]

    def _forget(self) -> None:
        now = self._clock.now()
        if now >= self._forget_at:
            self._calls.forget(now)
            self._forget_at = now + FORGET_EVERY


# What is urgent goes first, whatever its channel.
_LANES: tuple[Lane, ...] = tuple((str(channel), urgency) for urgency in URGENCIES for channel in Channel)


def _claim(provider: str, call: str, now: datetime, sending: Sending) -> Decide:
    return lambda message: outcomes.claim(message, now, sending, provider=provider, call=call)
