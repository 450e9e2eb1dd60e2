"""Who reads the thought reports of a person: the contacts that the branch named, and its secretary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.audit import Audit
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.identity import derived_id
from services.records.access import Access
from services.records.directory.store import Directory, found_by
from services.records.thoughts import model as rules

Answer = dict[str, Any]
COLLECTION = "thought_contacts"
# Named by the branch itself: who could name from above could name themselves, and read.
NAMING_ROLES = ("secretary", "deputy_secretary", "organisation_commissioner")


class Contacts:
    """Contacts by person; answered as they are now, so that who was replaced reads no more."""

    def __init__(self, application: Application, directory: Directory, access: Access) -> None:
        self.documents = application.documents(COLLECTION)
        application.indexes.declare(COLLECTION, "contacts")
        self._directory = directory
        self._access = access
        self._audit: Audit = application.audit

    def name(self, request: Answer) -> Answer:
        """Name a person's contacts, instead of those named before; the person sees it on record."""
        actor = context.actor()
        person = self._directory.person_named_in("person", request["person"])
        home = person.state["organisation"]
        if not self._access.reads_people(actor, home):
            raise Invalid("person.unknown", fields={"person": ["person.unknown"]})
        if actor not in self._naming(home):
            raise Forbidden("permission.denied")
        chosen = request["contacts"]
        people = {each.id: each.state for each in found_by(self._directory.people, "_id", chosen)}
        unknown = [position for position, each in enumerate(chosen) if each not in people]
        if unknown:
            fields = {f"contacts.{position}": ["person.unknown"] for position in unknown}
            raise Invalid("person.unknown", fields=fields)
        given = {"person": person.id, "organisation": home}

        def decide(state: Answer | None) -> Change | None:
            return rules.name_contacts(_of(person.id), state, chosen, given, people)

        named = self._write(person.id, decide, request["expected_version"])
        self._audit.append("thought.contacts", actor, "person", person.id)
        return named.response or {}

    def get(self, person: str) -> Answer:
        """Who reads a person's reports: told to that person, to a contact and to who names them."""
        actor = context.actor()
        home = self._directory.authority.belongs(person)
        found = self.documents.find_one({"_id": _of(person)})
        names = home is not None and actor in self._naming(home)
        if found is None or not (actor == person or names or actor in found.state["contacts"]):
            raise NotFound(f"{COLLECTION}.not_found")
        return _shown(found)

    def of(self, person: str) -> list[str]:
        """The contacts of one person."""
        return self.of_all([person]).get(person, [])

    def of_all(self, people: list[str]) -> dict[str, list[str]]:
        """Contacts by person, of those who have any."""
        found = found_by(self.documents, "_id", [_of(each) for each in people])
        return {each.state["person"]: list(each.state["contacts"]) for each in found}

    def accompanied_by(self, contact: str) -> list[str]:
        """Whose contact somebody is."""
        return [each.state["person"] for each in self.documents.find({"contacts": contact}, limit=0)]

    def secretaries_of(self, person: str) -> list[str]:
        """The secretary of the branch that a person belongs to, by a group or by itself."""
        home = self._directory.authority.belongs(person)
        return self.secretaries_at(self._branch(home)) if home is not None else []

    def secretaries_at(self, organisation: str) -> list[str]:
        """Who is secretary at exactly that organisation."""
        return self._directory.authority.holders(organisation, ("secretary",))

    def _naming(self, home: str) -> list[str]:
        return self._directory.authority.holders(self._branch(home), NAMING_ROLES)

    def _branch(self, organisation: str) -> str:
        node = self._directory.authority.node(organisation)
        if node is not None and node.kind == "group" and node.parent is not None:
            return node.parent
        return organisation

    def _write(
        self, person: str, decide: Callable[[Answer | None], Change | None], expected_version: int | None
    ) -> Document:
        if self.documents.find_one({"_id": _of(person)}) is not None:
            return self.documents.change(
                _of(person), decide, expected_version=expected_version, respond=_shown
            )
        if expected_version is not None:
            raise Conflict("version.stale", params={"version": 0})
        change = decide(None)
        assert change is not None, "nothing was named before"
        return self.documents.create(_of(person), change.state, change.events, respond=_shown)


def _of(person: str) -> str:
    return derived_id("thought contacts", person)


def _shown(contacts: Document) -> Answer:
    return {"id": contacts.id, "version": contacts.version, **contacts.state}
