"""The posts of secretaries are found by the organisation that they are at the head of."""

from __future__ import annotations

from services.chassis.store import Store
from services.records.posts.model import seat


def up(database: Store) -> None:
    """Write the seat of every secretary's post that was not withdrawn. The version stays."""
    posts = database["posts"]
    for each in posts.find({"role": "secretary", "active": True}, {"organisation": 1, "role": 1}):
        posts.update_one({"_id": each["_id"]}, {"$set": seat(each["organisation"], each["role"])})
