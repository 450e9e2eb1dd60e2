"""One message: its purpose, its states, what holds it back or ends it before it goes. No store, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from services.chassis.identity import derived_id


class State(StrEnum):
    """Where a message stands. The last four are final."""

    CREATED = "created"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    TEMPORARY_FAILURE = "temporary_failure"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    PERMANENT_FAILURE = "permanent_failure"
    TECHNICAL_FAILURE = "technical_failure"
    SUPPRESSED = "suppressed"


# ``created`` is held back by whoever made it, until ``release_at``; the sender takes up what is queued.
FINAL = frozenset({State.DELIVERED, State.PERMANENT_FAILURE, State.TECHNICAL_FAILURE, State.SUPPRESSED})
WAITING = frozenset({State.QUEUED, State.TEMPORARY_FAILURE})
NOT_OUT = WAITING | {State.CREATED}
_AFTER_A_CALL = frozenset(
    {
        State.SENT,
        State.DELIVERED,
        State.TEMPORARY_FAILURE,
        State.PERMANENT_FAILURE,
        State.TECHNICAL_FAILURE,
    }
)
NEXT: Mapping[State, frozenset[State]] = {
    State.CREATED: frozenset({State.QUEUED, State.SUPPRESSED}),
    State.QUEUED: frozenset({State.SENDING, State.SUPPRESSED}),
    State.SENDING: _AFTER_A_CALL | {State.UNKNOWN},
    # What one way could not deliver goes the next way, where there is one.
    State.SENT: frozenset({State.DELIVERED, State.PERMANENT_FAILURE, State.TEMPORARY_FAILURE}),
    # A call that was given up may still have reached the provider: its answer or receipt ends the matter.
    State.TEMPORARY_FAILURE: frozenset(
        {State.SENDING, State.SUPPRESSED, State.SENT, State.DELIVERED, State.PERMANENT_FAILURE}
    ),
    State.UNKNOWN: _AFTER_A_CALL,
    State.DELIVERED: frozenset(),
    State.PERMANENT_FAILURE: frozenset(),
    State.TECHNICAL_FAILURE: frozenset(),
    State.SUPPRESSED: frozenset(),
}


NEVER_REPORTED = "never_reported"  # why what was sent stays so: nothing more will be known of it
ORDINARY = 5  # a priority above it is bulk


@dataclass(frozen=True)
class Purpose:
    """What a message is for: it never changes. ``text`` is as it goes out, signature included.

    ``kind`` is what it can be paused and refused by. ``channels`` are the ways to its recipient, the first
    wanted first; ``channel`` is that one, and each of the others is tried where those before it are closed
    to the recipient or failed for good. ``priority``: the lower goes first, 5 is ordinary, and what is above
    has a queue of its own. ``variables``
    are the values that filled the template, for a provider that fills its own copy. ``watch`` is what a
    reminder follows, whatever its kind; ``answers_as`` how the recipient came to answer for it. ``merged``
    are the messages that a digest stands for; ``request`` is whose event asked for it (``requested_by``,
    ``event``, ``reference``).
    """

    channel: str
    template: str
    step: str
    organisation: str
    obligation: str | None
    round: int
    recipient: str | None
    text: str | None
    kind: str = "obligation"
    channels: tuple[str, ...] = ("sms",)
    priority: int = 5
    language: str = "zh"
    variables: Mapping[str, str] = field(default_factory=dict)
    dedupe: str | None = None
    watch: str | None = None
    answers_as: str | None = None
    merged: tuple[str, ...] = ()
    request: Mapping[str, str] | None = None

    @property
    def message_id(self) -> str:
        """The same for the same ``dedupe``, else for the same step to the same person: made once."""
        if self.dedupe is not None:
            return derived_id("message", self.dedupe)
        about = self.watch or self.obligation or ""
        return derived_id("message", about, str(self.round), self.step, self.recipient or "")


@dataclass(frozen=True)
class Hold:
    """Not now: it is looked at again at ``until``."""

    until: datetime
    reason: str


@dataclass(frozen=True)
class Stop:
    """Not any more."""

    reason: str


# What is said of a message right before it would go out; None lets it go.
Verdict: TypeAlias = Hold | Stop | None


@dataclass(frozen=True)
class Decision:
    """One thing decided about a message; ``reason`` is a code of the catalogue."""

    at: datetime
    state: State
    reason: str | None
    attempt: int


@dataclass(frozen=True)
class Message:
    """``act_at``: when something is to be done next (send, ask, give up a lease); None when nothing is.

    ``attempts`` counts calls that may have reached a provider, ``asked`` the questions after the last
    one. ``believable_at``: sooner, "never heard of it" may be about a call that is still on its way.
    ``release_at``: until when it is held back before it is queued. ``merged_into`` is the digest that says
    it instead. ``way`` is the place in ``Purpose.channels`` that it goes, ``more`` how many ways are left
    after that one; ``provider`` is who was called last, under the reference ``call``; ``tried`` are those
    who certainly did not take it since the last pause, ``rounds`` how often all of them did not, ``began``
    when the first call of this way was made.
    """

    state: State
    act_at: datetime | None
    release_at: datetime | None = None
    merged_into: str | None = None
    attempts: int = 0
    asked: int = 0
    believable_at: datetime | None = None
    reason: str | None = None
    provider_id: str | None = None
    decisions: tuple[Decision, ...] = ()
    way: int = 0
    more: int = 0
    provider: str | None = None
    call: str | None = None
    tried: tuple[str, ...] = ()
    rounds: int = 0
    began: datetime | None = None

    @property
    def final(self) -> bool:
        return self.state in FINAL

    @property
    def claims(self) -> int:
        """The number of the last claim: no two have the same, whatever became of the one before."""
        return sum(each.state is State.SENDING for each in self.decisions)


def created(now: datetime, due_at: datetime | None, reason: str | None) -> Message:
    """A new message: queued until ``due_at``, or suppressed for ``reason`` where that is None."""
    first = Message(State.CREATED, act_at=None, decisions=(Decision(now, State.CREATED, None, 0),))
    if due_at is None:
        return became(first, State.SUPPRESSED, now, reason)
    return became(first, State.QUEUED, now, reason, act_at=due_at)


def held(now: datetime, until: datetime, reason: str | None) -> Message:
    """A new message that is not queued before ``until``, and then only by ``release``."""
    first = Decision(now, State.CREATED, reason, 0)
    return Message(State.CREATED, act_at=None, release_at=until, reason=reason, decisions=(first,))


def defer(message: Message, until: datetime, reason: str, now: datetime) -> Message:
    """Held back until ``until``; the same reason again is the same decision."""
    if message.state is not State.CREATED:
        return message
    decisions = message.decisions
    if decisions[-1].reason != reason:
        decisions = (*decisions, Decision(now, State.CREATED, reason, 0))
    return replace(message, release_at=until, reason=reason, decisions=decisions)


def release(message: Message, now: datetime) -> Message:
    """Handed to the sender; what is not held back any more stays as it is."""
    if message.state is not State.CREATED:
        return message
    return became(message, State.QUEUED, now, None, act_at=now)


def merge(message: Message, digest: str, now: datetime) -> Message:
    """A digest says it instead."""
    if message.state is not State.CREATED:
        return message
    return replace(became(message, State.SUPPRESSED, now, "merged"), merged_into=digest)


def suppress(message: Message, reason: str, now: datetime) -> Message:
    """Not to be sent any more. What is on its way, or out, stays as it is."""
    if message.state not in NOT_OUT:
        return message
    return became(message, State.SUPPRESSED, now, reason)


def put_off(message: Message, until: datetime, reason: str, now: datetime) -> Message:
    """Waits until ``until`` in the state it has; the same reason again is the same decision."""
    if message.state not in WAITING:
        return message
    return replace(noted(message, reason, now), act_at=until)


def closed(message: Message, reason: str, now: datetime) -> Message:
    """The way that it was to go is closed to its recipient: the next one, or suppressed after the last."""
    if message.state not in WAITING:
        return message
    if not message.more:
        return became(message, State.SUPPRESSED, now, reason)
    return next_way(noted(message, reason, now), now)


def next_way(message: Message, now: datetime) -> Message:
    """At once the next of its ways, which there has to be; nothing of the one before counts for it."""
    return replace(
        message,
        way=message.way + 1,
        more=message.more - 1,
        act_at=now,
        tried=(),
        rounds=0,
        began=None,
        believable_at=None,
    )


def noted(message: Message, reason: str, now: datetime) -> Message:
    """The reason why it stays in its state, kept as a decision unless it is the one that was kept last."""
    last = message.decisions[-1]
    if (last.state, last.reason) == (message.state, reason):
        return replace(message, reason=reason)
    decisions = (*message.decisions, Decision(now, message.state, reason, message.attempts))
    return replace(message, reason=reason, decisions=decisions)


def became(
    message: Message, state: State, now: datetime, reason: str | None, *, act_at: datetime | None = None
) -> Message:
    """In another state, which is a decision; raises ``ValueError`` unless it is one of ``NEXT``."""
    if state not in NEXT[message.state]:
        raise ValueError(f"a message that is {message.state} does not become {state}")
    decisions = (*message.decisions, Decision(now, state, reason, message.attempts))
    return replace(message, state=state, act_at=act_at, release_at=None, reason=reason, decisions=decisions)
