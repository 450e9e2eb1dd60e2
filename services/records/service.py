"""The records service: who handles what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis.batches import subscribe_batch
from services.chassis.envelope import Event
from services.chassis.scheduled import scheduled
from services.chassis.subscribe import Order, subscribe
from services.contracts.campus_events import (
    DuesPaymentMade,
    DuesPaymentUndone,
    PersonUpserted,
    TrainingCompleted,
    TrainingWithdrawn,
)
from services.contracts.feedback_events import (
    MeasureCancelled,
    MeasureChanged,
    MeasurePlanned,
    ResultHandedIn,
    ResultPublished,
    ResultReturned,
)
from services.contracts.records_events import (
    ActivityApproved,
    BulletinPublished,
    OrganisationChanged,
    PersonChanged,
    PostChanged,
    StepRecorded,
    StepStruck,
)
from services.records.activities.attending_entrypoints import AttendingTable
from services.records.activities.entrypoints import ActivitiesTable
from services.records.application import Records
from services.records.bulletins.entrypoints import BulletinsTable
from services.records.campaigns.entrypoints import CampaignsTable
from services.records.development.entrypoints import DevelopmentTable
from services.records.directory.entrypoints import DirectoryTable
from services.records.dues.entrypoints import DuesTable
from services.records.elections.entrypoints import ElectionsTable
from services.records.exports.entrypoints import ExportsTable
from services.records.files.entrypoints import FilesTable
from services.records.ledger.entrypoints import LedgerTable
from services.records.membership.entrypoints import MembershipTable
from services.records.plans.entrypoints import PlansTable
from services.records.programmes.entrypoints import ProgrammesTable
from services.records.roster.entrypoints import RosterTable
from services.records.sanctions.entrypoints import SanctionsTable
from services.records.structure.entrypoints import StructureTable
from services.records.thoughts.entrypoints import ThoughtsTable
from services.records.training.entrypoints import TrainingTable
from services.records.transfers.entrypoints import TransfersTable
from services.records.votes.entrypoints import VotesTable


class RecordsService(
    DirectoryTable,
    StructureTable,
    MembershipTable,
    SanctionsTable,
    ActivitiesTable,
    AttendingTable,
    FilesTable,
    RosterTable,
    TransfersTable,
    TrainingTable,
    ThoughtsTable,
    DevelopmentTable,
    DuesTable,
    VotesTable,
    ElectionsTable,
    PlansTable,
    ProgrammesTable,
    ExportsTable,
    LedgerTable,
    BulletinsTable,
    CampaignsTable,
):
    """Keeps what organisations are and what they hold, as it happens.

    What is asked stands in the tables of its parts; here stands which events it reads.
    """

    name = "records"

    records = Records()

    @subscribe(
        PersonUpserted,
        TrainingCompleted,
        TrainingWithdrawn,
        DuesPaymentMade,
        DuesPaymentUndone,
        queue="records.campus",
        order=Order.ANY,
        on_parked="reject",
        rest=True,
    )
    def hear_campus(self, event: Event) -> None:
        self.records.hear(event)

    def reject(
        self, wire: Mapping[str, Any] | None, reason: str, detail: str, message_id: str | None
    ) -> None:
        self.records.rejections.reject(wire, reason, detail, message_id)

    @scheduled("00:20", name="records.elections")
    def turn_elections(self, today: date) -> None:
        self.records.elections.turn_the_day(today)

    # Ids follow from activity and person, so a batch needs neither transaction nor inbox.
    @subscribe_batch(ActivityApproved, queue="records.training", most=20, transaction=False, inbox=False)
    def credit_activities(self, events: list[Event]) -> None:
        self.records.training_sources.follow(events)

    # Ids follow from activity and decision.
    @subscribe_batch(ActivityApproved, queue="records.tasks", most=20, transaction=False, inbox=False)
    def make_tasks(self, events: list[Event]) -> None:
        self.records.plans.sources.follow(events)

    # All events of a measure, since each waits for the one before it.
    @subscribe(
        MeasurePlanned,
        MeasureChanged,
        MeasureCancelled,
        ResultHandedIn,
        ResultReturned,
        ResultPublished,
        queue="records.measures",
        order=Order.STRICT,
    )
    def follow_measures(self, event: Event) -> None:
        self.records.plans.measured.follow(event)

    @scheduled("00:20", name="records.tasks")
    def tell_of_overdue_tasks(self, today: date) -> None:
        self.records.plans.turn_the_day(today)

    # Ids follow from bulletin and organisation.
    @subscribe_batch(BulletinPublished, queue="records.bulletins", most=5, transaction=False, inbox=False)
    def expect_readers(self, events: list[Event]) -> None:
        self.records.bulletin_reading.follow(events)

    # What was followed is known by the dossier's version.
    @subscribe_batch(
        StepRecorded, StepStruck, queue="records.thoughts", most=20, transaction=False, inbox=False
    )
    def follow_contacts(self, events: list[Event]) -> None:
        self.records.thought_contacts.follow(events)

    # Authority keeps the newest by itself, so a batch needs neither transaction nor inbox.
    @subscribe_batch(
        OrganisationChanged,
        PersonChanged,
        PostChanged,
        queue="records.authority",
        most=50,  # each event is its own write: what is in flight has to be done within a drain
        transaction=False,
        inbox=False,
    )
    def learn(self, events: list[Event]) -> None:
        self.records.learn(events)
