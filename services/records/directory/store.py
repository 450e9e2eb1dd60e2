"""Where the directory is kept, how it is found, and how it is shown. No rule and no permission."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.chassis.application import Application
from services.chassis.authority import Authority
from services.chassis.documents import Document, Documents
from services.chassis.errors import Invalid
from services.chassis.said import grant_said, member_said, node_said
from services.chassis.vault import Vault, mask_id_number, mask_phone
from services.contracts.records_events.directory import NUMBER
from services.records.directory import id_numbers
from services.records.directory.codes import SEX_CODES, status_code
from services.records.directory.persons import ID_NUMBER_SLOT, SEALED

PHONE, ID_NUMBER = SEALED  # the fields under which they are sealed, in records and in whoever opens them
# Of a person's state: who said what of it, what is asked for by itself, and what is shown masked.
_UNTOLD = frozenset(
    {
        "words",
        "spells",
        "belonged",
        ID_NUMBER_SLOT,
        f"{NUMBER}_fingerprint",
        *(f"{field}_{part}" for field in SEALED for part in ("sealed", "fingerprint")),
    }
)


class Directory:
    """Organisations, people and posts of one database."""

    def __init__(self, application: Application) -> None:
        self.organisations = application.bundled_documents("organisations")
        self.people = application.bundled_documents("people")
        self.posts = application.bundled_documents("posts")
        self.vault: Vault = application.vault
        self.authority: Authority = application.authority
        indexes = application.indexes
        indexes.declare("organisations", "code", unique=True)
        indexes.declare("organisations", [("code", 1), ("_id", 1)])
        indexes.declare("organisations", [("grams", 1), ("code", 1), ("_id", 1)])
        indexes.declare("organisations", [("kind", 1), ("code", 1), ("_id", 1)])
        indexes.declare("organisations", "parent")
        indexes.declare("organisations", "path")
        indexes.declare("people", "number", unique=True)
        indexes.declare("people", [("number", 1), ("_id", 1)])
        indexes.declare("people", [("organisation", 1), ("number", 1)])
        indexes.declare("people", "name")
        indexes.declare("people", "phone_fingerprint")
        indexes.declare("people", "id_number_fingerprint", sparse=True)
        indexes.declare("people", ID_NUMBER_SLOT, unique=True, sparse=True)
        indexes.declare("posts", "slot", unique=True, sparse=True)
        indexes.declare("posts", "seat", sparse=True)
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

    def organisation_names(self, organisations: Iterable[str]) -> dict[str, str]:
        """Names of organisations by id."""
        return {each.id: each.state["name"] for each in found_by(self.organisations, "_id", organisations)}

    def sealed(self, field: str, text: str | None) -> dict[str, str | None]:
        """What is kept of one of ``SEALED``: sealed, and a fingerprint to find and compare it by.

        Raises ``Invalid("id_number.invalid")``.
        """
        if text is None:
            return {f"{field}_sealed": None, f"{field}_fingerprint": None}
        kept = id_numbers.checked(text) if field == ID_NUMBER else text
        return {f"{field}_sealed": self.vault.seal(field, kept), **self.fingerprint(field, kept)}

    def fingerprint(self, field: str, text: str) -> dict[str, str]:
        """By what a person is found whose sealed ``field`` is ``text``."""
        kept = text.upper() if field == ID_NUMBER else text
        return {f"{field}_fingerprint": self.vault.fingerprint(field, kept)}

    def marked(self, number: str) -> dict[str, str]:
        """What others, who are told no number, find the person with that campus number by."""
        return {f"{NUMBER}_fingerprint": self.vault.fingerprint(NUMBER, number)}

    def opened(self, person: Document, field: str) -> str | None:
        """What stands in one of ``SEALED``; None where nothing does."""
        sealed = person.state[f"{field}_sealed"]
        return self.vault.open(field, sealed) if sealed else None

    # -- showing -------------------------------------------------------------------------------

    def shown_person(self, person: Document) -> dict[str, Any]:
        """A person as others see them: phone and identity number are masked."""
        state = person.state
        told = {name: value for name, value in state.items() if name not in _UNTOLD}
        phone, number = (self.opened(person, field) for field in SEALED)
        return {
            "id": person.id,
            "version": person.version,
            **told,
            "political_status_code": status_code(state),
            "sex_code": SEX_CODES[state["sex"]],
            "phone": mask_phone(phone) if phone else None,
            "id_number": mask_id_number(number) if number else None,
        }

    # -- what this process knows at once, before the event comes round -------------------------

    def know_organisations(self, organisations: Iterable[Document]) -> None:
        """One event per version: a document's version is the sequence of its last event."""
        self.authority.apply(
            node_said(
                each.id,
                parent=each.state["parent"],
                path=each.state["path"],
                kind=each.state["kind"],
                active=each.state["active"],
                sequence=each.version,
            )
            for each in organisations
        )

    def know_person(self, person: Document) -> None:
        """As ``know_organisations``."""
        state = person.state
        said = member_said(person.id, state["organisation"], state["active"], sequence=person.version)
        self.authority.apply([said])

    def know_post(self, post: Document) -> None:
        """As ``know_organisations``."""
        state = post.state
        said = grant_said(
            post.id,
            person=state["person"],
            role=state["role"],
            node=state["organisation"],
            since=state["since"],
            until=state["until"],
            active=state["active"],
            sequence=post.version,
        )
        self.authority.apply([said])


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
        raise Invalid.at(field, code)
    return found
