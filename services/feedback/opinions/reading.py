"""Reading opinions: who may know of one, what they see of it, and the lists."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document, Documents
from services.chassis.errors import NotFound
from services.chassis.pages import page
from services.feedback.access import Access
from services.feedback.opinions import store
from services.feedback.opinions.model import Opinion
from services.feedback.opinions.receipts import opinion_of

Answered = dict[str, Any]


class OpinionReading:
    """An id that the caller may not know of is answered as one that does not exist."""

    def __init__(self, application: Application, documents: Documents, access: Access) -> None:
        self.documents = documents
        self._access = access
        self._audit = application.audit

    def follow(self, code: str) -> Answered:
        """What became of the opinion whose receipt this is; raises ``NotFound`` for any other code."""
        found = self.documents.find_one({"_id": opinion_of(code), "mode": "anonymous"})
        if found is None:
            raise NotFound("receipts.not_found")
        return store.shown(found)

    def one(self, id: str) -> Answered:  # noqa: A002 - the field's name
        """One opinion, to its author and its readers. Who opens another's named one is on record."""
        person = context.actor()
        document = self.readable(person, id)
        author = store.read(document).author
        if author is not None and author != person:
            self._audit.append("opinion.read", person, "opinion", id)
        return store.shown(document)

    def several(self, request: Answered) -> Answered:
        """What I said, or what I may read."""
        person = context.actor()
        wanted = (
            {"author": person}
            if request["mine"]
            else self._access.readable(person, request.get("organisation")) | store.RELEASED
        )
        found = page(
            self.documents,
            wanted | only(request, "state"),
            order=store.NEWEST_FIRST,
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [store.shown(each) for each in found.documents], "next": found.next}

    def readable(self, person: str, id: str) -> Document:  # noqa: A002 - the field's name
        """The document of an opinion, to its author and its readers; raises ``NotFound`` to others."""
        document = self.documents.get(id)
        opinion = store.read(document)
        if opinion.author != person and not (
            opinion.released and self._access.may_read(person, opinion.organisation, opinion.kept_from)
        ):
            raise NotFound("opinions.not_found")
        return document

    def handled(self, person: str, id: str) -> Opinion:  # noqa: A002 - the field's name
        """An opinion to those who may deal with it; raises ``NotFound`` to others."""
        opinion = store.read(self.documents.get(id))
        if not (
            opinion.released and self._access.may_handle(person, opinion.organisation, opinion.kept_from)
        ):
            raise NotFound("opinions.not_found")
        return opinion


def only(request: Answered, name: str) -> Answered:
    """The part of a filter that asks for ``name``, where the request does."""
    return {name: request[name]} if name in request else {}
