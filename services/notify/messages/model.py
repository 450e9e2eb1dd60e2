"""One message from its creation to its known outcome: states, repetition, receipts. No store, no clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from services.chassis.identity import derived_id
from services.notify.channels.model import (
    Absent,
    Accepted,
    Answer,
    Finding,
    Found,
    NotReceived,
    Refused,
)
from services.notify.messages.patience import Sending


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


def created(now: datetime, due_at: datetime | None, reason: str | None) -> Message:
    """A new message: queued until ``due_at``, or suppressed for ``reason`` where that is None."""
    first = Message(State.CREATED, act_at=None, decisions=(Decision(now, State.CREATED, None, 0),))
    if due_at is None:
        return _to(first, State.SUPPRESSED, now, reason)
    return _to(first, State.QUEUED, now, reason, act_at=due_at)


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
    return _to(message, State.QUEUED, now, None, act_at=now)


def merge(message: Message, digest: str, now: datetime) -> Message:
    """A digest says it instead."""
    if message.state is not State.CREATED:
        return message
    return replace(_to(message, State.SUPPRESSED, now, "merged"), merged_into=digest)


def suppress(message: Message, reason: str, now: datetime) -> Message:
    """Not to be sent any more. What is on its way, or out, stays as it is."""
    if message.state not in NOT_OUT:
        return message
    return _to(message, State.SUPPRESSED, now, reason)


def put_off(message: Message, until: datetime, reason: str, now: datetime) -> Message:
    """Waits until ``until`` in the state it has; the same reason again is the same decision."""
    if message.state not in WAITING:
        return message
    return replace(_noted(message, reason, now), act_at=until)


def closed(message: Message, reason: str, now: datetime) -> Message:
    """The way that it was to go is closed to its recipient: the next one, or suppressed after the last."""
    if message.state not in WAITING:
        return message
    if not message.more:
        return _to(message, State.SUPPRESSED, now, reason)
    return _next_way(_noted(message, reason, now), now)


def claim(
    message: Message, now: datetime, sending: Sending, *, provider: str = "", call: str | None = None
) -> Message | None:
    """The message as it is while somebody sends it; None where it is not to be sent now."""
    if message.state not in WAITING or message.act_at is None or message.act_at > now:
        return None
    believable_at = now + timedelta(seconds=sending.believe_absent_seconds)
    return _to(
        replace(
            message,
            attempts=message.attempts + 1,
            asked=0,
            believable_at=believable_at,
            provider=provider,
            call=call,
            began=message.began or now,
        ),
        State.SENDING,
        now,
        None,
        act_at=now + timedelta(seconds=sending.lease_seconds),
    )


def answered(
    message: Message,
    attempt: int,
    answer: Answer,
    now: datetime,
    sending: Sending,
    *,
    providers: Collection[str] = (),
    polls: bool = False,
) -> Message:
    """What the provider's answer to the call number ``attempt`` makes of the message.

    A receipt may have come before the answer, and an answer after the lease has ended: what is known
    better already stays. Of ``providers`` one that was not tried since the last pause is tried at once.
    ``polls``: this provider is asked for what it does not report.
    """
    if isinstance(answer, Accepted):
        if message.state in (State.SENDING, State.UNKNOWN, State.TEMPORARY_FAILURE):
            return _out(message, answer.provider_id, answer.outcome, now, sending, polls)
        return message
    if message.state is not State.SENDING or message.attempts != attempt:
        return message
    if isinstance(answer, Refused):
        return _failed(message, State.PERMANENT_FAILURE, answer.reason, now)
    if isinstance(answer, NotReceived):
        return _try_again(message, answer.reason, now, sending, providers)
    if answer.over:
        message = replace(message, believable_at=now)
    return _unknown(message, answer.reason, now, sending)


def lease_ended(message: Message, now: datetime, sending: Sending) -> Message:
    """Whoever was sending it is gone: nobody knows whether the provider has it."""
    if message.state is not State.SENDING or message.act_at is None or message.act_at > now:
        return message
    return replace(_unknown(message, "sender_lost", now, sending), act_at=now)


def ask(message: Message, now: datetime, sending: Sending) -> Message | None:
    """The message while somebody asks the provider about it; None where there is nothing to ask now."""
    if message.state not in (State.UNKNOWN, State.SENT):
        return None
    if message.act_at is None or message.act_at > now:
        return None
    return replace(message, asked=message.asked + 1, act_at=now + timedelta(seconds=sending.lease_seconds))


def asked(
    message: Message, finding: Finding, now: datetime, sending: Sending, *, polls: bool = False
) -> Message:
    """What the provider knows of a message whose outcome was unknown, or that it does not report on.

    That it never heard of it is believed only some time after the call, since a slow call may still be on
    its way; then, and only then, is the message sent again.
    """
    if message.state is State.SENT:
        return _polled(message, finding, now, sending)
    if message.state is not State.UNKNOWN:
        return message
    if isinstance(finding, Found):
        return _out(message, finding.provider_id, finding.outcome, now, sending, polls)
    wait = timedelta(seconds=sending.ask_seconds[min(message.asked, len(sending.ask_seconds) - 1)])
    believable_at = message.believable_at or now
    if isinstance(finding, Absent):
        if now >= believable_at:
            return _try_again(message, "not_received", now, sending, ())
        wait = min(wait, believable_at - now)
    elif message.asked >= len(sending.ask_seconds):
        # Not the next way either: the first may have reached them.
        return _to(message, State.TECHNICAL_FAILURE, now, "never_confirmed")
    return replace(message, act_at=now + wait)


def receipt(message: Message, status: str, now: datetime) -> Message:
    """What the provider's report makes of the message: a repeat or a contradiction changes nothing."""
    if message.final or not message.attempts:
        return message
    if status == "delivered":
        return _to(message, State.DELIVERED, now, None)
    if message.state in WAITING and message.began is None:
        return message  # about the way before, which is over
    return _undelivered(message, now)


def _undelivered(message: Message, now: datetime) -> Message:
    return _failed(message, State.PERMANENT_FAILURE, "undeliverable", now)


def _out(
    message: Message,
    provider_id: str | None,
    outcome: str | None,
    now: datetime,
    sending: Sending,
    polls: bool,
) -> Message:
    """The provider has it, and knows what became of it where ``outcome`` says so."""
    act_at = now + timedelta(seconds=sending.poll_seconds[0]) if polls and sending.poll_seconds else None
    if outcome is not None:
        act_at = None
    out = _to(replace(message, provider_id=provider_id, asked=0), State.SENT, now, None, act_at=act_at)
    if outcome == "delivered":
        return _to(out, State.DELIVERED, now, None)
    return _undelivered(out, now) if outcome == "failed" else out


def _polled(message: Message, finding: Finding, now: datetime, sending: Sending) -> Message:
    if isinstance(finding, Found) and finding.outcome == "delivered":
        return _to(message, State.DELIVERED, now, None)
    if isinstance(finding, Found) and finding.outcome == "failed":
        return _undelivered(message, now)
    if message.asked >= len(sending.poll_seconds):
        return replace(message, act_at=None)
    return replace(message, act_at=now + timedelta(seconds=sending.poll_seconds[message.asked]))


def _unknown(message: Message, reason: str, now: datetime, sending: Sending) -> Message:
    return _to(message, State.UNKNOWN, now, reason, act_at=now + timedelta(seconds=sending.ask_seconds[0]))


def _try_again(
    message: Message, reason: str, now: datetime, sending: Sending, providers: Collection[str]
) -> Message:
    tried = (*message.tried, message.provider or "")
    if message.attempts >= sending.attempts:
        return _failed(message, State.TECHNICAL_FAILURE, "attempts_exhausted", now)
    if set(providers) - set(tried):
        return replace(_to(message, State.TEMPORARY_FAILURE, now, reason, act_at=now), tried=tried)
    wait = timedelta(seconds=sending.backoff(message.rounds + 1))
    if now + wait > (message.began or now) + timedelta(seconds=sending.give_up_seconds):
        return _failed(message, State.TECHNICAL_FAILURE, "attempts_exhausted", now)
    later = _to(message, State.TEMPORARY_FAILURE, now, reason, act_at=now + wait)
    return replace(later, tried=(), rounds=message.rounds + 1)


def _failed(message: Message, final: State, reason: str, now: datetime) -> Message:
    """This way failed for good: the next one, or the end."""
    if not message.more:
        return _to(message, final, now, reason)
    return _next_way(_to(message, State.TEMPORARY_FAILURE, now, reason), now)


def _next_way(message: Message, now: datetime) -> Message:
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


def _noted(message: Message, reason: str, now: datetime) -> Message:
    """The reason why it still waits, kept as a decision unless it is the one that was kept last."""
    last = message.decisions[-1]
    if (last.state, last.reason) == (message.state, reason):
        return replace(message, reason=reason)
    decisions = (*message.decisions, Decision(now, message.state, reason, message.attempts))
    return replace(message, reason=reason, decisions=decisions)


def _to(
    message: Message, state: State, now: datetime, reason: str | None, *, act_at: datetime | None = None
) -> Message:
    if state not in NEXT[message.state]:
        raise ValueError(f"a message that is {message.state} does not become {state}")
    decisions = (*message.decisions, Decision(now, state, reason, message.attempts))
    return replace(message, state=state, act_at=act_at, release_at=None, reason=reason, decisions=decisions)
