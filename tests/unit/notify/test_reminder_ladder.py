"""The reminder ladders: who is reminded, when, and why not."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.clock import FixedClock
from services.chassis.figures import Figures
from services.chassis.policies import Pack, PackError, effective, load_all, parse
from services.chassis.working_days import WorkingCalendar
from services.evaluation.obligations import packs as obligations
from services.notify.application import FOLDER
from services.notify.contacts.model import Level
from services.notify.reminders.hours import Hours, QuietHours
from services.notify.reminders.model import (
    Ladder,
    Reason,
    Recipient,
    Rung,
    Watch,
    decide,
    due_soon,
    is_overtaken,
    is_wanted,
    moved,
    next_step,
    overdue,
    reopened,
    stop,
    take,
)
from services.notify.reminders.rulebook import Rules, read_rules
from services.notify.reminders.sharing import covering
from services.notify.templates.register import load_shipped
from tests.unit.evaluation.policies import FIGURES as OWED_FIGURES
from tests.unit.evaluation.policies import FREQUENCY

CAMPUS = ZoneInfo("Asia/Shanghai")
OWN, ABOVE = (Level.OWN,), (Level.ABOVE,)
RUNGS = (
    Rung("week_before", -7, OWN, "reminder-due-soon"),
    Rung("day_before", -1, OWN, "reminder-due-soon"),
    Rung("first", 1, OWN, "reminder-overdue"),
    Rung("second", 4, OWN, "reminder-again"),
    Rung("above", 8, ABOVE, "reminder-above"),
)
NIGHT = QuietHours(time(21), time(8))
WEEKDAYS = SimpleNamespace(works=lambda day: day.weekday() < 5)
ALWAYS, HOURS = Hours(None, None), Hours(NIGHT, WEEKDAYS)
LADDER = Ladder("obligation", RUNGS, 600, 45)
DUE = date(2026, 9, 30)  # a Wednesday
WATCH = Watch("obligation-1", "obligation", "branch-1", "theme_day", "2026-09", DUE)
HEAD = Recipient("person-1", "head")


def at(day: int, hour: int = 12, month: int = 9) -> datetime:
    """An instant of 2026 on the campus clock."""
    return datetime(2026, month, day, hour, tzinfo=CAMPUS).astimezone(UTC)


NOON = at(1, month=10)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
clock_times = st.times().map(lambda at: at.replace(microsecond=0))


def climbed(ladder: Ladder, watch: Watch, now: datetime, recipients=(HEAD,), hours: Hours = ALWAYS):
    """Take every step that is due at ``now``: the watch after it and what was decided."""
    made = []
    while (step := next_step(ladder, watch, hours, CAMPUS)) and step[1] <= now:
        made += decide(ladder, watch, step[0], recipients, now, hours, CAMPUS)
        watch = take(ladder, watch, step[0], now, CAMPUS)
    return watch, made


def test_before_the_due_day_a_head_is_reminded_a_week_and_a_day_before() -> None:
    watch = due_soon(WATCH, DUE, at(20))
    steps = []
    for day in range(20, 31):
        watch, made = climbed(LADDER, watch, at(day))
        steps += [(day, each.rung.step, each.reason) for each in made]
    assert steps == [(23, "week_before", None), (29, "day_before", None)]


def test_before_the_due_day_a_day_off_moves_a_reminder_forward_and_never_past_it() -> None:
    sunday = date(2026, 9, 27)
    watch = due_soon(WATCH, sunday, at(14))
    (rung, _), due_at = next_step(LADDER, watch, HOURS, CAMPUS), None
    assert rung.step == "week_before"
    watch = take(LADDER, watch, RUNGS[0], at(18), CAMPUS)
    step = next_step(LADDER, watch, HOURS, CAMPUS)
    assert step is not None
    due_at = step[1].astimezone(CAMPUS)
    assert due_at.date() == date(2026, 9, 25), "the Friday before the Saturday before it is due"


def test_a_reminder_whose_successor_is_due_already_is_overtaken_and_only_the_last_goes() -> None:
    watch = due_soon(WATCH, DUE, at(29))
    _, made = climbed(LADDER, watch, at(29))
    assert [(each.rung.step, each.reason) for each in made] == [
        ("week_before", Reason.OVERTAKEN),
        ("day_before", None),
    ]


def test_once_it_is_overdue_what_was_left_before_it_is_overtaken() -> None:
    watch = overdue(due_soon(WATCH, DUE, at(20)), DUE, NOON)
    _, made = climbed(LADDER, watch, NOON + timedelta(minutes=11))
    assert [(each.rung.step, each.reason) for each in made] == [
        ("week_before", Reason.OVERTAKEN),
        ("day_before", Reason.OVERTAKEN),
        ("first", None),
    ]


def test_a_reminder_that_was_held_until_the_due_day_was_over_is_not_wanted_any_more() -> None:
    watch = take(LADDER, due_soon(WATCH, DUE, at(20)), RUNGS[0], at(23), CAMPUS)
    watch = take(LADDER, watch, RUNGS[1], at(29), CAMPUS)
    assert not is_overtaken(LADDER, watch, RUNGS[1], at(30), ALWAYS, CAMPUS)
    assert is_overtaken(LADDER, watch, RUNGS[1], NOON, ALWAYS, CAMPUS)
    assert is_overtaken(LADDER, watch, RUNGS[0], at(29), ALWAYS, CAMPUS)


def test_what_was_first_heard_of_when_it_was_overdue_has_no_steps_before() -> None:
    _, made = climbed(LADDER, overdue(WATCH, DUE, NOON), NOON + timedelta(minutes=11))
    assert [each.rung.step for each in made] == ["first"]


def test_nobody_is_reminded_before_the_evidence_has_settled() -> None:
    watch = overdue(WATCH, DUE, NOON)
    assert next_step(LADDER, watch, HOURS, CAMPUS) == (RUNGS[2], NOON + timedelta(minutes=10))


def test_after_the_due_day_the_ladder_goes_up() -> None:
    watch = overdue(WATCH, DUE, NOON)
    steps = []
    for day in range(12):
        watch, made = climbed(LADDER, watch, NOON + timedelta(days=day, hours=1))
        steps += [(1 + day, each.rung.step) for each in made]
    assert steps == [(1, "first"), (4, "second"), (8, "above")]


@given(pauses=st.lists(st.integers(1, 30 * 24), min_size=1, max_size=12))
def test_a_ladder_that_stood_still_never_takes_two_steps_at_once_nor_too_soon(pauses: list[int]) -> None:
    patient = Ladder("obligation", RUNGS, 600, 4000)
    watch, now = overdue(WATCH, DUE, NOON), NOON
    taken: list[tuple[str, date]] = []
    for pause in pauses:
        now += timedelta(hours=pause)
        watch, made = climbed(patient, watch, now)
        assert len(made) <= 1
        taken += [(each.rung.step, now.astimezone(CAMPUS).date()) for each in made]
    assert [step for step, _ in taken] == [rung.step for rung in patient.after()][: len(taken)]
    for (_, before), (_, after), least in zip(taken, taken[1:], (3, 4), strict=False):
        assert (after - before).days >= least


def test_a_second_word_of_the_same_changes_nothing() -> None:
    watch = due_soon(WATCH, DUE, at(20))
    assert due_soon(watch, DUE, at(21)) == watch
    late = overdue(watch, DUE, NOON)
    assert overdue(late, DUE, NOON + timedelta(days=1)) == late
    assert late.round == 1


def test_another_due_day_begins_a_new_round() -> None:
    watch = take(LADDER, due_soon(WATCH, DUE, at(23)), RUNGS[0], at(23), CAMPUS)
    later = due_soon(watch, date(2026, 12, 1), at(24))
    assert (later.round, later.taken, later.due_on) == (2, (), date(2026, 12, 1))
    assert is_wanted(later, 1) is Reason.SUPERSEDED


@given(st.sampled_from([Reason.FULFILLED, Reason.MISSED, Reason.EXEMPTED]), st.integers(0, 5))
def test_a_stopped_watch_has_no_next_step_and_wants_nothing(reason: Reason, steps: int) -> None:
    watch = overdue(due_soon(WATCH, DUE, at(20)), DUE, NOON)
    for rung in RUNGS[:steps]:
        watch = take(LADDER, watch, rung, NOON, CAMPUS)
    assert next_step(LADDER, stop(watch, reason), HOURS, CAMPUS) is None
    assert is_wanted(stop(watch, reason), watch.round) is reason


def test_withdrawn_evidence_begins_a_new_round_once_the_day_has_passed() -> None:
    settled = stop(overdue(WATCH, DUE, NOON), Reason.FULFILLED)
    again = reopened(settled, DUE, NOON, CAMPUS)
    assert (again.round, again.stopped, again.taken) == (2, None, ())


def test_withdrawn_evidence_of_what_is_not_due_yet_reminds_nobody() -> None:
    settled = stop(WATCH, Reason.FULFILLED)
    before_due = datetime(2026, 9, 30, 15, 0, tzinfo=UTC)  # still the 30th on campus
    assert reopened(settled, DUE, before_due, CAMPUS).stopped is Reason.REOPENED


def test_whoever_takes_it_over_is_reminded_anew_and_what_waits_for_the_other_is_not_wanted() -> None:
    watch = take(LADDER, overdue(WATCH, DUE, NOON), RUNGS[2], NOON, CAMPUS)
    there = moved(watch, "branch-2", NOON + timedelta(days=1))
    assert (there.organisation, there.round, there.taken) == ("branch-2", 2, ())
    assert is_wanted(there, watch.round) is Reason.SUPERSEDED
    assert next_step(LADDER, there, HOURS, CAMPUS)[0].step == "first"
    assert moved(stop(watch, Reason.FULFILLED), "branch-2", NOON).stopped is Reason.FULFILLED


@pytest.mark.parametrize(
    ("recipients", "reason"),
    [
        (None, Reason.NO_LEVEL_ABOVE),
        ((), Reason.NO_HEAD),
        ((Recipient("person-1", "head", reachable=False),), Reason.NO_CONTACT),
        ((Recipient("person-1", "head", active=False),), Reason.LEFT),
    ],
)
def test_a_reminder_that_cannot_go_is_kept_with_its_reason(recipients: tuple | None, reason: Reason) -> None:
    watch = overdue(WATCH, DUE, NOON)
    (decision,) = decide(LADDER, watch, RUNGS[2], recipients, NOON, HOURS, CAMPUS)
    assert decision.reason is reason


def test_what_was_due_too_long_ago_is_kept_and_ends_the_ladder() -> None:
    watch = overdue(WATCH, date(2026, 1, 31), NOON)
    watch, made = climbed(LADDER, watch, NOON + timedelta(hours=1))
    assert [each.reason for each in made] == [Reason.TOO_OLD]
    assert next_step(LADDER, watch, HOURS, CAMPUS) is None


@given(instants, clock_times, clock_times)
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


@given(instants)
def test_what_waits_for_its_hour_goes_at_an_hour_for_it(instant: datetime) -> None:
    opens = HOURS.opens(instant, CAMPUS)
    local = opens.astimezone(CAMPUS)
    assert opens >= instant
    assert local.weekday() < 5
    assert time(8) <= local.time() < time(21)
    assert HOURS.wait(opens, CAMPUS) is None
    assert HOURS.next_day(instant, CAMPUS).astimezone(CAMPUS).date() > instant.astimezone(CAMPUS).date()


@pytest.mark.parametrize(
    ("instant", "reason"),
    [(at(29, 22), "quiet_hours"), (at(26, 12), "not_working_day"), (at(25, 22), "quiet_hours")],
)
def test_why_something_waits_is_said(instant: datetime, reason: str) -> None:
    waits = HOURS.wait(instant, CAMPUS)
    assert waits is not None
    assert waits[1] == reason


def test_a_digest_is_about_the_lowest_organisation_that_covers_all() -> None:
    assert covering([("u", "f", "b1"), ("u", "f", "b2")]) == "f"
    assert covering([("u", "f", "b1")]) == "b1"
    assert covering([("u",), ("v",)]) is None
    assert covering([]) is None


# -- the pack -----------------------------------------------------------------------------------

SHIPPED = (FOLDER / "policies" / "reminding-default.yaml").read_text(encoding="utf-8")
LOCAL = yaml.safe_load((FOLDER / "policies" / "reminders-local.yaml").read_text(encoding="utf-8"))


RUNGS_SHIPPED = (
    *RUNGS[:3],
    Rung("second", 7, (Level.OWN, Level.DEPUTY), "reminder-again"),
    Rung("above", 10, ABOVE, "reminder-above"),
)
TALKS = load_all(FOLDER.parent / "contracts" / "policies", "talks-*.yaml")
TODAY = date(2026, 9, 1)


def rules_of(*texts: str, otherwise: dict | None = None, talks: list[Pack] = TALKS) -> Rules:
    packs = [parse(text, "reminding") for text in texts]
    rulings = Figures.on(talks, TODAY).settle_all(effective(packs, TODAY))
    return read_rules(rulings, WorkingCalendar(), otherwise or {})


def ladder_of(rules: Rules, kind: str = "obligation", rule: str | None = None) -> Ladder:
    found = rules.ladder(kind, rule)
    assert found is not None
    return found


def test_the_shipped_rules_disturb_nobody_at_night_and_the_local_ones_hide_nothing_from_a_newcomer() -> None:
    production, local = rules_of(SHIPPED), rules_of(SHIPPED, otherwise=LOCAL)
    assert production.hours.quiet == QuietHours(time(21), time(8))
    assert production.most_a_day == 3
    assert (local.hours, local.most_a_day) == (Hours(None, None), None)
    assert ladder_of(production).rungs == RUNGS_SHIPPED
    assert {each.settle_seconds for each in local.ladders} == {10}
    assert production.templates() <= {each.id for each in load_shipped(FOLDER / "templates").values()}


def test_what_an_organisation_owes_is_heard_of_before_its_first_reminder_is_due() -> None:
    """The rungs before the due day are as good as the packs that say when something is due soon."""
    rules = obligations.rules_of(FREQUENCY, DUE, OWED_FIGURES)
    # Of two others say when they are due soon; of persons notify follows nothing.
    owed = [each for each in rules if not each.personal and each.id not in ("committee_election", "opinion")]
    assert {"theme_day", "joint_meeting", "task", "democratic_life_report"} < {each.id for each in owed}
    shipped = rules_of(SHIPPED)
    for rule in owed:
        lead = max(-rung.days for rung in ladder_of(shipped, rule=rule.id).before())
        for due in (DUE + timedelta(days=number) for number in range(7)):
            heard = due - timedelta(days=rule.due_soon_days - 1)
            assert heard <= HOURS.day_before(due - timedelta(days=lead)), (rule.id, due)


def test_what_is_owed_in_a_fortnight_has_another_ladder_than_what_is_owed_in_a_year() -> None:
    rules = rules_of(SHIPPED)
    steps = {
        rule: [(rung.step, rung.days) for rung in ladder_of(rules, rule=rule).rungs]
        for rule in ("joint_meeting", "organisational_life_meeting", "theme_day", None)
    }
    assert steps["joint_meeting"][0] == ("day_before", -1)  # a week's notice of a fortnight is none
    assert steps["organisational_life_meeting"][0] == ("month_before", -30)
    assert steps["theme_day"] == steps[None] == [(each.step, each.days) for each in RUNGS_SHIPPED]
    # A rule of that name says nothing of another kind, and a kind without a ladder has none.
    assert ladder_of(rules, "opinion", "joint_meeting").kind == "opinion"
    assert rules.ladder("announcement", "joint_meeting") is None
    owed = {each.id for each in obligations.rules_of(FREQUENCY, DUE, OWED_FIGURES)}
    assert {rule for ladder in rules.ladders for rule in ladder.rules} <= owed


def test_what_an_organisation_owes_cannot_be_refused() -> None:
    consents = rules_of(SHIPPED).consents()
    assert {kind for kind, how in consents.items() if how != "mandatory"} == {"campus", "announcement"}


def test_every_ladder_speaks_by_templates_of_its_own_kind() -> None:
    newest = {each.id: each for each in load_shipped(FOLDER / "templates").values()}
    for ladder in rules_of(SHIPPED).ladders:
        assert {newest[rung.template].kind for rung in ladder.rungs} == {ladder.kind}


@pytest.mark.parametrize("days", [14, 10])
def test_who_is_asked_for_a_talk_hears_of_it_at_once_however_many_days_they_have(days: int) -> None:
    talks = [
        replace(pack, parameters={"talk_days": replace(pack.parameters["talk_days"], value=days)})
        for pack in TALKS
    ]
    asked, near = ladder_of(rules_of(SHIPPED, talks=talks), "talk").rungs
    assert (asked.days, near.days) == (-days, -3)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('{begin: "21:00", end: "08:00"}', '{begin: "21:00", end: "21:00"}'),
        ('{begin: "21:00", end: "08:00"}', '{begin: "25:00", end: "08:00"}'),
        ("value: zh", "value: fr"),
        ("value: 3\n", "value: 0\n"),
        ("consent: asked_first", "consent: never_asked"),
        (
            "step: day_before, days: -1, to: [own], template: reminder",
            "step: week_before, days: -1, to: [own], template: reminder",
        ),
        ("days: -7", "days: 0"),
        ("days: -7", "days: 3"),
        ("to: [above]", "to: [nobody]"),
        ("head_roles:\n    value: [secretary", "head_roles:\n    value: [king"),
        ("ladder_opinion", "ladder_weather"),
        ("ladder_obligation_year", "ladder_election_year"),
        ("      rules: [joint_meeting]\n", ""),
        ("ladder_obligation:\n    value:", "ladder_obligation:\n    value:\n      rules: [theme_day]"),
        ("rules: [joint_meeting]", "rules: [joint_meeting, democratic_life_meeting]"),
        ("rules: [joint_meeting]", "rules: ['Joint meeting']"),
    ],
)
def test_rules_that_are_none_are_refused_when_they_are_read(was: str, becomes: str) -> None:
    assert was in SHIPPED
    with pytest.raises(PackError, match="is not valid"):
        rules_of(SHIPPED.replace(was, becomes))


def test_a_pack_of_a_lower_level_sends_less_and_never_more() -> None:
    def with_own(most: int) -> Rules:
        own = (
            "id: own\ntitle: own\nissuer: own\nlevel: organisation\neffective_from: 2020-01-01\n"
            "parameters:\n  most_a_day: "
            f"{{value: {most}, article: '1', hardness: block, confidence: S, tighter: lower}}\n"
        )
        return rules_of(SHIPPED, own)

    assert with_own(2).most_a_day == 2
    with pytest.raises(PackError, match="looser"):
        with_own(9)


def test_the_clock_of_the_rules_is_the_campus_day() -> None:
    clock = FixedClock(datetime(2026, 9, 30, 15, 30, tzinfo=UTC))
    assert clock.today() == date(2026, 9, 30)
