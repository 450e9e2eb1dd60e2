"""Organisations and their editions are found by parts of their names."""

from __future__ import annotations

from services.chassis.store import Store
from services.records.directory.naming import spelled


def up(database: Store) -> None:
    """Write what names are found by where it is missing. The version stays."""
    for name in ("organisations", "organisation_history"):
        for each in database[name].find({"spelling": {"$exists": False}}, {"name": 1}):
            database[name].update_one({"_id": each["_id"]}, {"$set": spelled(each["name"])})
