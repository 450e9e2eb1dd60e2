"""The notify service: who handles what."""

from __future__ import annotations

from typing import Any

from services.chassis.envelope import Event
from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.chassis.subscribe import Order, subscribe
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

Request = dict[str, Any]
Answer = dict[str, Any]


class NotifyService:
    """Reminds whoever answers for what was not held, once, and says what became of each reminder."""

    name = "notify"

    notify = Notify()

    @subscribe(OrganisationChanged, PersonChanged, PostChanged, queue="notify.authority", order=Order.LATEST)
    def learn(self, event: Event) -> None:
        self.notify.learn(event)

    @subscribe(PersonChanged, OrganisationChanged, queue="notify.contacts", order=Order.LATEST)
    def keep_contact(self, event: Event) -> None:
        self.notify.keep_contact(event)

    @subscribe(
        ObligationOverdue,
        ObligationFulfilled,
        ObligationMissed,
        ObligationExempted,
        ObligationReopened,
        queue="notify.obligations",
        order=Order.LATEST,
    )
    def follow(self, event: Event) -> None:
        self.notify.follow(event)

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
