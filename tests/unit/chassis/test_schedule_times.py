"""When a schedule is due: by the campus's day, once a slot, the newest only."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.clock import FixedClock
from services.chassis.scheduled import Daily, Every, Scheduled

instants = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))
times = st.times().map(lambda each: each.replace(microsecond=0))


@given(instants, times)
def test_the_tick_due_is_the_last_campus_day_whose_hour_has_come(instant: datetime, at: time) -> None:
    clock = FixedClock(instant)
    day = datetime.fromisoformat(Daily(at).latest(clock)).date()
    came = datetime.combine(day, at, clock.zone)
    assert came <= clock.now() < datetime.combine(day + timedelta(days=1), at, clock.zone)


@given(instants, st.integers(0, 200_000), times)
def test_ticks_never_go_back(instant: datetime, seconds: int, at: time) -> None:
    clock, later = FixedClock(instant), FixedClock(instant + timedelta(seconds=seconds))
    assert Daily(at).latest(clock) <= Daily(at).latest(later)
    assert Every(5.0).latest(clock) <= Every(5.0).latest(later)


@given(instants, st.floats(0, 100))
def test_replicas_agree_on_the_name_of_a_tick(instant: datetime, seconds: float) -> None:
    later = FixedClock(instant + timedelta(seconds=seconds))
    between = (int(Every(5.0).latest(later)) - int(Every(5.0).latest(FixedClock(instant)))) / 5000
    assert seconds / 5 - 1.01 <= between <= seconds / 5 + 1.01


@given(instants, st.sampled_from([0.2, 15.0, 60.0, 3600.0]), st.sampled_from([0.2, 15.0, 60.0, 3600.0]))
def test_a_changed_interval_neither_stops_a_schedule_nor_sets_it_back(
    instant: datetime, before: float, after: float
) -> None:
    done = Every(before).latest(FixedClock(instant))
    following = FixedClock(instant + timedelta(seconds=after))
    assert Every(after).latest(following) >= done
    assert Every(after).latest(FixedClock(following.now() + timedelta(seconds=after))) > done


def test_a_schedule_has_a_time_or_an_interval() -> None:
    for wrong in ({}, {"at": "00:10", "every": 5.0}):
        with pytest.raises(TypeError, match="either"):
            Scheduled(name="s", **wrong)
    with pytest.raises(ValueError, match="hour"):
        Scheduled("25:00", name="s")
