"""Commands and questions about organisations."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from services.chassis import context
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict
from services.chassis.pages import page
from services.chassis.store import Store, in_transaction
from services.records.access import Access
from services.records.directory import model as rules
from services.records.directory.store import Directory, only, shown

Answer = dict[str, Any]
_CHANGEABLE = ("name", "founded_on", "has_committee", "has_leading_group", "external_id", "active")


class Organisations:
    """The tree. Whoever is signed in may read it: it holds no personal data."""

    def __init__(self, database: Store, directory: Directory, access: Access, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._documents = directory.organisations
        self._access = access
        self._clock = clock

    def create(self, request: Answer) -> Answer:
        """Found an organisation; repeated with its key it answers the same."""
        parent = self._directory.organisation_named_in("parent", request["parent"])
        self._access.require_administrator(context.actor(), parent.id)
        organisation = self._documents.id_for_command()
        change = rules.found_organisation(
            organisation, request, (parent.id, parent.state), self._clock.today()
        )
        founded = self._documents.create(organisation, change.state, change.events, respond=shown)
        self._directory.know_organisation(founded)
        return founded.response or {}

    def change(self, request: Answer) -> Answer:
        """Change attributes, and move the subtree where another parent is given: all or nothing."""
        actor = context.actor()
        organisation = self._documents.get(request["organisation"])
        self._access.require_administrator(actor, organisation.id)
        parent = None
        if "parent" in request and request["parent"] != organisation.state["parent"]:
            parent = self._directory.organisation_named_in("parent", request["parent"])
            self._access.require_administrator(actor, parent.id)
        if request.get("active") is False:
            self._refuse_where_children_are_active(organisation.id)
        changed = self.apply(
            organisation.id,
            only(request, *_CHANGEABLE),
            parent,
            expected_version=request["expected_version"],
        )
        return changed.response or {}

    def apply(
        self,
        organisation: str,
        given: Answer,
        parent: Document | None = None,
        *,
        expected_version: int | None = None,
    ) -> Document:
        """Write ``given``; under a new ``parent`` everything below follows in the same commit."""
        today = self._clock.today()

        def decide(state: Answer) -> Change | None:
            changed = rules.change_organisation(organisation, state, given, today)
            if parent is None:
                return changed
            # One event for both: it carries the whole state.
            settled = changed.state if changed else state
            return rules.move(organisation, settled, (parent.id, parent.state)) or changed

        touched: list[Document] = []

        def commit() -> Document:
            touched.clear()
            changed = self._documents.change(
                organisation, decide, expected_version=expected_version, respond=shown
            )
            touched.append(changed)
            if parent is not None:
                touched.extend(self._let_follow(changed))
            return changed

        changed = in_transaction(self._database, commit) if parent is not None else commit()
        for each in touched:
            self._directory.know_organisation(each)
        return changed

    def get(self, organisation: str) -> Answer:
        """One organisation."""
        context.actor()
        return shown(self._documents.get(organisation))

    def listed(self, request: Answer) -> Answer:
        """Organisations by code."""
        context.actor()
        wanted = only(request, "parent", "kind", "code", "active")
        if "within" in request:
            wanted["path"] = request["within"]
        if "search" in request:
            wanted["name"] = {"$regex": re.escape(request["search"])}
        found = page(
            self._documents, wanted, order=[("code", 1)], limit=request["limit"], cursor=request["cursor"]
        )
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    def _let_follow(self, moved: Document) -> list[Document]:
        """Everything below ``moved`` takes on its new path, each with its event, from the top down."""
        now: dict[str, Document] = {moved.id: moved}
        below = self._documents.find({"path": moved.id}, limit=0)
        for each in sorted(below, key=lambda found: len(found.state["path"])):
            if each.id == moved.id:
                continue
            parent = now[each.state["parent"]]
            now[each.id] = self._documents.change(each.id, _following(each.id, parent))
        return [each for each in now.values() if each.id != moved.id]

    def _refuse_where_children_are_active(self, organisation: str) -> None:
        if self._documents.find_one({"parent": organisation, "active": True}):
            raise Conflict("organisation.has_children")
        if self._directory.people.find_one({"organisation": organisation, "active": True}):
            raise Conflict("organisation.has_people")


def _following(organisation: str, parent: Document) -> Callable[[Answer], Change | None]:
    return lambda state: rules.follow(organisation, state, (parent.id, parent.state))
