"""Watches have a kind and know when it was overdue; messages name the watch that they are about."""

from __future__ import annotations

from services.chassis.store import Store


def up(database: Store) -> None:
    """All of before were of obligations, and began when those were overdue. The version stays."""
    for each in database["watches"].find({"kind": {"$exists": False}}, {"began": 1}):
        added = {"kind": "obligation", "overdue": each["began"]}
        database["watches"].update_one({"_id": each["_id"]}, {"$set": added})
    about = {"watch": {"$exists": False}, "obligation": {"$type": "string"}}
    for each in database["messages"].find(about, {"obligation": 1}):
        database["messages"].update_one({"_id": each["_id"]}, {"$set": {"watch": each["obligation"]}})
