"""Messages that wait find their sender by a lane; before, one index had them all."""

from __future__ import annotations

from services.chassis.store import Store

_WAITING = ("queued", "temporary_failure")


def up(database: Store) -> None:
    """Give each message with which something is to be done its lane. The version stays."""
    messages = database["messages"]
    for each in messages.find({"act_at": {"$exists": True}, "lane": {"$exists": False}}, {"state": 1}):
        waits = each["state"] in _WAITING
        given = {"lane": "send.sms.ordinary"} if waits else {"lane": "ask.campus", "provider": "campus"}
        messages.update_one({"_id": each["_id"]}, {"$set": given})
    for name in ("act_at_1", "obligation_1"):
        if name in messages.index_information():
            messages.drop_index(name)
