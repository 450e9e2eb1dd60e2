"""Secondary organisations that were known before they owed anything owe since they are known."""

from __future__ import annotations

import json

from services.chassis.store import Store

_SECONDARY = "secondary"


def up(database: Store) -> None:
    """Enter when each owes as what, as it is entered of whoever becomes known today; the next turn counts it.

    One that is closed by now stays without: since when it is closed is not known.
    """
    standings = database["standings"]
    for each in standings.find({}, {"_id": 1}):
        while (found := standings.find_one(each, {"enrolled": 1, "version": 1})) is not None:
            enrolled = json.loads(found.get("enrolled", "{}"))
            lacking = [entry for entry in enrolled.values() if _lacks(entry)]
            for entry in lacking:
                entry[5][_SECONDARY] = [[entry[4], None]]
            text = json.dumps(enrolled, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            change = {"$set": {"enrolled": text}, "$inc": {"version": 1}}
            met = {"_id": found["_id"], "version": found["version"]}
            if not lacking or standings.update_one(met, change).matched_count:
                break


def _lacks(entry: list[object]) -> bool:
    kind, _, _, active, _, spans, *_ = entry
    return kind == _SECONDARY and bool(active) and isinstance(spans, dict) and _SECONDARY not in spans
