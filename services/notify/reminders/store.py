"""The watches in the store: one document per obligation, found again when its next step is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from services.chassis.store import Indexes, Record, Store, answering, plain, session
from services.notify.reminders.model import Reason, Taken, Watch


class Watches:
    """Watches by obligation. ``revision`` guards a write against what was heard in between."""

    def __init__(self, database: Store) -> None:
        self._database = database
        self._watches = database["watches"]

    def declare(self) -> None:
        """The index by which due steps are found; a watch without a next step is not in it."""
        Indexes(self._database).declare("watches", "next_at", sparse=True)

    def get(self, obligation: str) -> tuple[Watch | None, int]:
        """The watch and its revision; None and 0 where the obligation was never overdue."""
        with answering():
            found = self._watches.find_one({"_id": obligation}, session=session())
        return (_watch(found), int(found["revision"])) if found else (None, 0)

    def put(self, watch: Watch, next_at: datetime | None, revision: int) -> bool:
        """Write the watch over ``revision``; False where it was changed since."""
        state = _state(watch, next_at, revision + 1)
        with answering():
            if not revision:
                self._watches.insert_one({"_id": watch.obligation, **state}, session=session())
                return True
            guard = {"_id": watch.obligation, "revision": revision}
            return bool(self._watches.replace_one(guard, state, session=session()).matched_count)

    def due(self, now: datetime, limit: int) -> list[tuple[Watch, int]]:
        """Watches whose next step is due, the longest waiting first, with their revisions."""
        with answering():
            found = self._watches.find({"next_at": {"$lte": now}}).sort("next_at", 1).limit(limit)
            return [(_watch(each), int(each["revision"])) for each in found]


def _state(watch: Watch, next_at: datetime | None, revision: int) -> Record:
    state: Record = plain(asdict(watch))
    del state["obligation"]
    state["revision"] = revision
    if next_at is not None:
        state["next_at"] = next_at
    return state


def _watch(found: Mapping[str, Any]) -> Watch:
    return Watch(
        obligation=found["_id"],
        organisation=found["organisation"],
        rule=found["rule"],
        period=found["period"],
        due_on=date.fromisoformat(found["due_on"]),
        round=found["round"],
        began=found["began"],
        stopped=Reason(found["stopped"]) if found["stopped"] else None,
        taken=tuple(Taken(each["step"], each["at"]) for each in found["taken"]),
    )
