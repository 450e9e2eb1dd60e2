"""Sending: takes up messages that are due, one owner each, and settles what is not known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import eventlet
import structlog
from eventlet.event import Event as Signal
from eventlet.greenpool import GreenPool

from services.chassis.clock import Clock
from services.chassis.vault import SealBroken, Vault
from services.notify.channels.model import Answer, Finding
from services.notify.contacts.store import Contacts
from services.notify.messages import model
from services.notify.messages.model import Hold, Purpose, Sending, State, Stop, Verdict
from services.notify.messages.store import Messages
from services.notify.reminders.model import Reason

PAUSE_SECONDS = 1.0
MOST_PER_ROUND = 200
NO_CHANNEL_PAUSE = timedelta(minutes=5)
PHONE = "phone"  # the field under which records seals it

_log = structlog.get_logger()


class Channel(Protocol):
    """A way to one provider."""

    def send(self, reference: str, mobile: str, content: str) -> Answer:
        """Ask for one message, once."""

    def find(self, reference: str) -> Finding:
        """What the provider knows of the message asked for under ``reference``."""


class Sender:
    """Brings each message to its end, in any number of processes at once.

    A message is claimed by a write that only one can win, then the provider is called, then its answer is
    written. Whoever dies in between leaves a claim that ends; what the provider then says it has is not
    sent again. ``gate`` tells, at the last moment, whether a message is still wanted, and wanted now.
    """

    def __init__(
        self,
        messages: Messages,
        contacts: Contacts,
        vault: Vault,
        clock: Clock,
        *,
        channel: Channel | None,
        sending: Sending,
        gate: Callable[[Purpose, datetime], Verdict],
    ) -> None:
        self._messages = messages
        self._contacts = contacts
        self._vault = vault
        self._clock = clock
        self._channel = channel
        self._sending = sending
        self._gate = gate
        self._pool = GreenPool(sending.most_at_once)
        self._under_way: set[str] = set()
        self._stopping = False
        self._wakeful = Signal()
        self._thread: eventlet.greenthread.GreenThread | None = None

    # -- life ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Look for what is due every second, and at once when woken."""
        if self._channel is None:
            _log.warning("sms channel is not set: messages wait")
        self._thread = eventlet.spawn(self._run)

    def stop(self) -> None:
        """Take up nothing more; returns when the calls in flight are answered and written."""
        self._stopping = True
        self.wake()
        if self._thread is not None:
            self._thread.wait()
        self._pool.waitall()

    def wake(self) -> None:
        """Something may be due now."""
        if not self._wakeful.ready():
            self._wakeful.send(None)

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._begin_round()
            except Exception as failure:
                _log.warning("sending waits", kind=type(failure).__name__)
            with eventlet.Timeout(PAUSE_SECONDS, False):
                self._wakeful.wait()
            self._wakeful = Signal()

    def run_once(self) -> int:
        """Take up everything that is due and return when it is done; for tests and rehearsals."""
        begun = self._begin_round()
        self._pool.waitall()
        return begun

    def _begin_round(self) -> int:
        begun = 0
        for message in self._messages.due(self._clock.now(), MOST_PER_ROUND):
            if self._stopping:
                break
            if message in self._under_way:
                continue
            self._under_way.add(message)
            begun += 1
            self._pool.spawn_n(self._take_up, message)
        return begun

    def _take_up(self, message: str) -> None:
        try:
            self._step(message)
        except Exception as failure:
            # The claim ends by itself, and the message is taken up again.
            _log.error("sending failed", message=message, kind=type(failure).__name__)
        finally:
            self._under_way.discard(message)

    # -- one message ---------------------------------------------------------------------------

    def _step(self, id: str) -> None:  # noqa: A002 - the field's name
        stored = self._messages.get(id)
        if stored.message.state is State.SENDING:
            self._messages.change(id, lambda m: model.lease_ended(m, self._clock.now(), self._sending))
            stored = self._messages.get(id)
        if stored.message.state is State.UNKNOWN:
            self._ask(id)
        elif stored.message.state in model.WAITING:
            self._send(id, stored.purpose)

    def _send(self, id: str, purpose: Purpose) -> None:  # noqa: A002 - the field's name
        now = self._clock.now()
        verdict = self._gate(purpose, now)
        if isinstance(verdict, Hold):
            self._messages.change(id, lambda m: model.put_off(m, verdict.until, verdict.reason, now))
            return
        sealed, reason = (
            (None, verdict.reason) if isinstance(verdict, Stop) else self._address(purpose.recipient)
        )
        if reason is not None:
            self._messages.change(id, lambda m: model.suppress(m, reason, now))
            return
        channel = self._channel
        if channel is None:
            self._messages.change(id, lambda m: model.put_off(m, now + NO_CHANNEL_PAUSE, "no_channel", now))
            return
        try:
            mobile = self._vault.open(PHONE, sealed or "")
        except SealBroken:
            self._messages.change(id, lambda m: model.suppress(m, "contact_unreadable", now))
            return
        claimed = self._messages.change(id, lambda m: model.claim(m, now, self._sending), sent_to=sealed)
        if claimed is None:
            return
        attempt = claimed.attempts
        answer = channel.send(id, mobile, purpose.text or "")
        self._messages.change(
            id, lambda m: model.answered(m, attempt, answer, self._clock.now(), self._sending)
        )

    def _ask(self, id: str) -> None:  # noqa: A002 - the field's name
        if self._channel is None:
            return
        taken_up = self._messages.change(id, lambda m: model.ask(m, self._clock.now(), self._sending))
        if taken_up is None:
            return
        finding = self._channel.find(id)
        self._messages.change(id, lambda m: model.asked(m, finding, self._clock.now(), self._sending))

    def _address(self, recipient: str | None) -> tuple[str | None, str | None]:
        """The sealed number of the recipient, or why there is none."""
        contact = self._contacts.get(recipient) if recipient else None
        if contact is None or contact.phone_sealed is None:
            return None, str(Reason.NO_CONTACT)
        if not contact.active:
            return None, str(Reason.LEFT)
        return contact.phone_sealed, None
