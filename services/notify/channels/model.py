"""What is handed to a provider, and what each of its answers means. No network here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

OUTCOMES = ("delivered", "failed")
LACKS_TEMPLATE = "provider_lacks_template"


class Channel(StrEnum):
    """A kind of way to a person; several providers may serve one."""

    SMS = "sms"
    MAIL = "email"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    OTHER = "other"  # whatever the operator wired up by Apprise
    INBOX = "inbox"


class Reporting(StrEnum):
    """How a provider tells what became of a message that it took."""

    BY_ITSELF = "by_itself"
    WHEN_ASKED = "when_asked"
    NEVER = "never"


@dataclass(frozen=True)
class Letter:
    """One message to one address. ``repr`` shows neither the address nor the text.

    ``reference`` is our own, by which the provider can be asked; ``template`` and ``variables`` are for
    providers that hold the texts themselves.
    """

    reference: str
    address: str = field(repr=False)
    text: str = field(repr=False)
    template: str = ""
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    recipient: str = ""


@dataclass(frozen=True)
class Enquiry:
    """A question about one message: ``call`` is the reference of the call it was part of, ``since`` when
    that call was made, ``provider_id`` the provider's own id where its answer was heard."""

    reference: str
    call: str
    address: str = field(repr=False)
    since: datetime
    provider_id: str | None = None


@dataclass(frozen=True)
class Accepted:
    """The provider has taken the message over; ``outcome`` where it knows at once what became of it."""

    provider_id: str | None
    outcome: str | None = None


@dataclass(frozen=True)
class Refused:
    """The provider will never take this message."""

    reason: str


@dataclass(frozen=True)
class NotReceived:
    """The provider has not taken it, that is certain; it may be tried again."""

    reason: str


@dataclass(frozen=True)
class NotCalled:
    """We did not make the call, which says nothing of the provider: it may be made again at once."""

    reason: str


@dataclass(frozen=True)
class NoAnswer:
    """Nobody knows whether the provider has it: ask before anything else.

    ``over``: the call has ended, so nothing of it is still on its way.
    """

    reason: str
    over: bool = False


Answer: TypeAlias = Accepted | Refused | NotReceived | NotCalled | NoAnswer


@dataclass(frozen=True)
class Found:
    """The provider has it; ``outcome`` is one of ``OUTCOMES``, or None where that is not known yet."""

    provider_id: str | None
    outcome: str | None


@dataclass(frozen=True)
class Absent:
    """The provider says that it never got it."""


@dataclass(frozen=True)
class CannotTell:
    """The provider did not answer the question."""


Finding: TypeAlias = Found | Absent | CannotTell


@dataclass(frozen=True)
class Report:
    """What a provider tells of itself: of the message ``reference``, or, where that is the reference of a
    call for many, of the one that went to ``address``."""

    reference: str
    outcome: str
    address: str | None = field(default=None, repr=False)


def harm(answer: Answer) -> bool:
    """Whether the answer speaks against the provider rather than against the message."""
    return isinstance(answer, (NotReceived, NoAnswer))


def is_called(answer: Answer) -> bool:
    """Whether the provider was called at all: not for a text that it does not know."""
    if isinstance(answer, NotCalled):
        return False
    return not isinstance(answer, NotReceived) or answer.reason != LACKS_TEMPLATE
