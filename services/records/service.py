"""The records service: who handles what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis.batches import subscribe_batch
from services.chassis.envelope import Event
from services.chassis.subscribe import Order, subscribe
from services.contracts.campus_events import PersonUpserted
from services.contracts.records_events import OrganisationChanged, PersonChanged, PostChanged
from services.records.activities.entrypoints import ActivitiesTable
from services.records.application import Records
from services.records.directory.entrypoints import DirectoryTable
from services.records.roster.entrypoints import RosterTable


class RecordsService(DirectoryTable, ActivitiesTable, RosterTable):
    """Keeps what organisations are and what they hold, as it happens.

    What is asked stands in the tables of its parts; here stands which events it reads.
    """

    name = "records"

    records = Records()

    @subscribe(PersonUpserted, queue="records.campus", order=Order.ANY, on_parked="reject")
    def upsert_person(self, event: Event) -> None:
        self.records.campus.upsert(event)

    def reject(
        self, wire: Mapping[str, Any] | None, reason: str, detail: str, message_id: str | None
    ) -> None:
        self.records.campus.reject(wire, reason, detail, message_id)

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
