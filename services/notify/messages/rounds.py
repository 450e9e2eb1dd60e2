"""One round of dealing out: which provider gets which messages, in calls of at most what it takes at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from services.chassis.identity import new_id
from services.notify.channels.lines import Line
from services.notify.channels.model import Letter
from services.notify.messages.addressing import Addressed
from services.notify.messages.documents import Stored
from services.notify.messages.model import Message, Purpose, State


@dataclass(frozen=True)
class Planned:
    """A message that a provider is to get."""

    line: Line
    stored: Stored
    address: Addressed

    def letter(self) -> Letter:
        """What the provider is handed."""
        purpose = self.stored.purpose
        return Letter(
            self.stored.id,
            self.address.opened,
            purpose.text or "",
            purpose.template,
            purpose.variables,
            purpose.recipient or "",
        )


@dataclass(frozen=True)
class PlannedCall:
    """Messages that go in one call. Its reference is the message's own where it is one alone.

    ``claims`` are the numbers of the claims, by message, once they are won.
    """

    line: Line
    reference: str
    planned: tuple[Planned, ...]
    claims: Mapping[str, int] = field(default_factory=dict)

    def of(self, written: Mapping[str, Message]) -> PlannedCall:
        """The call with those alone whose claim was won."""
        won = {
            one.stored.id: written[one.stored.id].claims
            for one in self.planned
            if one.stored.id in written and written[one.stored.id].state is State.SENDING
        }
        kept = tuple(one for one in self.planned if one.stored.id in won)
        return replace(self, planned=kept, claims=won)


class Allotment:
    """What the providers of one channel still take in this round, the first in priority first."""

    def __init__(self, rooms: Mapping[Line, tuple[int, int]]) -> None:
        self.rooms = dict(rooms)
        self._open: dict[tuple[str, object], int] = {}  # places left in calls that are begun
        self._calls: list[PlannedCall] | None = None

    @property
    def most(self) -> int:
        """How many messages there is room for."""
        return sum(min(calls * line.way.most_per_call, count) for line, (calls, count) in self.rooms.items())

    def choose(self, stored: Stored) -> Line | None:
        """The provider that gets it; None where each has enough. Who did not take it before comes last."""
        untried = [line for line in self.rooms if line.name not in stored.message.tried]
        for line in untried or self.rooms:
            calls, messages = self.rooms[line]
            key = (line.name, _same_call(line, stored.purpose))
            if not messages:
                continue
            if self._open.get(key, 0):
                self._open[key] -= 1
            elif calls:
                calls -= 1
                self._open[key] = line.way.most_per_call - 1
            else:
                continue
            self.rooms[line] = (calls, messages - 1)
            return line
        return None

    def calls(self, planned: list[Planned]) -> list[PlannedCall]:
        """The calls that ``planned`` makes: the same ones whenever it is asked."""
        if self._calls is None:
            together: dict[tuple[str, object], list[Planned]] = {}
            for one in planned:
                key = (one.line.name, _same_call(one.line, one.stored.purpose))
                together.setdefault(key, []).append(one)
            self._calls = [
                _call(each[first : first + each[0].line.way.most_per_call])
                for each in together.values()
                for first in range(0, len(each), each[0].line.way.most_per_call)
            ]
        return self._calls


def _call(planned: list[Planned]) -> PlannedCall:
    reference = planned[0].stored.id if len(planned) == 1 else new_id()
    return PlannedCall(planned[0].line, reference, tuple(planned))


def _same_call(line: Line, purpose: Purpose) -> object:
    """What messages have in common that may go in one call."""
    if not line.way.one_text_per_call or line.way.most_per_call == 1:
        return None
    return purpose.text, purpose.template, tuple(purpose.variables.items())
