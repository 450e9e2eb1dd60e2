"""Reading measures: theirs who answer and who own, and the open view."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document, Documents
from services.chassis.errors import NotFound
from services.chassis.pages import Findable, page
from services.feedback.access import Access
from services.feedback.measures import store
from services.feedback.opinions.reading import Visible

Answered = dict[str, Any]


class MeasureReading:
    """An id that the caller may not know of is answered as one that does not exist."""

    def __init__(self, application: Application, documents: Documents, access: Access) -> None:
        self.documents = documents
        self._access = access
        self._authority = application.authority

    def one(self, id: str) -> Answered:  # noqa: A002 - the field's name
        """One measure, to its owner and its readers."""
        person = context.actor()
        return self.shown(person, self.readable(person, id))

    def shown(self, person: str, document: Document) -> Answered:
        """As ``person`` sees it: without the opinions behind it, unless they may read those."""
        measure = store.read(document)
        may_read = self._access.may_read(person, measure.organisation, measure.kept_from)
        return store.shown(document, with_opinions=may_read)

    def several(self, request: Answered) -> Answered:
        """What I own, or what I may read: all of it, or what an activity is evidence of."""
        person, mine, state = context.actor(), request["mine"], request.get("state")
        asked: Findable = self.documents
        if mine:
            wanted = store.owned_by(person, state)
        else:
            reach = self._access.reach(person, request.get("organisation"))
            asked = Visible(self.documents, self._access, person, reach)
            activity = request.get("activity")
            wanted = store.shown_by(activity, state) if activity else store.found_by(reach, state)
        found = page(
            asked, wanted, order=store.LATEST_DUE_FIRST, limit=request["limit"], cursor=request["cursor"]
        )
        shown = [
            store.shown(each, with_opinions=not mine)
            for each in found.documents
            if not (mine and self._access.is_kept_from(person, store.read(each).kept_from))
        ]
        return {"items": shown, "next": found.next}

    def published(self, request: Answered) -> Answered:
        """The open view: results of ``organisation`` and below, or of the whole campus."""
        named = request.get("organisation")
        found = page(
            self.documents,
            store.public_at(self._authority.subtree(named) if named else None),
            order=store.NEWEST_RESULT_FIRST,
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [store.shown_to_everyone(each) for each in found.documents], "next": found.next}

    def is_open(self, id: str, file: str) -> bool:  # noqa: A002 - the field's name
        """Whether everybody reads ``file`` with the published result of the measure."""
        found = self.documents.find_one({"_id": id})
        return found is not None and any(each["file"] == file for each in store.read(found).open_files)

    def readable(self, person: str, id: str) -> Document:  # noqa: A002 - the field's name
        """The document of a measure, to its owner and its readers; raises ``NotFound`` to others.

        To its owner as long as they hold no post where it is kept from those who do.
        """
        document = self.documents.get(id)
        measure = store.read(document)
        may_read = self._access.may_read(person, measure.organisation, measure.kept_from)
        owns = measure.owner == person and not self._access.is_kept_from(person, measure.kept_from)
        if not owns and not may_read:
            raise NotFound("measures.not_found")
        return document
