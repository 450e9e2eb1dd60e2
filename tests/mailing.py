"""Messages handed to notify as its own parts hand them over, from outside its process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.chassis.bundles import BundledDocuments
from services.chassis.clock import Clock
from services.chassis.publishing import ConfirmedPublisher
from services.chassis.relay import Relay
from services.chassis.store import Store
from services.notify.announcements.model import KIND
from services.notify.messages import model
from services.notify.messages.model import Purpose
from services.notify.messages.store import Messages
from services.notify.messages.tallies import Tallies

AT_ONCE = 500


def purpose(label: str, number: int, organisation: str, recipient: str) -> Purpose:
    """An SMS that no day's number and no digest holds back."""
    return Purpose(
        channel="sms",
        kind="announcement",
        template="announcement.v1",
        step="announcement",
        organisation=organisation,
        obligation=None,
        round=0,
        recipient=recipient,
        text=f"{label} {number}",
        dedupe=f"{label} {number}",
    )


def hand_over(database: Store, clock: Clock, purposes: Sequence[Purpose], due_at: datetime) -> list[str]:
    """Keep a message for each, due at ``due_at``; the service publishes what they say when it sweeps."""
    relay = Relay(ConfirmedPublisher("amqp://127.0.0.1:1//", name="mailing"), clock, enabled=False)
    documents = BundledDocuments(database, "messages", source="notify", clock=clock, relay=relay)
    messages = Messages(database, documents, Tallies(database, [KIND]))
    for first in range(0, len(purposes), AT_ONCE):
        some, now = purposes[first : first + AT_ONCE], clock.now()
        messages.create_many([(each, model.created(now, due_at, None)) for each in some])
    return [each.message_id for each in purposes]
