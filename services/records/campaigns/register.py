"""Commands and questions about campaigns."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.pages import page
from services.records.access import Access, not_a_reader
from services.records.bulletins.addressing import Addressing
from services.records.campaigns import model as rules
from services.records.directory.store import Directory, shown

Answer = dict[str, Any]
COLLECTION = "campaigns"


class Campaigns:
    """Who is not called upon, and holds no post over who called, is told that there is none."""

    def __init__(
        self, application: Application, directory: Directory, access: Access, addressing: Addressing
    ) -> None:
        self.documents = application.documents(COLLECTION)
        indexes = application.indexes
        indexes.declare(COLLECTION, [("marks", 1), ("called_at", -1), ("_id", -1)])
        indexes.declare(COLLECTION, [("organisation", 1), ("called_at", -1), ("_id", -1)])
        self._directory = directory
        self._access = access
        self._addressing = addressing
        self._clock: Clock = application.clock

    def call(self, request: Answer) -> Answer:
        """Call for lectures; repeated with its key it answers the same."""
        actor = context.actor()
        organisation = self._directory.organisation_named_in("organisation", request["organisation"]).id
        self._access.require_publisher(actor, organisation)
        audience = self._addressing.require_within(organisation, request["audience"])
        campaign = self.documents.id_for_command()
        change = rules.call(
            campaign,
            {**request, "audience": audience},
            by=actor,
            now=self._clock.now(),
            today=self._clock.today(),
        )
        return self.documents.create(campaign, change.state, change.events, respond=shown).response or {}

    def close(self, request: Answer) -> Answer:
        """End it before its last day."""
        campaign, actor, today = self.readable(request["campaign"]), context.actor(), self._clock.today()
        self._access.require_publisher(actor, campaign.state["organisation"])
        closed = self.documents.change(
            campaign.id,
            lambda state: rules.close(campaign.id, state, reason=request["reason"], by=actor, today=today),
            expected_version=request["expected_version"],
            respond=shown,
        )
        return closed.response or {}

    def get(self, campaign: str) -> Answer:
        """One campaign."""
        return shown(self.readable(campaign))

    def listed(self, request: Answer) -> Answer:
        """Campaigns that call upon the caller, or those of an organisation, newest first."""
        if "organisation" not in request:
            wanted: Answer = {"marks": {"$in": self._addressing.marks()}}
        elif self._access.reads_people(context.actor(), request["organisation"]):
            wanted = {"organisation": request["organisation"]}
        else:
            raise not_a_reader()
        found = page(
            self.documents,
            wanted,
            order=[("called_at", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    def called_upon(self, campaign: str) -> Document:
        """The campaign, where it calls upon the caller; raises ``NotFound("campaigns.not_found")``."""
        found = self.documents.get(campaign)
        if not self._addressing.reaches(found.state):
            raise NotFound("campaigns.not_found")
        return found

    def readable(self, campaign: str) -> Document:
        """As ``called_upon``, also for posts where it was called or above."""
        found = self.documents.get(campaign)
        if self._access.reads_people(context.actor(), found.state["organisation"]):
            return found
        return self.called_upon(campaign)
