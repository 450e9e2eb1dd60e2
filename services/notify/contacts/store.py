"""Contacts and names as records told them. A number stays sealed here: it is opened only to send."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.chassis.latest import Latest
from services.chassis.said import Word
from services.chassis.store import Record, Store, answering, session


@dataclass(frozen=True)
class Contact:
    """Where a person can be reached; ``phone_sealed`` is None where no number is known. ``sequence``: of the
    event that said so."""

    person: str
    phone_sealed: str | None
    active: bool
    sequence: int = 0


class Contacts:
    """One contact per person, the newest state of records."""

    def __init__(self, database: Store) -> None:
        self._contacts = database["contacts"]
        self._latest = Latest(self._contacts)

    def put(self, contacts: Sequence[Contact]) -> None:
        """Replace what is known of each person, unless something newer is."""
        self._latest.apply(
            Word(each.person, {"phone_sealed": each.phone_sealed, "active": each.active}, each.sequence)
            for each in contacts
        )

    def get(self, person: str) -> Contact | None:
        """What is known of the person; None where nothing is."""
        with answering():
            found = self._contacts.find_one({"_id": person}, session=session())
        return _contact(found) if found else None

    def among(self, persons: Sequence[str]) -> dict[str, Contact]:
        """What is known of each of ``persons``, in one question."""
        with answering():
            found = self._contacts.find({"_id": {"$in": list(persons)}}, session=session())
            return {each["_id"]: _contact(each) for each in found}


def _contact(found: Record) -> Contact:
    return Contact(found["_id"], found["phone_sealed"], found["active"])


class OrganisationNames:
    """What an organisation is called in a message."""

    def __init__(self, database: Store) -> None:
        self._names = database["organisation_names"]
        self._latest = Latest(self._names)

    def put(self, names: Iterable[tuple[str, str, int]]) -> None:
        """Keep what organisations are called: id, name, and the sequence of the event that says so."""
        self._latest.apply(Word(id_, {"name": name}, sequence) for id_, name, sequence in names)

    def get(self, organisation: str) -> str | None:
        """The name; None for an organisation of which nothing is known."""
        with answering():
            found = self._names.find_one({"_id": organisation}, session=session())
        return str(found["name"]) if found else None
