"""What calls to providers, their answers, reports and silence make of a message. No store, no clock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from services.notify.channels.model import (
    Absent,
    Accepted,
    Answer,
    Finding,
    Found,
    NotCalled,
    NotReceived,
    Refused,
    Reporting,
)
from services.notify.messages.model import NEVER_REPORTED, WAITING, Message, State, became, next_way, noted
from services.notify.messages.patience import Sending


def claim(
    message: Message, now: datetime, sending: Sending, *, provider: str = "", call: str | None = None
) -> Message | None:
    """The message as it is while somebody sends it; None where it is not to be sent now."""
    if message.state not in WAITING or message.act_at is None or message.act_at > now:
        return None
    believable_at = now + timedelta(seconds=sending.believe_absent_seconds)
    return became(
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
    claimed: int,
    answer: Answer,
    now: datetime,
    sending: Sending,
    *,
    providers: Collection[str] = (),
    reporting: Reporting = Reporting.BY_ITSELF,
) -> Message:
    """What the answer to the claim number ``claimed`` makes of the message.

    A receipt may have come before the answer, and an answer after the lease has ended: what is known
    better already stays. One that is written again says nothing of a later claim, whose call is on its way.
    Of ``providers`` one that was not tried since the last pause is tried at once. Where the provider never
    tells what becomes of what it took, that is said at once.
    """
    if isinstance(answer, Accepted):
        if message.state in (State.SENDING, State.UNKNOWN, State.TEMPORARY_FAILURE):
            return _out(message, answer.provider_id, answer.outcome, now, sending, reporting)
        return message
    if message.state is not State.SENDING or message.claims != claimed:
        return message
    if isinstance(answer, Refused):
        return _failed(message, State.PERMANENT_FAILURE, answer.reason, now)
    if isinstance(answer, NotCalled):
        return _given_back(message, answer.reason, now, sending)
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
    message: Message,
    finding: Finding,
    now: datetime,
    sending: Sending,
    *,
    reporting: Reporting = Reporting.BY_ITSELF,
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
        return _out(message, finding.provider_id, finding.outcome, now, sending, reporting)
    wait = timedelta(seconds=sending.ask_seconds[min(message.asked, len(sending.ask_seconds) - 1)])
    believable_at = message.believable_at or now
    if isinstance(finding, Absent):
        if now >= believable_at:
            return _try_again(message, "not_received", now, sending, ())
        wait = min(wait, believable_at - now)
    elif message.asked >= len(sending.ask_seconds):
        # Not the next way either: the first may have reached them.
        return became(message, State.TECHNICAL_FAILURE, now, "never_confirmed")
    return replace(message, act_at=now + wait)


def receipt(message: Message, status: str, now: datetime) -> Message:
    """What the provider's report makes of the message: a repeat or a contradiction changes nothing."""
    if message.final or not message.attempts:
        return message
    if status == "delivered":
        return became(message, State.DELIVERED, now, None)
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
    reporting: Reporting,
) -> Message:
    """The provider has it, and knows what became of it where ``outcome`` says so."""
    act_at, reason = None, None
    if outcome is None and reporting is Reporting.WHEN_ASKED and sending.poll_seconds:
        act_at = now + timedelta(seconds=sending.poll_seconds[0])
    elif outcome is None and reporting is not Reporting.BY_ITSELF:
        reason = NEVER_REPORTED
    out = became(replace(message, provider_id=provider_id, asked=0), State.SENT, now, reason, act_at=act_at)
    if outcome == "delivered":
        return became(out, State.DELIVERED, now, None)
    return _undelivered(out, now) if outcome == "failed" else out


def _polled(message: Message, finding: Finding, now: datetime, sending: Sending) -> Message:
    if isinstance(finding, Found) and finding.outcome == "delivered":
        return became(message, State.DELIVERED, now, None)
    if isinstance(finding, Found) and finding.outcome == "failed":
        return _undelivered(message, now)
    if message.asked >= len(sending.poll_seconds):
        # The provider has it, which is all that anybody will know, unless it reports of itself some day.
        return replace(noted(message, NEVER_REPORTED, now), act_at=None)
    return replace(message, act_at=now + timedelta(seconds=sending.poll_seconds[message.asked]))


def _unknown(message: Message, reason: str, now: datetime, sending: Sending) -> Message:
    return became(message, State.UNKNOWN, now, reason, act_at=now + timedelta(seconds=sending.ask_seconds[0]))


def _given_back(message: Message, reason: str, now: datetime, sending: Sending) -> Message:
    """Due at once, as if it had not been claimed, unless it has been tried for too long: what no provider
    was ever called for was not."""
    began = message.began if message.tried or message.rounds else None
    if now > (began or now) + timedelta(seconds=sending.give_up_seconds):
        return _failed(message, State.TECHNICAL_FAILURE, "attempts_exhausted", now)
    waits = became(message, State.TEMPORARY_FAILURE, now, reason, act_at=now)
    return replace(waits, attempts=message.attempts - 1, began=began)


def _try_again(
    message: Message, reason: str, now: datetime, sending: Sending, providers: Collection[str]
) -> Message:
    tried = (*message.tried, message.provider or "")
    if message.attempts >= sending.attempts:
        return _failed(message, State.TECHNICAL_FAILURE, "attempts_exhausted", now)
    if set(providers) - set(tried):
        return replace(became(message, State.TEMPORARY_FAILURE, now, reason, act_at=now), tried=tried)
    wait = timedelta(seconds=sending.backoff(message.rounds + 1))
    if now + wait > (message.began or now) + timedelta(seconds=sending.give_up_seconds):
        return _failed(message, State.TECHNICAL_FAILURE, "attempts_exhausted", now)
    later = became(message, State.TEMPORARY_FAILURE, now, reason, act_at=now + wait)
    return replace(later, tried=(), rounds=message.rounds + 1)


def _failed(message: Message, final: State, reason: str, now: datetime) -> Message:
    """This way failed for good: the next one, or the end."""
    if not message.more:
        return became(message, final, now, reason)
    return next_way(became(message, State.TEMPORARY_FAILURE, now, reason), now)
