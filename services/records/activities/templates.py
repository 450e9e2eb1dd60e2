"""Templates of routine meetings, of an organisation for itself and everything below; and drafts from them."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import Invalid, NotFound
from services.chassis.pages import page
from services.records.access import Access
from services.records.activities import drafting, visibility
from services.records.activities.kinds import Kind
from services.records.activities.register import Register
from services.records.directory.store import Directory, shown

Answer = dict[str, Any]
COLLECTION = "activity_templates"


class Templates:
    """Kept by who writes for an organisation, used by who writes for it or for one below."""

    def __init__(
        self, application: Application, directory: Directory, access: Access, register: Register
    ) -> None:
        self.documents = application.documents(COLLECTION)
        application.indexes.declare(COLLECTION, [("offered", 1), ("title", 1), ("_id", 1)])
        self._directory = directory
        self._access = access
        self._register = register
        self._clock: Clock = application.clock

    # -- commands ------------------------------------------------------------------------------

    def create(self, request: Answer) -> Answer:
        """Keep a template; repeated with its key it answers the same."""
        organisation = self._directory.organisation_named_in("organisation", request["organisation"])
        self._access.require_writer(context.actor(), organisation.id)
        kind = self._register.kinds[request["kind"]]
        self._register.refuse_unknown_people(kind, request)
        template = self.documents.id_for_command()
        change = drafting.keep_template(template, None, request, kind)
        assert change is not None, "a new template says something"
        return self.documents.create(template, change.state, change.events, respond=shown).response or {}

    def change(self, request: Answer) -> Answer:
        """Put another in its place; its organisation and kind stay."""
        template = self._writable(request["template"])
        kind = self._register.kinds[template.state["kind"]]
        self._register.refuse_unknown_people(kind, request)
        given = {**request, "organisation": template.state["organisation"]}
        changed = self.documents.change(
            template.id,
            lambda before: drafting.keep_template(template.id, before, given, kind),
            expected_version=request["expected_version"],
            respond=shown,
        )
        return changed.response or {}

    def drop(self, request: Answer) -> Answer:
        """Offer a template no more."""
        template = self._writable(request["template"])
        dropped = self.documents.change(
            template.id,
            lambda before: drafting.drop_template(template.id, before),
            expected_version=request["expected_version"],
            respond=shown,
        )
        return dropped.response or {}

    # -- questions -----------------------------------------------------------------------------

    def listed(self, request: Answer) -> Answer:
        """The templates that an organisation may use, its own and those from above, by title."""
        organisation = request["organisation"]
        self._access.require_writer(context.actor(), organisation)
        path = self._directory.authority.path(organisation)
        wanted = {"offered": {"$in": [drafting.mark(each, request.get("kind")) for each in path]}}
        found = page(
            self.documents, wanted, order=[("title", 1)], limit=request["limit"], cursor=request["cursor"]
        )
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    def draft(self, request: Answer) -> Answer:
        """A body ready to be filed, by a template or as the last meeting of that kind; nothing is written."""
        organisation = self._directory.organisation_named_in("organisation", request["organisation"])
        self._access.require_writer(context.actor(), organisation.id)
        kind = self._register.kinds[request["kind"]]
        held_on: date = request.get("held_on") or self._clock.today()
        template = self._usable(request["template"], organisation.id, kind) if "template" in request else None
        last = self._last(organisation.id, kind) if template is None else None
        source = template or last
        entitled = (
            []
            if kind.entitled == "participants"
            else sorted(self._register.entitled(kind, organisation.id, held_on))
        )
        was = date.fromisoformat(last.state["held_on"]) if last else None
        body = drafting.draft(organisation.id, kind, source.state if source else {}, entitled, held_on, was)
        names = self._directory.names(entitled)
        return {
            "body": body,
            "asked": drafting.asked(kind, body),
            "template": template.id if template else None,
            "copied_from": last.id if last else None,
            "people": [{"person": each, "name": names.get(each, "")} for each in entitled],
        }

    # -- within --------------------------------------------------------------------------------

    def _writable(self, template: str) -> Document:
        found = self.documents.get(template)
        if not self._access.may_write(context.actor(), found.state["organisation"]):
            raise NotFound(f"{COLLECTION}.not_found")
        return found

    def _usable(self, template: str, organisation: str, kind: Kind) -> Document:
        """The template that a request names, of the organisation or of one above, and of its kind."""
        found = self.documents.find_one({"_id": template})
        path = self._directory.authority.path(organisation)
        if found is None or not found.state["active"] or found.state["organisation"] not in path:
            raise Invalid.at("template", "activity_template.unknown")
        if found.state["kind"] != kind.name:
            raise Invalid.at("template", "activity_template.other_kind")
        return found

    def _last(self, organisation: str, kind: Kind) -> Document | None:
        """The last meeting of the kind that was recorded, and not in an earlier system."""
        found = self._register.documents.find(
            {"audience": visibility.mark(organisation, restricted=kind.restricted), "kind": kind.name},
            sort=[("held_on", -1), ("_id", -1)],
            limit=_LOOKED_AT,
        )
        return next((each for each in found if each.state["attendance"]), None)


_LOOKED_AT = 10
