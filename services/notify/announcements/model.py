"""An announcement: its states, and the message that each recipient gets. No store, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from services.chassis.errors import Invalid
from services.notify.channels.model import Channel
from services.notify.messages.model import ORDINARY, Purpose

KIND = "announcement"
TEMPLATE = "announcement.v1"
BULK = ORDINARY + 2
# What would hide, reorder or break a line of text on a phone; line feeds stay.
_UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


class State(StrEnum):
    """``running`` while its messages are made; what is stopped is sent no further.

    What ``failed`` lacks messages to some of its recipients until it is resumed.
    """

    RUNNING = "running"
    HANDED_OVER = "handed_over"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Announcement:
    """What is said to all who belong to ``organisation`` or below, by which ways in order.

    ``job`` makes its messages; ``reason`` is the code of why it failed.
    """

    organisation: str
    text: str
    channels: tuple[str, ...]
    state: State = State.RUNNING
    job: str = ""
    reason: str | None = None


def begun(organisation: str, text: str, channels: tuple[str, ...]) -> Announcement:
    """A new announcement; raises ``Invalid`` for a text that is not readable as it stands, or a channel given
    twice."""
    if _UNSAFE.search(text) or not text.strip():
        raise Invalid("announcement.text", fields={"text": ["announcement.text"]})
    if len(set(channels)) < len(channels):
        raise Invalid("announcement.channels", fields={"channels": ["announcement.channels"]})
    return Announcement(organisation, text.strip(), channels)


def handed_over(announcement: Announcement) -> Announcement:
    """All of its messages are made; a stopped one stays stopped."""
    if announcement.state not in (State.RUNNING, State.FAILED):  # resumed, and made before that was kept
        return announcement
    return replace(announcement, state=State.HANDED_OVER, reason=None)


def failed(announcement: Announcement, job: str, reason: str) -> Announcement:
    """``job`` makes no more of its messages, which says nothing where another one makes them.

    Of one that failed before it is the job that was to resume it, and failed before that was kept.
    """
    made_by_another = announcement.state is State.RUNNING and announcement.job != job
    if announcement.state not in (State.RUNNING, State.FAILED) or made_by_another:
        return announcement
    return replace(announcement, state=State.FAILED, job=job, reason=reason)


def resumed(announcement: Announcement, job: str) -> Announcement:
    """``job`` makes the messages that are missing, unless it is the one that failed."""
    if announcement.state is not State.FAILED or announcement.job == job:
        return announcement
    return replace(announcement, state=State.RUNNING, job=job, reason=None)


def stopped(announcement: Announcement) -> Announcement:
    """Nothing more of it is sent."""
    return replace(announcement, state=State.STOPPED, reason=None)


def purpose(id: str, announcement: Announcement, recipient: str, signature: str = "") -> Purpose:  # noqa: A002 - the field's name
    """The message to one recipient: the same however often it is made. ``signature`` goes before its text
    where one of the ways is SMS."""
    return Purpose(
        channel=announcement.channels[0],
        channels=announcement.channels,
        template=TEMPLATE,
        step=KIND,
        kind=KIND,
        organisation=announcement.organisation,
        obligation=None,
        round=0,
        recipient=recipient,
        text=(signature if Channel.SMS in announcement.channels else "") + announcement.text,
        variables={"text": announcement.text},
        dedupe=f"{KIND} {id} {recipient}",
        priority=BULK,
        watch=id,
    )


def of_state(state: Mapping[str, Any]) -> Announcement:
    """The announcement that is kept as ``state``."""
    return Announcement(
        state["organisation"],
        state["text"],
        tuple(state["channels"]),
        State(state["state"]),
        state["job"],
        state.get("reason"),  # none, of those from before these were kept
    )
