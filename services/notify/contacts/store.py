"""Contacts and names as records told them. A number stays sealed here: it is opened only to send."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.chassis.indexes import Indexes
from services.chassis.latest import Latest
from services.chassis.said import Word
from services.chassis.store import Record, Store, answering, by_ids
from services.chassis.transactions import session


@dataclass(frozen=True)
class Contact:
    """Where a person can be reached; ``phone_sealed`` is None where no number is known.

    ``number_fingerprint`` is of their campus number, None where it was not told. ``sequence``: of the event
    that said so.
    """

    person: str
    phone_sealed: str | None
    active: bool
    number_fingerprint: str | None = None
    sequence: int = 0


class Contacts:
    """One contact per person, the newest state of records."""

    def __init__(self, database: Store) -> None:
        self._database = database
        self._contacts = database["contacts"]
        self._latest = Latest(self._contacts)

    def declare(self) -> None:
        """The index by which a number is found; most documents of before have none."""
        Indexes(self._database).declare("contacts", "number_fingerprint", sparse=True)

    def put(self, contacts: Sequence[Contact]) -> None:
        """Replace what is known of each person, unless something newer is."""
        self._latest.apply(Word(each.person, _told(each), each.sequence) for each in contacts)

    def get(self, person: str) -> Contact | None:
        """What is known of the person; None where nothing is."""
        with answering():
            found = self._contacts.find_one({"_id": person}, session=session())
        return _contact(found) if found else None

    def numbered(self, fingerprint: str) -> Contact | None:
        """Whose campus number has that fingerprint; None where nobody's is known to."""
        with answering():
            found = self._contacts.find_one({"number_fingerprint": fingerprint}, session=session())
        return _contact(found) if found else None

    def among(self, persons: Sequence[str]) -> dict[str, Contact]:
        """What is known of each of ``persons``."""
        with answering():
            return {each["_id"]: _contact(each) for each in by_ids(self._contacts, persons)}


def _told(contact: Contact) -> dict[str, object]:
    told: dict[str, object] = {"phone_sealed": contact.phone_sealed, "active": contact.active}
    # What is not told of is not taken away: a number stays a person's own.
    return told | ({"number_fingerprint": mark} if (mark := contact.number_fingerprint) else {})


def _contact(found: Record) -> Contact:
    mark = found.get("number_fingerprint")
    return Contact(found["_id"], found["phone_sealed"], found["active"], mark)


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
