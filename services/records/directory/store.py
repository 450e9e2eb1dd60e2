"""Where the directory is kept, how it is found, and how it is shown. No rule and no permission."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.chassis.application import Application
from services.chassis.authority import Authority
from services.chassis.documents import Document, Documents
from services.chassis.errors import Invalid
from services.chassis.vault import Vault, mask_phone

# Of a person's state: who said what of it, and what is asked for by itself.
_UNTOLD = frozenset({"words", "spells", "belonged"})
PHONE = "phone"  # the field under which numbers are sealed, in records and in whoever opens them


class Directory:
    """Organisations, people and posts of one database."""

    def __init__(self, application: Application) -> None:
        self.organisations = application.documents("organisations")
        self.people = application.documents("people")
        self.posts = application.documents("posts")
        self.vault: Vault = application.vault
        self.authority: Authority = application.authority
        indexes = application.indexes
        indexes.declare("organisations", "code", unique=True)
        indexes.declare("organisations", "parent")
        indexes.declare("organisations", "path")
        indexes.declare("people", "number", unique=True)
        indexes.declare("people", [("organisation", 1), ("number", 1)])
        indexes.declare("people", "name")
        indexes.declare("posts", "slot", unique=True, sparse=True)
        indexes.declare("posts", [("organisation", 1), ("_id", 1)])
        indexes.declare("posts", [("person", 1), ("_id", 1)])

    # -- finding -------------------------------------------------------------------------------

    def organisation_named_in(self, field: str, organisation: str) -> Document:
        """The organisation that a request names; raises ``Invalid`` for its ``field``."""
        return _named(field, "organisation.unknown", self.organisations.find_one({"_id": organisation}))

    def person_named_in(self, field: str, person: str) -> Document:
        """The person that a request names; raises ``Invalid`` for its ``field``."""
        return _named(field, "person.unknown", self.people.find_one({"_id": person}))

    def unknown_people(self, people: Iterable[str]) -> set[str]:
        """Those of ``people`` that there are not."""
        wanted = set(people)
        return wanted - {each.id for each in found_by(self.people, "_id", wanted)}

    def names(self, people: Iterable[str]) -> dict[str, str]:
        """Names by id."""
        return {each.id: each.state["name"] for each in found_by(self.people, "_id", people)}

    def sealed_phone(self, phone: str | None) -> dict[str, str | None]:
        """What is kept of a phone number: sealed, and a fingerprint to find and compare it by."""
        if phone is None:
            return {"phone_sealed": None, "phone_fingerprint": None}
        return {
            "phone_sealed": self.vault.seal(PHONE, phone),
            "phone_fingerprint": self.vault.fingerprint(PHONE, phone),
        }

    # -- showing -------------------------------------------------------------------------------

    def shown_person(self, person: Document) -> dict[str, Any]:
        """A person as others see them: the number is masked."""
        sealed = person.state["phone_sealed"]
        masked = mask_phone(self.vault.open(PHONE, sealed)) if sealed else None
        told = {name: value for name, value in person.state.items() if name not in _UNTOLD}
        return {"id": person.id, "version": person.version, **told, "phone": masked}

    # -- what this process knows at once, before the event comes round -------------------------

    def know_organisation(self, organisation: Document) -> None:
        """One event per version: a document's version is the sequence of its last event."""
        state = organisation.state
        self.authority.apply_node(
            organisation.id,
            parent=state["parent"],
            path=state["path"],
            kind=state["kind"],
            active=state["active"],
            sequence=organisation.version,
        )

    def know_person(self, person: Document) -> None:
        """As ``know_organisation``."""
        state = person.state
        self.authority.apply_member(
            person.id, state["organisation"], state["active"], sequence=person.version
        )

    def know_post(self, post: Document) -> None:
        """As ``know_organisation``."""
        state = post.state
        self.authority.apply_grant(
            post.id,
            person=state["person"],
            role=state["role"],
            node=state["organisation"],
            since=state["since"],
            until=state["until"],
            active=state["active"],
            sequence=post.version,
        )


# The embedded store compares every document found with every value asked for: short lists are fastest.
_ASKED_AT_ONCE = 20


def found_by(documents: Documents, field: str, values: Iterable[str], **more: Any) -> list[Document]:
    """Every document whose ``field`` is one of ``values``, and that matches ``more``."""
    wanted = sorted(set(values))
    found: list[Document] = []
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        some = {"$in": wanted[start : start + _ASKED_AT_ONCE]}
        found.extend(documents.find({field: some, **more}, limit=0))
    return found


def shown(document: Document) -> dict[str, Any]:
    """An organisation or a post, as it is."""
    return {"id": document.id, "version": document.version, **document.state}


def only(request: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """What ``request`` says of ``names``."""
    return {name: request[name] for name in names if name in request}


def _named(field: str, code: str, found: Document | None) -> Document:
    if found is None:
        raise Invalid(code, fields={field: [code]})
    return found
