"""What an opinion may be about besides an organisation: which activities and tasks there are."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import UpdateOne

from services.chassis.envelope import Event
from services.chassis.errors import Invalid
from services.chassis.store import Store, answering

KINDS = ("activity", "task")


class Subjects:
    """Ids alone, as records told them: no word of what they are about is kept here."""

    def __init__(self, database: Store) -> None:
        self._subjects = database["subjects"]

    def learn(self, events: Sequence[Event]) -> None:
        """Keep that there is such an activity or task; any order and any repetition has one effect."""
        told = {(kind, event.data[kind]) for event in events for kind in KINDS if event.data.get(kind)}
        written = [
            UpdateOne({"_id": f"{kind} {each}"}, {"$set": {"kind": kind}}, upsert=True)
            for kind, each in sorted(told)
        ]
        if written:
            self._subjects.bulk_write(written, ordered=False)

    def require(self, kind: str, id: str) -> None:  # noqa: A002 - the field's name
        """Raises ``Invalid("subject.unknown")`` for an activity or a task that nobody told of."""
        with answering():
            found = self._subjects.find_one({"_id": f"{kind} {id}"}, {"_id": 1})
        if found is None:
            raise Invalid.at(kind, "subject.unknown")
