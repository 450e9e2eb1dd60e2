"""Words of where persons belong, from before they were found by the place, tell it."""

from __future__ import annotations

import json

from services.chassis.store import Store, reading_all


def up(database: Store) -> None:
    """Enter the place, so that whoever left an organisation counts in what it was asked for."""
    words = database["words"]
    with reading_all():  # no index knows the kind: the whole ledger is gone through
        found = list(words.find({"kind": "spell"}, {"says": 1, "at": 1}))
    for each in found:
        if "at" not in each:
            words.update_one({"_id": each["_id"]}, {"$set": {"at": json.loads(each["says"])["organisation"]}})
