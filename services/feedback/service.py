"""The feedback service: who handles what."""

from __future__ import annotations

from services.chassis.batches import subscribe_batch
from services.chassis.envelope import Event
from services.chassis.subscribe import Order
from services.contracts.records_events import OrganisationChanged, PersonChanged, PostChanged
from services.feedback.application import Feedback
from services.feedback.measures.entrypoints import MeasuresTable
from services.feedback.opinions.entrypoints import OpinionsTable
from services.feedback.tickets.entrypoints import TicketsTable


class FeedbackService(OpinionsTable, MeasuresTable, TicketsTable):
    """Sees that what people say is answered, and that who spoke without a name stays without one.

    What is asked stands in the tables of its parts; here stands which events it reads.
    """

    name = "feedback"

    feedback = Feedback()

    @subscribe_batch(
        OrganisationChanged,
        PersonChanged,
        PostChanged,
        queue="feedback.authority",
        order=Order.LATEST,
        most=100,  # each event is a write of its own: what is in flight has to be done within a drain
    )
    def learn(self, events: list[Event]) -> None:
        self.feedback.learn(events)
