"""Messages in the store: aggregates whose every change of state is an event; pages of them for readers."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Counter

from services.chassis.bundles import BundledDocuments
from services.chassis.contract import NewEvent
from services.chassis.documents import Change, Document
from services.chassis.errors import Conflict
from services.chassis.pages import AnyOf, page
from services.chassis.store import RACES_SECONDS, Indexes, Store, plain, reading_all
from services.contracts.kinds import PERSONAL_KINDS
from services.contracts.notify_events import (
    MessageChanged,
    MessageDelivered,
    MessageFailed,
    MessageOutcome,
    MessageSuppressed,
)
from services.notify.messages.model import (
    NOT_OUT,
    ORDINARY,
    WAITING,
    Decision,
    Message,
    Purpose,
    State,
)
from services.notify.messages.tallies import Move, Tallies

_OUTCOMES: Mapping[State, type[MessageOutcome]] = {
    State.DELIVERED: MessageDelivered,
    State.PERMANENT_FAILURE: MessageFailed,
    State.TECHNICAL_FAILURE: MessageFailed,
    State.SUPPRESSED: MessageSuppressed,
}
_log = structlog.get_logger()
_REACHED = Counter("jishi_messages", "Messages that reached a state.", ["state", "reason"])
NEWEST_FIRST = (("created_at", -1),)
Decide = Callable[[Message], Message | None]


URGENCIES = ("ordinary", "bulk")  # the first goes first


def lane_to_send(channel: str, urgency: str) -> str:
    """Where messages wait to go out: each lane is read by itself, so that none stands before another."""
    return f"send.{channel}.{urgency}"


def lane_to_ask(provider: str | None) -> str:
    """Where messages wait until ``provider`` is asked about them."""
    return f"ask.{provider or ''}"


def lane_of(purpose: Purpose, message: Message) -> str | None:
    """The lane of a message with which something is to be done."""
    if message.act_at is None:
        return None
    if message.state in WAITING:
        urgency = URGENCIES[purpose.priority > ORDINARY]
        return lane_to_send(purpose.channels[message.way], urgency)
    return lane_to_ask(message.provider)


@dataclass(frozen=True)
class Stored:
    """A message with its purpose, as it was read. ``sent_to`` is the sealed number it last went to."""

    id: str
    version: int
    purpose: Purpose
    message: Message
    sent_to: str | None

    def is_due(self, lane: str, now: datetime) -> bool:
        """Whether something is to be done with it in that lane."""
        act_at = self.message.act_at
        return act_at is not None and act_at <= now and lane_of(self.purpose, self.message) == lane


@dataclass(frozen=True)
class Changed:
    """``messages`` are those that were changed, by id, after it; ``held`` what another transaction holds."""

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
            self._documents.create(purpose.message_id, _new_state(purpose, message), _told(purpose, message))
        except Conflict:
            return False
        _note(purpose.message_id, message)
        return True

    def create_many(self, given: Sequence[tuple[Purpose, Message]]) -> int:
        """Keep new messages in one exchange with the store; how many were not there before."""
        written = {purpose.message_id: (purpose, message) for purpose, message in given}
        taken = self._documents.create_many(
            [
                (key, _new_state(purpose, message), _told(purpose, message))
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
            met = _message(state)
            after = wanted[id](met)
            if after is None or after == met:
                return None
            before[id] = met.state
            return _change(state, met, after, sealed.get(id))

        def count(documents: Mapping[str, Document]) -> None:
            moves = ((each.state, before[key]) for key, each in documents.items())
            self._tallies.keep(Move(_purpose(state), met, State(state["state"])) for state, met in moves)

        written = self._documents.change_many(list(wanted), decide, seconds=seconds, beside=count)
        changed = {key: _message(document.state) for key, document in written.documents.items()}
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
            self._check_uncounted(_purpose(state))
            before = _message(state)
            after = decide(before)
            decided.append((before, None if after == before else after))
            if after is None or after == before:
                return None
            return _change(state, before, after, sent_to)

        self._documents.change(message, change)
        if not decided:
            return None
        before, after = decided[-1]
        if after is not None and after.state is not before.state:
            _note(message, after)
        return after

    def get(self, message: str) -> Stored:
        """The message; raises ``NotFound("messages.not_found")``."""
        return _stored(self._documents.get(message))

    def several(self, messages: Collection[str]) -> dict[str, Stored]:
        """Those of ``messages`` that there are, by id."""
        if not messages:
            return {}
        found = self._documents.find({"_id": {"$in": sorted(messages)}}, limit=0)
        return {each.id: _stored(each) for each in found}

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
        return [_stored(each) for each in found]

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
        return [_stored(each) for each in found.documents], found.next

    def _check_uncounted(self, purpose: Purpose) -> None:
        if self._tallies.counts(purpose):
            raise RuntimeError("messages that are counted are written many at once")


def _note(id: str, message: Message) -> None:  # noqa: A002 - the field's name
    _REACHED.labels(str(message.state), message.reason or "").inc()
    _log.info("message.changed", message=id, state=str(message.state), reason=message.reason)


def _told(purpose: Purpose, message: Message) -> list[NewEvent]:
    """What is published when ``message`` reached its state: to whoever asked for it also how it ended."""
    events = [_changed(purpose, message)]
    outcome = _OUTCOMES.get(message.state)
    if purpose.request is not None and outcome is not None:
        told: dict[str, Any] = {**purpose.request, "template": purpose.template, "reason": message.reason}
        events.append(outcome.of(message=purpose.message_id, **told))
    return events


def _changed(purpose: Purpose, message: Message) -> NewEvent:
    return MessageChanged.of(
        message=purpose.message_id,
        state=str(message.state),
        channel=purpose.channel,
        template=purpose.template,
        obligation=purpose.obligation,
        organisation=purpose.organisation,
        step=purpose.step,
        reason=message.reason,
        **({"restricted": True} if purpose.kind in PERSONAL_KINDS else {}),
    )


def _new_state(purpose: Purpose, message: Message) -> dict[str, Any]:
    message = replace(message, more=len(purpose.channels) - 1)
    created_at = message.decisions[0].at.isoformat(timespec="milliseconds")
    told = _spoken(purpose, vars(purpose))
    return {**told, **_state(purpose, message), "created_at": created_at, "sent_to": None}


def _change(state: dict[str, Any], before: Message, after: Message, sealed: str | None) -> Change:
    purpose = _purpose(state)
    kept = {name: value for name, value in state.items() if name not in _OF_A_MESSAGE}
    more = {"sent_to": sealed} if sealed is not None else {}
    events = _told(purpose, after) if after.state is not before.state else []
    return Change({**kept, **_state(purpose, after), **more}, events)


def _state(purpose: Purpose, message: Message) -> dict[str, Any]:
    state: dict[str, Any] = plain(_spoken(message, vars(message)))
    state["state"] = str(message.state)
    state["decisions"] = [{**vars(each), "state": str(each.state)} for each in message.decisions]
    lane = lane_of(purpose, message)
    if lane is not None:
        state["lane"] = lane
    return state


def _spoken(given: Purpose | Message, values: Mapping[str, Any]) -> dict[str, Any]:
    """Less what says nothing: a field that holds its default, and the time when nothing is to be done."""
    defaults = _DEFAULTS[type(given)]
    return {
        name: value
        for name, value in values.items()
        if name in _ALWAYS or (value is not None and value != defaults[name])
    }


def _default(field: Any) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


# What lists ask for or sort by, or what readers of before expect.
_ALWAYS = frozenset(
    {"channel", "template", "step", "organisation", "obligation", "round", "recipient", "text"}
) | {
    "reason",
    "attempts",
    "decisions",
}
_DEFAULTS: Mapping[type, Mapping[str, Any]] = {
    kind: {each.name: _default(each) for each in fields(kind)} for kind in (Purpose, Message)
}
_OF_A_MESSAGE = frozenset(Message.__dataclass_fields__) | {"lane"}


def _stored(document: Document) -> Stored:
    state = document.state
    return Stored(document.id, document.version, _purpose(state), _message(state), state["sent_to"])


def _purpose(state: Mapping[str, Any]) -> Purpose:
    # What an older release wrote lacks what was added since.
    kept = {name: state[name] for name in Purpose.__dataclass_fields__ if name in state}
    lists: dict[str, Any] = {name: tuple(kept[name]) for name in ("channels", "merged") if name in kept}
    return Purpose(**{**kept, **lists})


def _message(state: Mapping[str, Any]) -> Message:
    kept: dict[str, Any] = {name: state.get(name) for name in ("state", "act_at")}
    kept |= {name: state[name] for name in Message.__dataclass_fields__ if name in state}
    decisions = tuple(Decision(**{**each, "state": State(each["state"])}) for each in state["decisions"])
    tried = tuple(state.get("tried", ()))
    return Message(**{**kept, "state": State(state["state"]), "decisions": decisions, "tried": tried})
