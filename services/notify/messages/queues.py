"""What is due in each lane: read once, then taken from memory until none of it is left."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import structlog

from services.notify.messages.documents import Stored
from services.notify.messages.store import Messages

# Of two processes who meet one has its turn after some tenths of a second. Who was killed within a
# transaction holds on for a minute, and each look at what is held costs as much as some dozens of claims.
RACE_SECONDS = 0.5
PASSED_OVER = timedelta(seconds=20)
READ_AGAIN = timedelta(seconds=30)  # what is due again, or came by another process, waits behind no more

_log = structlog.get_logger()


class Queues:
    """The messages with which something is to be done, lane by lane, as this process read them last, which is
    ``READ_AGAIN`` ago at most.

    What another transaction holds on to, as one of whoever died does, is passed over for a while.
    """

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._passed_over: dict[str, datetime] = {}
        self._queues: dict[str, deque[str]] = {}
        self._read_at: dict[str, datetime] = {}

    def take(self, lane: str, now: datetime, limit: int) -> list[Stored]:
        """At most ``limit`` that are due and not passed over, the longest waiting first."""
        self._passed_over = {message: until for message, until in self._passed_over.items() if until > now}
        found: dict[str, Stored] = {}
        queue = self._queues.get(lane)
        if not queue or now >= self._read_at[lane] + READ_AGAIN:
            queue = self._read(lane, now)
        while queue and len(found) < limit:
            some = [queue.popleft() for _ in range(min(limit - len(found), len(queue)))]
            kept = self._messages.several([each for each in some if each not in self._passed_over])
            found |= {each: kept[each] for each in some if each in kept and kept[each].is_due(lane, now)}
            if not queue and len(found) < limit and self._read_at[lane] < now:
                # Meanwhile more may have come; what was found is due still, and is not to go twice.
                queue = self._read(lane, now)
        return list(found.values())

    def put_back(self, lane: str, messages: Sequence[str]) -> None:
        """What was taken and is not used yet waits behind the others: first again, it could hold them up for
        as long as the one provider rests that is left for it."""
        self._queues[lane].extend(messages)

    def pass_over(self, held: Collection[str], now: datetime) -> None:
        """Leave out what somebody else's transaction holds on to."""
        if held:
            _log.info("messages.held_elsewhere", number=len(held))
            self._passed_over |= dict.fromkeys(held, now + PASSED_OVER)

    def _read(self, lane: str, now: datetime) -> deque[str]:
        self._queues[lane], self._read_at[lane] = deque(self._messages.due(lane, now)), now
        return self._queues[lane]
