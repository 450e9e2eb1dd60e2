"""Watches and the day's allowances in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from services.chassis.indexes import Indexes
from services.chassis.store import Record, Store, answering, plain
from services.chassis.transactions import session
from services.notify.reminders.model import Reason, Taken, Watch


class Watches:
    """Watches by what they follow. ``revision`` guards a write against what was heard in between."""

    def __init__(self, database: Store) -> None:
        self._database = database
        self._watches = database["watches"]

    def declare(self) -> None:
        """The index by which due steps are found; a watch without a next step is not in it."""
        Indexes(self._database).declare("watches", "next_at", sparse=True)

    def get(self, id: str) -> tuple[Watch | None, int]:  # noqa: A002 - the field's name
        """The watch and its revision; None and 0 for what nobody is reminded of."""
        with answering():
            found = self._watches.find_one({"_id": id}, session=session())
        return (_watch(found), int(found["revision"])) if found else (None, 0)

    def put(self, watch: Watch, next_at: datetime | None, revision: int) -> bool:
        """Write the watch over ``revision``; False where it was changed since."""
        state = _state(watch, next_at, revision + 1)
        with answering():
            if not revision:
                self._watches.insert_one({"_id": watch.id, **state}, session=session())
                return True
            guard = {"_id": watch.id, "revision": revision}
            return bool(self._watches.replace_one(guard, state, session=session()).matched_count)

    def due(self, now: datetime, limit: int) -> list[tuple[Watch, int]]:
        """Watches whose next step is due, the longest waiting first, with their revisions."""
        with answering():
            found = self._watches.find({"next_at": {"$lte": now}}).sort("next_at", 1).limit(limit)
            return [(_watch(each), int(each["revision"])) for each in found]


class Allowances:
    """Which messages a person was sent on a campus day: one document for each such day."""

    def __init__(self, database: Store) -> None:
        self._allowances = database["allowances"]

    def used(self, person: str, day: date) -> list[str]:
        """The messages that took a place of that day."""
        with answering():
            found = self._allowances.find_one({"_id": _key(person, day)}, session=session())
        return list(found["messages"]) if found else []

    def take(self, person: str, day: date, message: str, most: int | None) -> bool:
        """A place of that day for ``message``; False where none is left. Asked again it has its place."""
        if most is None:
            return True
        # Most often it was taken when the message was released: to read is a tenth of what a write costs.
        used = self.used(person, day)
        if message in used or len(used) >= most:
            return message in used
        key = _key(person, day)
        with answering():
            if not used:
                begin = {"$setOnInsert": {"count": 0, "messages": []}}
                self._allowances.update_one({"_id": key}, begin, upsert=True, session=session())
            free = {"_id": key, "count": {"$lt": most}, "messages": {"$ne": message}}
            place = {"$push": {"messages": message}, "$inc": {"count": 1}}
            taken = self._allowances.update_one(free, place, session=session()).matched_count
        return bool(taken) or message in self.used(person, day)

    def forget(self, before: date) -> None:
        """Days that are over count for nothing any more."""
        with answering():
            self._allowances.delete_many({"_id": {"$lt": before.isoformat()}})


def _key(person: str, day: date) -> str:
    return f"{day.isoformat()} {person}"


def _state(watch: Watch, next_at: datetime | None, revision: int) -> Record:
    state: Record = plain(asdict(watch))
    del state["id"]
    state["revision"] = revision
    if next_at is not None:
        state["next_at"] = next_at
    return state


def _watch(found: Mapping[str, Any]) -> Watch:
    return Watch(
        id=found["_id"],
        kind=found["kind"],
        organisation=found["organisation"],
        rule=found["rule"],
        period=found["period"],
        due_on=date.fromisoformat(found["due_on"]),
        round=found["round"],
        began=found["began"],
        overdue=found["overdue"],
        stopped=Reason(found["stopped"]) if found["stopped"] else None,
        taken=tuple(Taken(each["step"], each["at"]) for each in found["taken"]),
    )
