"""Lanes: where messages wait with which something is to be done, each read by itself."""

from __future__ import annotations

from services.notify.messages.model import ORDINARY, WAITING, Message, Purpose

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
