"""Templates that can be withdrawn, campaigns that can be closed, readings of statements, studied lectures."""

from __future__ import annotations

from services.chassis.store import Store

_NOT_YET = {
    "plan_templates": ("withdrawn_on", "withdrawn_because"),
    "campaigns": ("closed",),
    "training_credits": ("lecture",),
}


def up(database: Store) -> None:
    """Say of each document of before that there was nothing of these. The version stays."""
    for name, fields in _NOT_YET.items():
        for field in fields:
            database[name].update_many({field: {"$exists": False}}, {"$set": {field: None}})
    compared = database["dues_reconciliations"]
    for each in compared.find({"reading": {"$exists": False}}, {"_id": 1}):
        # Its lines are kept under its own id.
        compared.update_one({"_id": each["_id"]}, {"$set": {"reading": each["_id"]}})
