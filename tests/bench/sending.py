"""Messages a second through the SMS sandbox, against bare posts to it with the same number in flight."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

import requests
from eventlet.greenpool import GreenPool

from services.chassis.clock import SystemClock
from services.chassis.testing import wait_for
from services.notify.application import load_sending
from services.notify.messages.lanes import lane_to_ask, lane_to_send
from tests.bench.ground import Ground
from tests.mailing import hand_over, purpose

LEAD = timedelta(seconds=30)  # until then all of them wait: making them is no part of sending them


def bare_posts(stands: Ground, count: int) -> float:
    """Posts a second by ``requests`` alone, as many in flight as notify has."""
    url = f"{stands.layout.sandbox_url}/sms"
    pool = GreenPool(load_sending().most_at_once)
    began = monotonic()
    for number in range(count):
        body = {"mobile": "13900000001", "content": f"bare {number}"}
        pool.spawn_n(requests.post, url, json=body, headers={"X-Request-Id": uuid.uuid4().hex}, timeout=30)
    pool.waitall()
    return count / (monotonic() - began)


def messages_sent(stands: Ground, count: int) -> float:
    """Messages a second that the sandbox took, from the first to the last, reports not counted."""
    database, clock = stands.database("notify"), SystemClock(ZoneInfo("Asia/Shanghai"))
    reachable: Any = database["contacts"].find_one({"phone_sealed": {"$ne": None}})
    recipient = str(reachable["_id"])
    label = f"bench {uuid.uuid4().hex}"
    made = [purpose(label, number, stands.branches[0], recipient) for number in range(count)]
    due_at = clock.now() + LEAD
    ours = set(hand_over(database, clock, made, due_at))
    if clock.now() > due_at:
        raise RuntimeError("the messages were made too slowly to be measured: give LEAD more time")

    def received() -> list[datetime]:
        listed = requests.get(f"{stands.layout.sandbox_url}/messages", timeout=30).json()["items"]
        return sorted(
            datetime.fromisoformat(each["received_at"]) for each in listed if each["reference"] in ours
        )

    # Asked of the sandbox, and seldom: to ask the store for one that waits has it read all that wait.
    at = wait_for(lambda: found if len(found := received()) >= count else None, 300, every=2.0)
    assert at is not None
    lanes = [lane_to_send("sms", "ordinary"), lane_to_ask("campus")]
    wait_for(lambda: not any(database["messages"].find_one({"lane": each}) for each in lanes), 60, every=0.5)
    return (count - 1) / (at[-1] - at[0]).total_seconds()
