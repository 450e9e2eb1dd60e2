"""The reminder ladder: who is reminded, when, and why not."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.settings import Settings
from services.notify.application import FOLDER, load_ladder, load_templates
from services.notify.reminders.model import (
    Head,
    Ladder,
    Level,
    QuietHours,
    Reason,
    Rung,
    Watch,
    began_overdue,
    decide,
    heads_among,
    next_step,
    read_ladder,
    reopened,
    stop,
    take,
)

CAMPUS = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 10, 5, 4, 0, tzinfo=UTC)  # 12:00 on campus
RUNGS = (
    Rung("first", 0, Level.OWN, ("secretary",), "reminder-overdue.v1"),
    Rung("second", 3, Level.OWN, ("secretary",), "reminder-again.v1"),
    Rung("above", 7, Level.ABOVE, ("secretary",), "reminder-above.v1"),
)
NIGHT = QuietHours(time(21), time(8))
LADDER = Ladder("reminders", 1, "zh", 600, 45, NIGHT, RUNGS)
WATCH = Watch("obligation-1", "branch-1", "theme_day", "2026-09", date(2026, 9, 30))
HEAD = Head("person-1")

instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
hours = st.times().map(lambda at: at.replace(microsecond=0))


def climbed(ladder: Ladder, watch: Watch, now: datetime, heads=(HEAD,)):
    """Take every step that is due at ``now``: the watch after it and what was decided."""
    made = []
    while (step := next_step(ladder, watch, CAMPUS)) and step[1] <= now:
        made += decide(ladder, watch, step[0], heads, now, CAMPUS)
        watch = take(ladder, watch, step[0], now, CAMPUS)
    return watch, made


def test_nobody_is_reminded_before_the_evidence_has_settled() -> None:
    watch = began_overdue(WATCH, NOON)
    assert next_step(LADDER, watch, CAMPUS) == (RUNGS[0], NOON + timedelta(minutes=10))


def test_the_head_is_reminded_on_day_0_and_3_and_the_level_above_on_day_7() -> None:
    watch = began_overdue(WATCH, NOON)
    steps = []
    for day in range(12):
        now = NOON + timedelta(days=day, hours=1)
        watch, made = climbed(LADDER, watch, now)
        steps += [(day, each.step) for each in made]
    assert steps == [(0, "first"), (3, "second"), (7, "above")]


@given(pauses=st.lists(st.integers(1, 30 * 24), min_size=1, max_size=12))
def test_a_ladder_that_stood_still_never_takes_two_steps_at_once_nor_too_soon(pauses: list[int]) -> None:
    patient = Ladder("reminders", 1, "zh", 600, 4000, None, RUNGS)
    watch, now = began_overdue(WATCH, NOON), NOON
    taken: list[tuple[str, date]] = []
    for pause in pauses:
        now += timedelta(hours=pause)
        watch, made = climbed(patient, watch, now)
        assert len(made) <= 1
        taken += [(each.step, now.astimezone(CAMPUS).date()) for each in made]
    assert [step for step, _ in taken] == [rung.step for rung in RUNGS][: len(taken)]
    for (_, before), (_, after), least in zip(taken, taken[1:], (3, 4), strict=False):
        assert (after - before).days >= least


def test_a_second_word_of_the_same_overdue_changes_nothing() -> None:
    watch = began_overdue(WATCH, NOON)
    assert began_overdue(watch, NOON + timedelta(days=1)) == watch


@given(st.sampled_from([Reason.FULFILLED, Reason.MISSED, Reason.EXEMPTED]), st.integers(0, 3))
def test_a_stopped_watch_has_no_next_step(reason: Reason, steps: int) -> None:
    watch = began_overdue(WATCH, NOON)
    for rung in RUNGS[:steps]:
        watch = take(LADDER, watch, rung, NOON, CAMPUS)
    assert next_step(LADDER, stop(watch, reason), CAMPUS) is None


def test_withdrawn_evidence_begins_a_new_round_once_the_day_has_passed() -> None:
    settled = stop(began_overdue(WATCH, NOON), Reason.FULFILLED)
    again = reopened(settled, NOON, CAMPUS)
    assert (again.round, again.stopped, again.taken) == (2, None, ())


def test_withdrawn_evidence_of_what_is_not_due_yet_reminds_nobody() -> None:
    settled = stop(WATCH, Reason.FULFILLED)
    before_due = datetime(2026, 9, 30, 15, 0, tzinfo=UTC)  # still the 30th on campus
    assert reopened(settled, before_due, CAMPUS).stopped is Reason.REOPENED


@pytest.mark.parametrize(
    ("heads", "reason"),
    [
        (None, Reason.NO_LEVEL_ABOVE),
        ((), Reason.NO_HEAD),
        ((Head("person-1", reachable=False),), Reason.NO_CONTACT),
        ((Head("person-1", active=False),), Reason.LEFT),
    ],
)
def test_a_reminder_that_cannot_go_is_kept_with_its_reason(heads: tuple | None, reason: Reason) -> None:
    watch = began_overdue(WATCH, NOON)
    (decision,) = decide(LADDER, watch, RUNGS[0], heads, NOON, CAMPUS)
    assert decision.suppressed
    assert decision.reason is reason


def test_what_was_due_too_long_ago_is_kept_and_ends_the_ladder() -> None:
    watch = began_overdue(Watch("o", "b", "theme_day", "2026-01", date(2026, 1, 31)), NOON)
    watch, made = climbed(LADDER, watch, NOON + timedelta(hours=1))
    assert [each.reason for each in made] == [Reason.TOO_OLD]
    assert next_step(LADDER, watch, CAMPUS) is None


@given(instants, st.lists(st.builds(Head, st.text(min_size=1), st.booleans(), st.booleans()), max_size=4))
def test_every_step_leads_to_at_least_one_decision_and_each_is_due_or_has_a_reason(
    now: datetime, heads: list[Head]
) -> None:
    decisions = decide(LADDER, began_overdue(WATCH, now), RUNGS[0], heads, now, CAMPUS)
    assert decisions
    for each in decisions:
        assert each.due_at is not None or each.reason is not None
        if each.due_at is not None:
            assert each.due_at >= now
            assert each.recipient is not None
            assert NIGHT.ends_for(each.due_at, CAMPUS) is None


@given(instants, hours, hours)
def test_quiet_hours_end_within_a_day_and_are_over_when_they_end(
    instant: datetime, begin: time, end: time
) -> None:
    quiet = QuietHours(begin, end)
    ends = quiet.ends_for(instant, CAMPUS)
    if begin == end:
        return
    if ends is not None:
        assert instant < ends <= instant + timedelta(days=1)
        assert quiet.ends_for(ends, CAMPUS) is None


@pytest.mark.parametrize(
    ("clock", "ends"),
    [("20:59", None), ("21:00", "08:00"), ("23:30", "08:00"), ("07:59", "08:00"), ("08:00", None)],
)
def test_quiet_hours_span_midnight_and_hold_their_first_instant_only(clock: str, ends: str | None) -> None:
    instant = datetime.combine(date(2026, 10, 5), time.fromisoformat(clock), CAMPUS)
    found = NIGHT.ends_for(instant.astimezone(UTC), CAMPUS)
    assert (found and found.astimezone(CAMPUS).strftime("%H:%M")) == ends


def test_the_head_is_whoever_holds_the_first_role_that_is_held() -> None:
    holders = {"deputy_secretary": ["p2"], "secretary": []}
    assert heads_among(("secretary", "deputy_secretary"), holders) == ("p2",)
    assert heads_among(("secretary",), holders) == ()
    assert heads_among(("secretary", "deputy_secretary"), {"secretary": ["p1", "p1"]}) == ("p1",)


def test_the_shipped_ladder_disturbs_nobody_at_night_and_the_local_one_hides_nothing_from_a_newcomer() -> (
    None
):
    production = load_ladder(Settings(service="notify", profile="production"))
    local = load_ladder(Settings(service="notify", profile="local"))
    assert production.quiet_hours == QuietHours(time(21), time(8))
    assert local.quiet_hours is None
    assert [each.step for each in local.rungs] == ["first", "second", "above"]
    assert {each.template for each in production.rungs} <= set(load_templates())


@pytest.mark.parametrize(
    "change",
    [
        {"rungs": []},
        {"too_old_days": "soon"},
        {"quiet_hours": {"begin": "21:00", "end": "21:00"}},
        {"quiet_hours": {"begin": "25:00", "end": "08:00"}},
        {"unknown": 1},
        {"language": "fr"},
    ],
)
def test_a_ladder_that_is_not_one_is_refused(change: dict) -> None:
    shipped = yaml.safe_load((FOLDER / "policies" / "reminders.yaml").read_text(encoding="utf-8"))
    with pytest.raises(ValueError, match="reminder ladder is not valid"):
        read_ladder({**shipped, **change})


@pytest.mark.parametrize("rungs", [("first", "first"), ("back",)])
def test_a_ladder_never_goes_back_and_names_each_step_once(rungs: tuple[str, ...]) -> None:
    shipped = yaml.safe_load((FOLDER / "policies" / "reminders.yaml").read_text(encoding="utf-8"))
    template = shipped["rungs"][0]
    days = {"first": 0, "back": 3}
    given_rungs = [{**template, "step": step, "after_days": days[step]} for step in rungs]
    with pytest.raises(ValueError, match="reminder ladder is not valid"):
        read_ladder({**shipped, "rungs": given_rungs})
