"""Restricted activities are found by one mark of who reads all there are; indexes that nobody asks go."""

from __future__ import annotations

from services.chassis.store import Store
from services.records.activities.visibility import KEPT

# Every one was paid for at every write. By collection, as the store names them.
_UNASKED = {
    "activities": (
        "organisation_1_held_on_-1__id_-1",
        "held_on_-1__id_-1",
        "organisation_1_kind_1_held_on_-1__id_-1",
    ),
    "posts": ("role_1_active_1",),
    "people": ("belonged_1",),
}


def up(database: Store) -> None:
    """Write the mark where it is missing, and drop what earlier versions declared. The version stays."""
    activities = database["activities"]
    for each in activities.find({"restricted": True}, {"audience": 1}):
        if KEPT not in each["audience"]:
            activities.update_one({"_id": each["_id"]}, {"$addToSet": {"audience": KEPT}})
    for name, indexes in _UNASKED.items():
        declared = database[name].index_information()
        for index in indexes:
            if index in declared:
                database[name].drop_index(index)
