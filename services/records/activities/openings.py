"""Openings of the entry of what was held long ago: given by the level above, with a reason on record."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.audit import Audit
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import Forbidden, NotFound
from services.chassis.pages import page
from services.chassis.policies import Pack, effective
from services.chassis.transactions import in_transaction
from services.records.access import Access
from services.records.activities import windows as rules
from services.records.activities.conduct import Rulings
from services.records.directory.store import Directory

Answer = dict[str, Any]
COLLECTION = "entry_windows"


class Openings:
    """Who holds no post at an organisation or above is told that there is no opening of it."""

    def __init__(
        self, application: Application, directory: Directory, access: Access, packs: list[Pack]
    ) -> None:
        self.documents = application.documents(COLLECTION)
        application.indexes.declare(COLLECTION, [("organisation", 1), ("open_until", -1), ("_id", -1)])
        application.indexes.declare(COLLECTION, [("open_until", -1), ("_id", -1)])
        self._database = application.database
        self._directory = directory
        self._access = access
        self._packs = packs
        self._audit: Audit = application.audit
        self._clock: Clock = application.clock

    # -- commands ------------------------------------------------------------------------------

    def open(self, request: Answer) -> Answer:
        """Open the entry, from strictly above; repeated with its key it answers the same."""
        organisation = self._directory.organisation_named_in("organisation", request["organisation"]).id
        actor, today = context.actor(), self._clock.today()
        self._require_reviewer(actor, organisation)
        rulings = effective(self._packs, today, self._directory.authority.path(organisation))
        window = self.documents.id_for_command()

        def commit() -> Document:
            repeated = self.documents.repeated(window)
            if repeated is not None:
                return repeated
            longest = rulings.get("longest_opening")
            change = rules.open_window(window, request, by=actor, today=today, longest=longest)
            made = self.documents.create(window, change.state, change.events, respond=self._shown)
            self._audit.append("entry_window.opened", actor, "organisation", organisation, request["reason"])
            return made

        return in_transaction(self._database, commit).response or {}

    def close(self, request: Answer) -> Answer:
        """Close it before its last day, from strictly above; what is over already stays as it was."""
        actor, today = context.actor(), self._clock.today()
        window = self.documents.get(request["window"])
        organisation = window.state["organisation"]
        if not self._access.reads_people(actor, organisation):
            raise NotFound(f"{COLLECTION}.not_found")
        self._require_reviewer(actor, organisation)

        def commit() -> Document:
            before = self.documents.get(window.id)
            closed = self.documents.change(
                window.id,
                lambda state: rules.close_window(
                    window.id, state, reason=request["reason"], by=actor, today=today
                ),
                expected_version=request["expected_version"],
                respond=self._shown,
            )
            if closed.version != before.version:
                action = "entry_window.closed"
                self._audit.append(action, actor, "organisation", organisation, request["reason"])
            return closed

        return in_transaction(self._database, commit).response or {}

    # -- questions -----------------------------------------------------------------------------

    def listed(self, request: Answer) -> Answer:
        """Openings of one organisation or of those in the caller's reach, the last to end first."""
        actor = context.actor()
        wanted: Answer = {}
        if "organisation" in request:
            self._require_reader(actor, request["organisation"])
            wanted["organisation"] = request["organisation"]
        elif not self._access.reaches_everything(actor, request.get("within")):
            wanted["organisation"] = {"$in": sorted(self._reach(actor, request.get("within")))}
        found = page(
            self.documents,
            wanted,
            order=[("open_until", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [self._shown(each) for each in found.documents], "next": found.next}

    def limit(self, organisation: str, held_on: date, rulings: Rulings) -> rules.Limit | None:
        """What bounds an entry today of what was held on ``held_on``; None where no rule refuses any."""
        ruling, today = rulings.get("latest_entry"), self._clock.today()
        if ruling is None or ruling.parameter.hardness != "block":
            return None
        if today <= rules.last_day(held_on, ruling):
            return rules.Limit(ruling)
        # Few: each is open for some weeks at most.
        standing = {"organisation": organisation, "open_until": {"$gte": today.isoformat()}}
        found = self.documents.find(standing, sort=[("open_until", -1), ("_id", -1)], limit=0)
        return rules.Limit(ruling, [{"id": each.id, **each.state} for each in found])

    # -- within --------------------------------------------------------------------------------

    def _require_reviewer(self, actor: str, organisation: str) -> None:
        self._access.require_reviewer(actor, organisation)
        if self._access.holds_writing_post(actor, organisation):
            raise Forbidden("entry_window.own_organisation")

    def _require_reader(self, actor: str, organisation: str) -> None:
        self._access.require_reader(actor, organisation)

    def _reach(self, actor: str, within: str | None) -> set[str]:
        if within is None:
            return self._access.scope_of_people(actor)
        self._require_reader(actor, within)
        return set(self._access.within(within))

    def _shown(self, window: Document) -> Answer:
        is_open = rules.is_open(window.state, self._clock.today())
        return {"id": window.id, "version": window.version, **window.state, "open": is_open}
