"""The in-app inbox: a message in it is there at once, once, and read when its reader says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import NotFound, Unavailable
from services.chassis.indexes import Indexes
from services.chassis.pages import page
from services.chassis.ranges import strict
from services.chassis.store import Store, answering, by_ids
from services.notify.channels.model import (
    Absent,
    Accepted,
    Answer,
    CannotTell,
    Enquiry,
    Finding,
    Found,
    Letter,
    NoAnswer,
)

MOST_PER_CALL = 200
NEWEST_FIRST = (("put_at", -1),)


class Inbox:
    """The inboxes of all persons, as a channel to those who write."""

    most_per_call = MOST_PER_CALL
    can_be_asked = True
    polls = False
    one_text_per_call = False

    def __init__(self, database: Store, clock: Clock) -> None:
        self._database = database
        self._entries = database["inbox"]
        self._clock = clock

    def declare(self) -> None:
        """The index by which one's own are found, newest first."""
        Indexes(self._database).declare("inbox", [("recipient", 1), ("put_at", -1)])

    # -- as a channel --------------------------------------------------------------------------

    def send(self, call: str, letters: Sequence[Letter]) -> list[Answer]:
        """Put each where its recipient reads it; what is there already stays as it is."""
        put_at = self._clock.now().isoformat(timespec="milliseconds")
        entries = [
            {
                "_id": each.reference,
                "recipient": each.recipient,
                "template": each.template,
                "text": each.text,
                "put_at": put_at,
                "read_at": None,
            }
            for each in letters
        ]
        try:
            with answering():
                wanted = [each["_id"] for each in entries]
                there = {each["_id"] for each in by_ids(self._entries, wanted, {"_id": 1})}
                new = [each for each in entries if each["_id"] not in there]
                if new:
                    self._entries.insert_many(new, ordered=False)
        except Unavailable:
            return [NoAnswer("no_answer")] * len(letters)
        return [Accepted(None, "delivered")] * len(letters)

    def find(self, enquiry: Enquiry) -> Finding:
        """Whether it is there."""
        try:
            with answering():
                found = self._entries.find_one({"_id": enquiry.reference}, {"_id": 1})
        except Unavailable:
            return CannotTell()
        return Found(None, "delivered") if found else Absent()


class InboxEntries:
    """What stands in the inboxes, for its readers."""

    def __init__(self, database: Store, clock: Clock) -> None:
        self._entries = database["inbox"]
        self._clock = clock

    def page(
        self, recipient: str, unread: bool, cursor: str | None, limit: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """At most ``limit`` entries of ``recipient``, newest first, and the cursor of what follows."""
        wanted: dict[str, Any] = {"recipient": recipient}
        if unread:
            wanted["read_at"] = None
        found = page(self, wanted, order=NEWEST_FIRST, limit=limit, cursor=cursor)
        return [_view(each.id, each.state) for each in found.documents], found.next

    def mark_read(self, recipient: str, message: str) -> dict[str, Any]:
        """The entry, read since this was first said; raises ``NotFound`` for one that is not theirs."""
        own = {"_id": message, "recipient": recipient}
        with answering():
            self._entries.update_one({**own, "read_at": None}, {"$set": {"read_at": self._clock.now()}})
            found = self._entries.find_one(own)
        if found is None:
            raise NotFound("messages.not_found")
        return _view(found["_id"], found)

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        """As ``Documents.find``, for pages."""
        with answering():
            found = self._entries.find(strict(filter), sort=list(sort), limit=limit)
            return [Document(each["_id"], 1, each) for each in found]


def _view(message: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "message": message,
        "template": entry["template"],
        "text": entry["text"],
        "put_at": datetime.fromisoformat(entry["put_at"]),
        "read_at": entry["read_at"],
    }
