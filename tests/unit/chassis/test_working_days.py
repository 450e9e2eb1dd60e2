"""Working days follow the national calendar, and say where it is not announced yet."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.working_days import WorkingCalendar, WorkingDays


def test_holidays_do_not_count_and_working_weekends_do() -> None:
    calendar = WorkingCalendar()
    assert calendar.between(date(2025, 10, 1), date(2025, 10, 8)) == WorkingDays(0)
    assert calendar.between(date(2025, 9, 28), date(2025, 9, 28)) == WorkingDays(1)  # a Sunday, worked
    assert calendar.between(date(2025, 9, 8), date(2025, 9, 12)) == WorkingDays(5)


def test_a_year_that_is_not_announced_counts_weekdays_provisionally() -> None:
    assert WorkingCalendar().between(date(2061, 5, 2), date(2061, 5, 8)) == WorkingDays(5, provisional=True)
    exact = WorkingCalendar(working=[date(2061, 5, 7)], off=[date(2061, 5, 2)])
    assert exact.between(date(2061, 5, 2), date(2061, 5, 2)) == WorkingDays(0)
    assert exact.between(date(2061, 5, 7), date(2061, 5, 7)) == WorkingDays(1)


def test_a_span_that_ends_before_it_begins_has_no_days_and_an_endless_one_ends() -> None:
    calendar = WorkingCalendar()
    assert calendar.between(date(2025, 9, 2), date(2025, 9, 1)) == WorkingDays(0)
    assert calendar.between(date(2005, 1, 1), date(2999, 1, 1)).count < 401


@given(st.dates(date(2010, 1, 1), date(2024, 1, 1)), st.integers(0, 60), st.integers(0, 60))
def test_two_spans_hold_as_many_days_as_both_together(first: date, some: int, more: int) -> None:
    calendar = WorkingCalendar()
    middle, last = first + timedelta(days=some), first + timedelta(days=some + more)
    both = calendar.between(first, middle).count + calendar.between(middle + timedelta(days=1), last).count
    assert both == calendar.between(first, last).count
