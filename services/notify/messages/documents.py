"""A message as the store keeps it, and what is published when it comes to a state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import datetime
from typing import Any

from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Document
from services.chassis.store import plain
from services.contracts.kinds import PERSONAL_KINDS
from services.contracts.notify_events import (
    MessageChanged,
    MessageDelivered,
    MessageFailed,
    MessageOutcome,
    MessageSent,
    MessageSuppressed,
)
from services.notify.messages.lanes import lane_of
from services.notify.messages.model import NEVER_REPORTED, Decision, Message, Purpose, State

_OUTCOMES: Mapping[State, type[MessageOutcome]] = {
    State.DELIVERED: MessageDelivered,
    State.PERMANENT_FAILURE: MessageFailed,
    State.TECHNICAL_FAILURE: MessageFailed,
    State.SUPPRESSED: MessageSuppressed,
}


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


def told(purpose: Purpose, message: Message) -> list[NewEvent]:
    """What is published when ``message`` reached its state: to whoever asked for it also how it ended."""
    return [_changed(purpose, message), *_outcome(purpose, message)]


def _outcome(purpose: Purpose, message: Message) -> list[NewEvent]:
    outcome = _OUTCOMES.get(message.state)
    if message.state is State.SENT and message.reason == NEVER_REPORTED:
        outcome = MessageSent
    if purpose.request is None or outcome is None:
        return []
    about: dict[str, Any] = {**purpose.request, "template": purpose.template, "reason": message.reason}
    return [outcome.of(message=purpose.message_id, **about)]


def _changed(purpose: Purpose, message: Message) -> NewEvent:
    return MessageChanged.of(
        message=purpose.message_id,
        state=str(message.state),
        channel=purpose.channels[message.way],
        template=purpose.template,
        obligation=purpose.obligation,
        organisation=purpose.organisation,
        step=purpose.step,
        reason=message.reason,
        **({"restricted": True} if purpose.kind in PERSONAL_KINDS else {}),
    )


def new_state(purpose: Purpose, message: Message) -> dict[str, Any]:
    """The document of a new message."""
    message = replace(message, more=len(purpose.channels) - 1)
    created_at = message.decisions[0].at.isoformat(timespec="milliseconds")
    spoken = _spoken(purpose, vars(purpose))
    return {**spoken, **_state(purpose, message), "created_at": created_at, "sent_to": None}


def change_of(state: dict[str, Any], before: Message, after: Message, sealed: str | None) -> Change:
    """The change of a document that makes ``after`` of ``before``, which goes to the ``sealed`` address."""
    purpose = purpose_of(state)
    kept = {name: value for name, value in state.items() if name not in _OF_A_MESSAGE}
    more = {"sent_to": sealed} if sealed is not None else {}
    events: list[NewEvent] = []
    if after.state is not before.state:
        events = told(purpose, after)
    elif after.reason != before.reason:  # as where it stays sent, and nothing more will be known of it
        events = _outcome(purpose, after)
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


def stored_of(document: Document) -> Stored:
    """The message that a document holds."""
    state = document.state
    return Stored(document.id, document.version, purpose_of(state), message_of(state), state["sent_to"])


def purpose_of(state: Mapping[str, Any]) -> Purpose:
    """What the message in that state of a document is for."""
    # What an older release wrote lacks what was added since.
    kept = {name: state[name] for name in Purpose.__dataclass_fields__ if name in state}
    lists: dict[str, Any] = {name: tuple(kept[name]) for name in ("channels", "merged") if name in kept}
    return Purpose(**{**kept, **lists})


def message_of(state: Mapping[str, Any]) -> Message:
    """How the message in that state of a document stands."""
    kept: dict[str, Any] = {name: state.get(name) for name in ("state", "act_at")}
    kept |= {name: state[name] for name in Message.__dataclass_fields__ if name in state}
    decisions = tuple(Decision(**{**each, "state": State(each["state"])}) for each in state["decisions"])
    tried = tuple(state.get("tried", ()))
    return Message(**{**kept, "state": State(state["state"]), "decisions": decisions, "tried": tried})
