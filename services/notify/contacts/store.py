"""Contacts and names as records told them. A number stays sealed here: it is opened only to send."""

from __future__ import annotations

from dataclasses import dataclass

from services.chassis.store import Store, answering, session


@dataclass(frozen=True)
class Contact:
    """Where a person can be reached; ``phone_sealed`` is None where no number is known."""

    person: str
    phone_sealed: str | None
    active: bool


class Contacts:
    """One contact per person, the newest state of records."""

    def __init__(self, database: Store) -> None:
        self._contacts = database["contacts"]

    def put(self, contact: Contact) -> None:
        """Replace what is known of the person."""
        state = {"phone_sealed": contact.phone_sealed, "active": contact.active}
        self._contacts.replace_one({"_id": contact.person}, state, upsert=True, session=session())

    def get(self, person: str) -> Contact | None:
        """What is known of the person; None where nothing is."""
        with answering():
            found = self._contacts.find_one({"_id": person}, session=session())
        return Contact(person, found["phone_sealed"], found["active"]) if found else None


class OrganisationNames:
    """What an organisation is called in a message."""

    def __init__(self, database: Store) -> None:
        self._names = database["organisation_names"]

    def put(self, organisation: str, name: str) -> None:
        """Replace the name."""
        self._names.replace_one({"_id": organisation}, {"name": name}, upsert=True, session=session())

    def get(self, organisation: str) -> str | None:
        """The name; None for an organisation of which nothing is known."""
        with answering():
            found = self._names.find_one({"_id": organisation}, session=session())
        return str(found["name"]) if found else None
