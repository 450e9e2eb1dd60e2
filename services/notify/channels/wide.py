"""The long tail by Apprise: any service that it knows, by the operator's address of it.

Apprise is an optional extra (``jishi[apprise]``). It tells whether something went, not why not.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import apprise
import eventlet

from services.chassis.logs import silence
from services.notify.channels.http import Late
from services.notify.channels.model import (
    Accepted,
    Answer,
    CannotTell,
    Enquiry,
    Finding,
    Letter,
    NoAnswer,
    Refused,
)

silence("apprise")


class AppriseChannel:
    """``url`` is an Apprise address in which ``{address}`` stands for the recipient's."""

    most_per_call = 1
    can_be_asked = False
    polls = False
    one_text_per_call = True

    def __init__(self, *, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        """Hand over one message. A failure says nothing of whether it arrived."""
        (letter,) = letters
        service = apprise.Apprise()
        if not service.add(self._url.replace("{address}", quote(letter.address, ""))):
            return [Refused("refused")]
        try:
            with eventlet.Timeout(self._timeout, Late):
                taken = service.notify(body=letter.text)
        except (OSError, Late):
            return [NoAnswer("no_answer")]
        return [Accepted(None) if taken else NoAnswer("provider_failed", over=True)]

    def find(self, enquiry: Enquiry) -> Finding:
        """Nothing: Apprise asks no such question."""
        return CannotTell()
