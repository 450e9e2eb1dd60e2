"""The notify service: who handles what."""

from __future__ import annotations

from typing import Any

from services.chassis.batches import subscribe_batch
from services.chassis.envelope import Event
from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.chassis.subscribe import Order
from services.contracts.evaluation_events import (
    ObligationExempted,
    ObligationFulfilled,
    ObligationMissed,
    ObligationOverdue,
    ObligationReopened,
)
from services.contracts.notify_rpc import (
    AcceptReceipt,
    GetMessage,
    ListMessages,
    Messages,
    MessageWithDecisions,
    ReceiptAccepted,
)
from services.contracts.records_events import OrganisationChanged, PersonChanged, PostChanged
from services.notify.application import Notify

# Each event is some writes of its own: what is in flight has to be done within a drain.
MOST = 100
Request = dict[str, Any]
Answer = dict[str, Any]


class NotifyService:
    """Reminds whoever answers for what was not held, once, and says what became of each reminder."""

    name = "notify"

    notify = Notify()

    @subscribe_batch(
        OrganisationChanged,
        PersonChanged,
        PostChanged,
        queue="notify.authority",
        order=Order.LATEST,
        most=MOST,
    )
    def learn(self, events: list[Event]) -> None:
        self.notify.learn(events)

    @subscribe_batch(
        PersonChanged, OrganisationChanged, queue="notify.contacts", order=Order.LATEST, most=MOST
    )
    def keep_contacts(self, events: list[Event]) -> None:
        self.notify.keep_contacts(events)

    @subscribe_batch(
        ObligationOverdue,
        ObligationFulfilled,
        ObligationMissed,
        ObligationExempted,
        ObligationReopened,
        queue="notify.obligations",
        order=Order.LATEST,
        most=MOST,
    )
    def follow(self, events: list[Event]) -> None:
        self.notify.follow(events)

    @scheduled(every=2.0, name="notify.reminders")
    def remind(self) -> None:
        self.notify.reminding.climb()

    @rpc(request=ListMessages, response=Messages)
    def list_messages(self, request: Request) -> Answer:
        return self.notify.list_messages(request)

    @rpc(request=GetMessage, response=MessageWithDecisions)
    def get_message(self, request: Request) -> Answer:
        return self.notify.get_message(request)

    @rpc(request=AcceptReceipt, response=ReceiptAccepted, public=True)
    def accept_receipt(self, request: Request) -> Answer:
        return self.notify.accept_receipt(request)
