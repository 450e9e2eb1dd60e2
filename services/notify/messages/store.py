"""Messages in the store: aggregates whose every change of state is an event; questions and pages."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Counter

from services.chassis.bundles import BundledDocuments
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict
from services.chassis.indexes import Indexes
from services.chassis.pages import AnyOf, page
from services.chassis.store import Store, reading_all
from services.chassis.transactions import RACES_SECONDS
from services.notify.messages.documents import (
    Stored,
    change_of,
    message_of,
    new_state,
    purpose_of,
    stored_of,
    told,
)
from services.notify.messages.lanes import lane_to_ask
from services.notify.messages.model import NOT_OUT, Message, Purpose, State
from services.notify.messages.tallies import Move, Tallies

_log = structlog.get_logger()
_REACHED = Counter("jishi_messages", "Messages that reached a state.", ["state", "reason"])
NEWEST_FIRST = (("created_at", -1),)
Decide = Callable[[Message], Message | None]


@dataclass(frozen=True)
class Changed:
    """``messages`` are those that were changed, by id, after it; ``held`` those to be tried again."""

    messages: Mapping[str, Message]
    held: frozenset[str]


class Messages:
    """The messages of the service; each change of state is published as ``MessageChanged``.

    Those of the kinds that ``tallies`` counts are written many at once, or refused with ``RuntimeError``.
    """

    def __init__(self, database: Store, documents: BundledDocuments, tallies: Tallies) -> None:
        self._database = database
        self._documents = documents
        self._tallies = tallies

    def declare(self) -> None:
        """The indexes that the questions below use."""
        indexes = Indexes(self._database)
        name = self._documents.name
        # Both fields are absent where nothing is to be done, so that only the rest is in the index.
        indexes.declare(name, [("lane", 1), ("act_at", 1)], sparse=True)
        indexes.declare(name, "release_at", sparse=True)
        indexes.declare(name, "watch", sparse=True)
        indexes.declare(name, [("organisation", 1), ("created_at", -1)])
        indexes.declare(name, [("recipient", 1), ("created_at", -1)])
        self._tallies.declare()

    def create(self, purpose: Purpose, message: Message) -> bool:
        """Keep a new message; False where the same step was decided for the same person before."""
        self._check_uncounted(purpose)
        try:
            self._documents.create(purpose.message_id, new_state(purpose, message), told(purpose, message))
        except Conflict:
            return False
        _note(purpose.message_id, message)
        return True

    def create_many(self, given: Sequence[tuple[Purpose, Message]]) -> int:
        """Keep new messages in one exchange with the store; how many were not there before."""
        written = {purpose.message_id: (purpose, message) for purpose, message in given}
        taken = self._documents.create_many(
            [
                (key, new_state(purpose, message), told(purpose, message))
                for key, (purpose, message) in written.items()
            ],
            beside=lambda made: self._tallies.keep(
                Move(written[each][0], None, written[each][1].state) for each in made
            ),
        )
        for id, (_, message) in written.items():  # noqa: A001 - the field's name
            if id not in taken:
                _note(id, message)
        return len(written) - len(taken)

    def change_many(
        self,
        wanted: Mapping[str, Decide],
        *,
        sent_to: Mapping[str, str] | None = None,
        seconds: float = RACES_SECONDS,
    ) -> Changed:
        """Those of the messages that their own decision changed, after it, together.

        As ``change``: asked again after a lost race. A message that there is not is passed over, and so is,
        after ``seconds``, one that somebody else's transaction holds on to.
        """
        before: dict[str, State] = {}
        sealed = sent_to or {}

        def decide(id: str, state: dict[str, Any]) -> Change | None:  # noqa: A002 - the field's name
            met = message_of(state)
            after = wanted[id](met)
            if after is None or after == met:
                return None
            before[id] = met.state
            return change_of(state, met, after, sealed.get(id))

        def count(documents: Mapping[str, Document]) -> None:
            moves = ((each.state, before[key]) for key, each in documents.items())
            self._tallies.keep(Move(purpose_of(state), met, State(state["state"])) for state, met in moves)

        written = self._documents.change_many(list(wanted), decide, seconds=seconds, beside=count)
        changed = {key: message_of(document.state) for key, document in written.documents.items()}
        for id, after in changed.items():  # noqa: A001 - the field's name
            if after.state is not before[id]:
                _note(id, after)
        return Changed(changed, written.held)

    def change(self, message: str, decide: Decide, *, sent_to: str | None = None) -> Message | None:
        """The message after ``decide`` changed it; None where it decided that there is nothing to do, or was
        not asked since the running command was applied before.

        Asked again after a lost race, so that of two who claim the same message one is told None.
        """
        decided: list[tuple[Message, Message | None]] = []

        def change(state: dict[str, Any]) -> Change | None:
            self._check_uncounted(purpose_of(state))
            before = message_of(state)
            after = decide(before)
            decided.append((before, None if after == before else after))
            if after is None or after == before:
                return None
            return change_of(state, before, after, sent_to)

        self._documents.change(message, change)
        if not decided:
            return None
        before, after = decided[-1]
        if after is not None and after.state is not before.state:
            _note(message, after)
        return after

    def get(self, message: str) -> Stored:
        """The message; raises ``NotFound("messages.not_found")``."""
        return stored_of(self._documents.get(message))

    def several(self, messages: Collection[str]) -> dict[str, Stored]:
        """Those of ``messages`` that there are, by id."""
        return {each.id: stored_of(each) for each in self._documents.several(messages)}

    def due(self, lane: str, now: datetime) -> list[str]:
        """The messages of the lane with which something is to be done, the longest waiting first.

        All of them: the embedded store reads whatever is due for however few are asked for.
        """
        wanted = {"lane": lane, "act_at": {"$lte": now}}
        with reading_all():
            found = list(self._documents.collection.find(wanted, {"act_at": 1}))
        return [str(each["_id"]) for each in sorted(found, key=lambda each: each["act_at"])]

    def asked_providers(self) -> list[str]:
        """The providers that have still to be asked about something, whether they are configured or not."""
        prefix = lane_to_ask("")
        lanes = self._documents.collection.distinct("lane", {"lane": {"$gt": prefix}})
        return sorted(each.removeprefix(prefix) for each in lanes if each.startswith(prefix))

    def to_release(self, now: datetime, limit: int) -> list[Stored]:
        """Messages that are held back and may be released, the longest waiting first."""
        wanted = {"release_at": {"$lte": now}}
        found = self._documents.find(wanted, sort=(("release_at", 1),), limit=limit)
        return [stored_of(each) for each in found]

    def waiting_for(self, watch: str) -> list[str]:
        """Messages about what ``watch`` follows that have not gone out."""
        found = self._documents.find({"watch": watch}, limit=0)
        return [each.id for each in found if State(each.state["state"]) in NOT_OUT]

    def states_of(self, watch: str) -> Tally[str]:
        """How many messages about what ``watch`` names are in each state; of kinds that are counted alone."""
        return self._tallies.of(watch)

    def page(
        self,
        any_of: Sequence[Mapping[str, Any]],
        cursor: str | None,
        limit: int,
        **more: str,
    ) -> tuple[list[Stored], str | None]:
        """At most ``limit`` messages that match one of ``any_of``, and ``more``, newest first.

        And the cursor of what follows; None at the end.
        """
        view = AnyOf(self._documents, any_of)
        found = page(view, more, order=NEWEST_FIRST, limit=limit, cursor=cursor)
        return [stored_of(each) for each in found.documents], found.next

    def _check_uncounted(self, purpose: Purpose) -> None:
        if self._tallies.counts(purpose):
            raise RuntimeError("messages that are counted are written many at once")


def _note(id: str, message: Message) -> None:  # noqa: A002 - the field's name
    _REACHED.labels(str(message.state), message.reason or "").inc()
    _log.info("message.changed", message=id, state=str(message.state), reason=message.reason)
