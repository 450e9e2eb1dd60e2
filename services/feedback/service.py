"""The feedback service: who handles what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.batches import subscribe_batch
from services.chassis.envelope import Event
from services.chassis.subscribe import Order, subscribe
from services.contracts.campus_events import OpinionFiled
from services.contracts.feedback_events import OpinionReceived, OpinionTriaged
from services.contracts.records_events import (
    ActivityPlanned,
    ActivityRecorded,
    OrganisationChanged,
    PersonChanged,
    PostChanged,
    TaskCreated,
)
from services.feedback.application import Feedback
from services.feedback.ballots.entrypoints import BallotsTable
from services.feedback.files.entrypoints import FilesTable
from services.feedback.measures.entrypoints import MeasuresTable
from services.feedback.opinions.entrypoints import OpinionsTable
from services.feedback.tickets.entrypoints import TicketsTable
from services.feedback.trends.entrypoints import TrendsTable


class FeedbackService(OpinionsTable, FilesTable, MeasuresTable, TicketsTable, BallotsTable, TrendsTable):
    """Sees that what people say is answered, and that who spoke without a name stays without one.

    What is asked stands in the tables of its parts; here stands which events it reads.
    """

    name = "feedback"

    feedback = Feedback()

    # Each of what is kept of these has the sequence of the newest word on it: no inbox.
    @subscribe_batch(
        OrganisationChanged,
        PersonChanged,
        PostChanged,
        queue="feedback.authority",
        most=100,  # what is in flight has to be done within a drain
        transaction=False,
        inbox=False,
    )
    def learn(self, events: list[Event]) -> None:
        self.feedback.learn(events)

    # Ids are all that is kept, so any repetition has one effect.
    @subscribe_batch(
        ActivityPlanned,
        ActivityRecorded,
        TaskCreated,
        queue="feedback.subjects",
        most=100,
        transaction=False,
        inbox=False,
    )
    def learn_subjects(self, events: list[Event]) -> None:
        self.feedback.subjects.learn(events)

    # Its own events: what is told is what is counted.
    @subscribe_batch(OpinionReceived, OpinionTriaged, queue="feedback.trends", order=Order.LATEST, most=50)
    def count_opinions(self, events: list[Event]) -> None:
        self.feedback.trends.fold(events)

    # Neither the event nor who sent it may lead to what was said, nor may a counter that grows by one.
    @subscribe(OpinionFiled, queue="feedback.campus", order=Order.ANY, anonymous=True, on_parked="reject")
    def hear_campus(self, event: Event) -> None:
        self.feedback.intake.file(event)

    def reject(
        self, wire: Mapping[str, Any] | None, reason: str, detail: str, message_id: str | None
    ) -> None:
        self.feedback.rejections.reject(wire, reason, detail, message_id)
