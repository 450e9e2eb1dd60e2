"""The notify service: who handles what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis.batches import subscribe_batch
from services.chassis.envelope import Event
from services.chassis.rpc import rpc
from services.chassis.scheduled import scheduled
from services.chassis.subscribe import Order, subscribe
from services.contracts.campus_events import MessageRequested
from services.contracts.notify_rpc import (
    AcceptReceipt,
    Announce,
    Announcement,
    GetAnnouncement,
    GetMessage,
    Inbox,
    InboxEntry,
    ListInbox,
    ListMessages,
    MarkRead,
    Messages,
    MessageWithDecisions,
    ReceiptAccepted,
    ReportsTaken,
    ResumeAnnouncement,
    StopAnnouncement,
    TakeReports,
)
from services.contracts.records_events import OrganisationChanged, PersonChanged, PostChanged
from services.notify.application import Notify
from services.notify.reminders.following import contracts_of
from services.notify.settings_table import SettingsTable

# Each event is some writes of its own: what is in flight has to be done within a drain.
MOST = 100
Request = dict[str, Any]
Answer = dict[str, Any]


class NotifyService(SettingsTable):
    """Reminds whoever answers for what is due, and says what became of each reminder.

    What is asked about settings stands in a table of its own.
    """

    name = "notify"

    notify = Notify()

    # Each of what is kept of these has the sequence of the newest word on it: no inbox.
    @subscribe_batch(
        OrganisationChanged,
        PersonChanged,
        PostChanged,
        queue="notify.authority",
        most=MOST,
        transaction=False,
        inbox=False,
    )
    def learn(self, events: list[Event]) -> None:
        self.notify.learn(events)

    @subscribe_batch(
        PersonChanged,
        OrganisationChanged,
        queue="notify.contacts",
        most=MOST,
        transaction=False,
        inbox=False,
    )
    def keep_contacts(self, events: list[Event]) -> None:
        self.notify.keep_contacts(events)

    # Which event means what stands in reminders/following.py. One queue for each kind: their subjects are not
    # of one numbering.
    @subscribe_batch(*contracts_of("obligation"), queue="notify.obligations", order=Order.LATEST, most=MOST)
    def follow(self, events: list[Event]) -> None:
        self.notify.follow(events)

    @subscribe_batch(*contracts_of("opinion"), queue="notify.opinions", order=Order.LATEST, most=MOST)
    def follow_opinions(self, events: list[Event]) -> None:
        self.notify.follow(events)

    @subscribe_batch(*contracts_of("election"), queue="notify.elections", order=Order.LATEST, most=MOST)
    def follow_elections(self, events: list[Event]) -> None:
        self.notify.follow(events)

    @subscribe_batch(*contracts_of("talk"), queue="notify.talks", order=Order.LATEST, most=MOST)
    def follow_talks(self, events: list[Event]) -> None:
        self.notify.follow(events)

    @subscribe(MessageRequested, queue="notify.campus", order=Order.ANY, on_parked="reject")
    def hear_campus(self, event: Event) -> None:
        self.notify.requests.take(event)

    def reject(
        self, wire: Mapping[str, Any] | None, reason: str, detail: str, message_id: str | None
    ) -> None:
        self.notify.rejections.reject(wire, reason, detail, message_id)

    @scheduled(every=2.0, name="notify.reminders")
    def remind(self) -> None:
        self.notify.remind()

    @scheduled("03:40", name="notify.allowances")
    def forget(self, today: date) -> None:
        self.notify.forget(today)

    @rpc(request=ListMessages, response=Messages)
    def list_messages(self, request: Request) -> Answer:
        return self.notify.reading.listed(request)

    @rpc(request=GetMessage, response=MessageWithDecisions)
    def get_message(self, request: Request) -> Answer:
        return self.notify.reading.get(request)

    @rpc(request=AcceptReceipt, response=ReceiptAccepted, public=True)
    def accept_receipt(self, request: Request) -> Answer:
        return self.notify.accept_receipt(request)

    @rpc(request=TakeReports, response=ReportsTaken, public=True)
    def take_reports(self, request: Request) -> Answer:
        return self.notify.take_reports(request)

    @rpc(request=ListInbox, response=Inbox)
    def list_inbox(self, request: Request) -> Answer:
        return self.notify.list_inbox(request)

    @rpc(request=MarkRead, response=InboxEntry)
    def mark_read(self, request: Request) -> Answer:
        return self.notify.mark_read(request)

    @rpc(request=Announce, response=Announcement)
    def announce(self, request: Request) -> Answer:
        return self.notify.announce(request)

    @rpc(request=GetAnnouncement, response=Announcement)
    def get_announcement(self, request: Request) -> Answer:
        return self.notify.get_announcement(request)

    @rpc(request=ResumeAnnouncement, response=Announcement)
    def resume_announcement(self, request: Request) -> Answer:
        return self.notify.resume_announcement(request)

    @rpc(request=StopAnnouncement, response=Announcement)
    def stop_announcement(self, request: Request) -> Answer:
        return self.notify.stop_announcement(request)
