"""Who reads the thought reports of a person: the contacts that the branch named, and its secretary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.audit import Audit
from services.chassis.contract import Change
from services.chassis.documents import Document, Documents
from services.chassis.envelope import Event
from services.chassis.errors import Conflict, Invalid, NotFound, Permanent
from services.chassis.grants import denied
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

    def __init__(
        self, application: Application, directory: Directory, access: Access, dossiers: Documents
    ) -> None:
        self._dossiers = dossiers
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
            raise Invalid.at("person", "person.unknown")
        if actor not in self._naming(home):
            raise denied(NAMING_ROLES, "here")
        chosen = request["contacts"]
        people = self._states(chosen)
        given = {"person": person.id, "organisation": home}

        def decide(state: Answer | None) -> Change | None:
            return rules.name_contacts(_of(person.id), state, chosen, given, people)

        named = self._write(person.id, decide, request["expected_version"])
        self._audit.append("thought.contacts", actor, "person", person.id)
        return named.response or {}

    def follow(self, events: Sequence[Event]) -> None:
        """Take over the contacts that a dossier names: whom the branch decided on reads from then on."""
        for event in events:
            if event.data["step"] == "contacts":
                self._follow(event.data["dossier"])

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

    def _follow(self, dossier: str) -> None:
        found = self._dossiers.get(dossier)
        named = [
            entry["people"]
            for entry in found.state["entries"]
            if entry["step"] == "contacts" and entry["struck"] is None and entry.get("people")
        ]
        if not named:
            return  # struck out: who was named reads until the branch names somebody else
        person, chosen = found.state["person"], named[-1]
        people = self._states(chosen)
        home = self._directory.people.get(person).state["organisation"]
        given = {"person": person, "organisation": home}

        def decide(state: Answer | None) -> Change | None:
            return rules.follow_dossier(_of(person), state, dossier, found.version, chosen, given, people)

        try:
            self._write(person, decide, None)
        except Invalid as wrong:
            raise Permanent(wrong.code, ", ".join(sorted(wrong.fields))) from None

    def _states(self, people: Sequence[str]) -> dict[str, Answer]:
        """The states of those named; raises ``Invalid`` for who is not known."""
        states = {each.id: each.state for each in found_by(self._directory.people, "_id", people)}
        fields = {
            f"contacts.{position}": ["person.unknown"]
            for position, each in enumerate(people)
            if each not in states
        }
        if fields:
            raise Invalid("person.unknown", fields=fields)
        return states

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
    told = {name: contacts.state[name] for name in ("person", "organisation", "contacts")}
    return {"id": contacts.id, "version": contacts.version, **told}
