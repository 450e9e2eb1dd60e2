"""Months and years between dates. A span ends on the corresponding day, else on the month's last."""

from __future__ import annotations

from calendar import monthrange
from datetime import date


def months_after(day: date, months: int) -> date:
    """The day that ``months`` after ``day`` are full: 2024-01-31 + 1 is 2024-02-29. Negative: before it.

    Where there is no corresponding day it is the month's last (民法典第二百零二条), so that one year from
    2024-02-29 is full on 2025-02-28.
    """
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
