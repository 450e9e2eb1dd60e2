"""Where organisations were placed before sequences were kept, standings tell by which event."""

from __future__ import annotations

import json

from services.chassis.store import Store


def up(database: Store) -> None:
    """Enter the sequence, so that an older event that comes again moves nothing back."""
    organisations, standings = database["organisations"], database["standings"]
    for each in list(organisations.find({"sequence": None}, {"unit": 1})):
        standing = standings.find_one({"_id": each["unit"]}, {"enrolled": 1}) or {}
        entry = json.loads(standing.get("enrolled", "{}")).get(each["_id"])
        if entry:
            # As it was met: whoever is placed meanwhile has a sequence.
            organisations.update_one({**each, "sequence": None}, {"$set": {"sequence": entry[6]}})
