"""Messages in the store: aggregates whose every change of state is an event; pages of them for readers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Counter

from services.chassis.contract import NewEvent
from services.chassis.documents import Change, Document, Documents
from services.chassis.errors import Conflict
from services.chassis.pages import page
from services.chassis.store import Indexes, Store, plain
from services.contracts.notify_events import (
    MessageChanged,
    MessageDelivered,
    MessageFailed,
    MessageOutcome,
    MessageSuppressed,
)
from services.notify.messages.model import NOT_OUT, Decision, Message, Purpose, State

_OUTCOMES: Mapping[State, type[MessageOutcome]] = {
    State.DELIVERED: MessageDelivered,
    State.PERMANENT_FAILURE: MessageFailed,
    State.TECHNICAL_FAILURE: MessageFailed,
    State.SUPPRESSED: MessageSuppressed,
}
_log = structlog.get_logger()
_REACHED = Counter("jishi_messages", "Messages that reached a state.", ["state", "reason"])
NEWEST_FIRST = (("created_at", -1),)
_SPARSE = ("act_at", "release_at")


@dataclass(frozen=True)
class Stored:
    """A message with its purpose, as it was read. ``sent_to`` is the sealed number it last went to."""

    id: str
    version: int
    purpose: Purpose
    message: Message
    sent_to: str | None


class Messages:
    """The messages of the service; each change of state is published as ``MessageChanged``."""

    def __init__(self, database: Store, documents: Documents) -> None:
        self._database = database
        self._documents = documents

    def declare(self) -> None:
        """The indexes that the questions below use."""
        indexes = Indexes(self._database)
        name = self._documents.name
        indexes.declare(name, "act_at", sparse=True)
        indexes.declare(name, "release_at", sparse=True)
        indexes.declare(name, "watch", sparse=True)
        indexes.declare(name, [("organisation", 1), ("created_at", -1)])
        indexes.declare(name, [("recipient", 1), ("created_at", -1)])

    def create(self, purpose: Purpose, message: Message) -> bool:
        """Keep a new message; False where the same step was decided for the same person before."""
        created_at = message.decisions[0].at.isoformat(timespec="milliseconds")
        state = {**asdict(purpose), **_state(message), "created_at": created_at, "sent_to": None}
        if purpose.watch is None:
            del state["watch"]  # absent, for the sparse index
        try:
            self._documents.create(purpose.message_id, state, _told(purpose, message))
        except Conflict:
            return False
        _note(purpose.message_id, message)
        return True

    def change(
        self, message: str, decide: Callable[[Message], Message | None], *, sent_to: str | None = None
    ) -> Message | None:
        """The message after ``decide`` changed it; None where it decided that there is nothing to do, or was
        not asked since the running command was applied before.

        Asked again after a lost race, so that of two who claim the same message one is told None.
        """
        decided: list[tuple[Message, Message | None]] = []

        def change(state: dict[str, Any]) -> Change | None:
            before = _message(state)
            after = decide(before)
            decided.append((before, None if after == before else after))
            if after is None or after == before:
                return None
            sealed = {"sent_to": sent_to} if sent_to is not None else {}
            events = _told(_purpose(state), after) if after.state is not before.state else []
            kept: dict[str, Any] = {name: value for name, value in state.items() if name not in _SPARSE}
            return Change({**kept, **_state(after), **sealed}, events)

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

    def due(self, now: datetime, limit: int) -> list[str]:
        """Messages with which something is to be done, the longest waiting first."""
        found = self._documents.find({"act_at": {"$lte": now}}, sort=(("act_at", 1),), limit=limit)
        return [each.id for each in found]

    def to_release(self, now: datetime, limit: int) -> list[Stored]:
        """Messages that are held back and may be released, the longest waiting first."""
        wanted = {"release_at": {"$lte": now}}
        found = self._documents.find(wanted, sort=(("release_at", 1),), limit=limit)
        return [_stored(each) for each in found]

    def waiting_for(self, watch: str) -> list[str]:
        """Messages about what ``watch`` follows that have not gone out."""
        found = self._documents.find({"watch": watch}, limit=0)
        return [each.id for each in found if State(each.state["state"]) in NOT_OUT]

    def page(
        self,
        wanted: Mapping[str, Any],
        cursor: str | None,
        limit: int,
    ) -> tuple[list[Stored], str | None]:
        """At most ``limit`` messages, newest first, and the cursor of what follows; None at the end."""
        found = page(self._documents, wanted, order=NEWEST_FIRST, limit=limit, cursor=cursor)
        return [_stored(each) for each in found.documents], found.next


def _note(id: str, message: Message) -> None:  # noqa: A002 - the field's name
    _REACHED.labels(str(message.state), message.reason or "").inc()
    _log.info("message changed", message=id, state=str(message.state), reason=message.reason)


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
    )


def _state(message: Message) -> dict[str, Any]:
    state: dict[str, Any] = plain(asdict(message))
    state["state"] = str(message.state)
    state["decisions"] = [{**each, "state": str(each["state"])} for each in state["decisions"]]
    for name in _SPARSE:
        if state[name] is None:
            del state[name]  # absent, so that the sparse index holds only what is to be done
    return state


def _stored(document: Document) -> Stored:
    state = document.state
    return Stored(document.id, document.version, _purpose(state), _message(state), state["sent_to"])


def _purpose(state: Mapping[str, Any]) -> Purpose:
    # What an older release wrote lacks what was added since.
    kept = {name: state[name] for name in Purpose.__dataclass_fields__ if name in state}
    lists: dict[str, Any] = {name: tuple(kept[name]) for name in ("channels", "merged") if name in kept}
    return Purpose(**{**kept, **lists})


def _message(state: Mapping[str, Any]) -> Message:
    kept: dict[str, Any] = {name: state.get(name) for name in Message.__dataclass_fields__}
    decisions = tuple(Decision(**{**each, "state": State(each["state"])}) for each in state["decisions"])
    return Message(**{**kept, "state": State(state["state"]), "decisions": decisions})
