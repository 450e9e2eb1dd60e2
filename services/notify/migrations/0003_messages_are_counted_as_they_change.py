"""How many messages of an announcement are in each state is kept; before, each look counted them."""

from __future__ import annotations

from collections import Counter, defaultdict

from services.chassis.store import Store, reading_all


def up(database: Store) -> None:
    """Count those that there are, once: the row of each announcement has its id, whenever it is written."""
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    fields = {"watch": 1, "state": 1}
    announced = {"kind": "announcement", "watch": {"$type": "string"}}
    with reading_all():
        for each in database["messages"].find(announced, fields):
            counted[each["watch"]][each["state"]] += 1
    for about, counts in counted.items():
        row = {"about": about, "counts": dict(counts)}
        database["tallies"].replace_one({"_id": about}, row, upsert=True)
