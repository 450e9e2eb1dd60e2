"""The clock can be argued with: it follows from what happened and from the calendar alone."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from services.chassis.working_days import WorkingCalendar
from services.feedback.clock import model as clock
from services.feedback.clock.model import Limits

LIMITS = Limits(days={"ordinary": 5, "complex": 10, "urgent": 3}, soon=1, pack="p", article="a")
CALENDAR = WorkingCalendar()
BEGIN = date(2025, 9, 1)
DAY = timedelta(days=1)
HAPPENS = [clock.PAUSED, clock.RESUMED, clock.STOPPED, clock.LIMITED, clock.STARTED]


def started(on: date = BEGIN, speed: str | None = None):
    history = clock.entered((), clock.STARTED, on)
    return clock.entered(history, clock.LIMITED, on, speed=speed) if speed else history


def shown(history, today: date, calendar=CALENDAR):
    return clock.read(history, calendar, LIMITS, today)


@st.composite
def histories(draw, running=False):
    """What may happen to an opinion, day after day, as the rules let it; at the end the clock runs."""
    day = BEGIN + timedelta(days=draw(st.integers(0, 400)))
    history = started(day)
    for _ in range(draw(st.integers(0, 8))):
        day += timedelta(days=draw(st.integers(0, 12)))
        what = draw(st.sampled_from(HAPPENS))
        if what == clock.STARTED and shown(history, day).state != "stopped":
            continue  # only what was answered is opened again
        more = {"speed": draw(st.sampled_from(sorted(LIMITS.days)))} if what == clock.LIMITED else {}
        history = clock.entered(history, what, day, **more)
    if running:
        history = clock.entered(history, clock.RESUMED, day)
        if shown(history, day).state == "stopped":
            history = clock.entered(history, clock.STARTED, day)
    return history, day


def test_an_answer_is_due_in_five_working_days_a_complex_one_in_ten_an_urgent_one_in_three():
    # Monday 2025-09-22; from 1 to 8 October is the national holiday, and Sunday the 28th is worked.
    on = date(2025, 9, 22)
    due = {speed: shown(started(on, speed), on).due_on for speed in LIMITS.days}
    assert due == {"urgent": date(2025, 9, 25), "ordinary": date(2025, 9, 28), "complex": date(2025, 10, 11)}


def test_the_day_of_the_start_does_not_count_and_the_last_day_is_in_time():
    history = started()
    assert shown(history, BEGIN).used == 0
    due_on = shown(history, BEGIN).due_on
    assert not shown(history, due_on).overdue
    assert shown(history, due_on + DAY).overdue or not CALENDAR.works(due_on + DAY)


def test_a_reminder_is_due_when_one_working_day_is_left():
    history = started(date(2025, 9, 8))
    assert [shown(history, date(2025, 9, day)).soon for day in (8, 11, 12, 15, 16)] == [
        False, False, True, True, False,
    ]  # fmt: skip


def test_a_day_that_the_campus_does_not_work_moves_what_is_due():
    on = date(2025, 9, 8)
    off = WorkingCalendar(off=[date(2025, 9, 10)])
    assert shown(started(on), on).due_on == date(2025, 9, 15)
    assert shown(started(on), on, off).due_on == date(2025, 9, 16)


def test_a_year_that_is_not_announced_makes_it_provisional():
    assert shown(started(date(2061, 3, 1)), date(2061, 3, 1)).provisional
    assert not shown(started(), BEGIN).provisional


@given(histories(), st.integers(0, 60), st.integers(0, 60))
def test_it_never_goes_back(made, first, more):
    history, last = made
    early, late = last + timedelta(days=first), last + timedelta(days=first + more)
    assert shown(history, early).used <= shown(history, late).used
    assert shown(history, early).overdue <= shown(history, late).overdue


@given(histories(running=True), st.integers(0, 60))
def test_a_pause_stops_it_until_it_goes_on(made, days):
    history, last = made
    paused = clock.entered(history, clock.PAUSED, last, reason="…")
    before, later = shown(paused, last), shown(paused, last + timedelta(days=days))
    assert (before.used, before.state, before.due_on) == (later.used, "paused", None)
    resumed = clock.entered(paused, clock.RESUMED, last + timedelta(days=days))
    assert shown(resumed, last + timedelta(days=days)).used == shown(history, last).used


@given(histories(), st.sampled_from([clock.PAUSED, clock.RESUMED, clock.STOPPED]))
def test_nothing_that_is_entered_today_changes_what_has_counted(made, what):
    history, last = made
    assert shown(clock.entered(history, what, last), last).used == shown(history, last).used


@given(histories(), st.randoms(use_true_random=False), st.integers(0, 30))
def test_it_reads_the_same_however_the_history_lies_and_however_often(made, random, days):
    history, last = made
    today = last + timedelta(days=days)
    mixed = list(history)
    random.shuffle(mixed)
    assert shown(mixed, today) == shown(history, today) == shown(tuple(mixed), today)


@given(histories(running=True), st.integers(0, 30))
def test_a_day_off_never_counts(made, days):
    history, last = made
    today = last + timedelta(days=days)
    working = sum(CALENDAR.works(last + DAY * each) for each in range(1, days + 1))
    assert shown(history, today).used == shown(history, last).used + working
    assert CALENDAR.works(shown(history, today).due_on)


def _paused_on_its_last_day():
    history = clock.entered(started(date(2025, 9, 1)), clock.PAUSED, date(2025, 9, 8), reason="…")
    return clock.entered(history, clock.RESUMED, date(2025, 9, 9)), date(2025, 9, 9)


@example(_paused_on_its_last_day(), 0)
@given(histories(running=True), st.integers(0, 60))
def test_it_is_overdue_exactly_after_its_due_date(made, days):
    history, last = made
    today = last + timedelta(days=days)
    reading = shown(history, today)
    assert reading.overdue == any(
        CALENDAR.works(reading.due_on + DAY * each) for each in range(1, (today - reading.due_on).days + 1)
    )


@given(histories(), st.integers(0, 400))
def test_once_stopped_it_stands_for_ever(made, days):
    history, last = made
    stopped = clock.entered(history, clock.STOPPED, last)
    assert shown(stopped, last) == shown(stopped, last + timedelta(days=days))
    assert clock.entered(stopped, clock.PAUSED, last) == stopped


@given(histories())
def test_what_is_opened_again_starts_anew(made):
    history, last = made
    stopped = clock.entered(history, clock.STOPPED, last)
    again = clock.entered(stopped, clock.STARTED, last)
    assert (shown(again, last).used, shown(again, last).speed) == (0, "ordinary")


@given(histories(running=True), st.integers(0, 40), st.integers(0, 40))
def test_what_comes_to_nothing_costs_the_author_no_time_and_gives_the_organisation_none(made, days, more):
    history, last = made
    stopped = clock.entered(history, clock.STOPPED, last)
    later = last + timedelta(days=days)
    taken_up = clock.entered(stopped, clock.TAKEN_UP, later)
    assert shown(taken_up, later).used == shown(history, last).used, "it goes on where it stood"
    assert shown(taken_up, later).state == "running"
    then = later + timedelta(days=more)
    worked = sum(CALENDAR.works(later + DAY * each) for each in range(1, more + 1))
    assert shown(taken_up, then).used == shown(history, last).used + worked
    assert clock.entered(taken_up, clock.TAKEN_UP, then) == taken_up
