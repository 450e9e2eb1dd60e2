"""Counts of trends say how they divide below, so that what is small does not follow from two pages."""

from __future__ import annotations

from datetime import date

from services.chassis.store import Store
from services.feedback.trends.model import Counted, difference, month_of, week_of
from services.feedback.trends.projection import counted


def up(database: Store) -> None:
    """Count anew what is known of each opinion."""
    cells = database["trend_cells"]
    cells.delete_many({})
    for each in database["trend_entries"].find():
        changes = difference(None, Counted(each["category"], tuple(each["topics"])))
        day = date.fromisoformat(each["on"])
        for period in (month_of(day), week_of(day)):
            if writes := counted(each["path"], period, changes):
                cells.bulk_write(writes)
