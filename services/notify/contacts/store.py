"""Contacts and names as records told them. A number stays sealed here: it is opened only to send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pymongo import ReplaceOne, UpdateOne

from services.chassis.store import Record, Store, answering, session


@dataclass(frozen=True)
class Contact:
    """Where a person can be reached; ``phone_sealed`` is None where no number is known. ``addresses`` are
    those on other channels than SMS, sealed, by channel."""

    person: str
    phone_sealed: str | None
    active: bool
    addresses: Mapping[str, str] = field(default_factory=dict)

    def sealed(self, channel: str) -> str | None:
        """The sealed address on ``channel``; None where none is known."""
        return self.phone_sealed if channel == "sms" else self.addresses.get(channel)


class Contacts:
    """One contact per person, the newest state of records."""

    def __init__(self, database: Store) -> None:
        self._contacts = database["contacts"]

    def put(self, contacts: Sequence[Contact]) -> None:
        """Replace what is known of each person."""
        writes = [
            UpdateOne(
                {"_id": each.person},
                {"$set": {"phone_sealed": each.phone_sealed, "active": each.active}},
                upsert=True,
            )
            for each in contacts
        ]
        if writes:
            self._contacts.bulk_write(writes, session=session())

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
    return Contact(found["_id"], found["phone_sealed"], found["active"], found.get("addresses", {}))


class OrganisationNames:
    """What an organisation is called in a message."""

    def __init__(self, database: Store) -> None:
        self._names = database["organisation_names"]

    def put(self, names: Mapping[str, str]) -> None:
        """Replace the names of organisations, by id."""
        writes = [ReplaceOne({"_id": each}, {"name": name}, upsert=True) for each, name in names.items()]
        if writes:
            self._names.bulk_write(writes, session=session())

    def get(self, organisation: str) -> str | None:
        """The name; None for an organisation of which nothing is known."""
        with answering():
            found = self._names.find_one({"_id": organisation}, session=session())
        return str(found["name"]) if found else None
