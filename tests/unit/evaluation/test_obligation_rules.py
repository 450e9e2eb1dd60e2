"""Obligations as a pure function of the rule, the period, the records and the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.evidence.model import Evidence
from services.evaluation.obligations.fulfilling import obligations, state_of
from services.evaluation.obligations.model import (
    Obligation,
    Organisation,
    Owed,
    Rule,
    due_on,
    make_up_until,
    obligation_id,
)
from services.evaluation.obligations.periods import period_of, periods
from services.evaluation.obligations.spans import Span, Spans, began, owes_as, spans
from services.evaluation.obligations.telling import turned

MONTHLY = Rule("theme_day", "branch", "month", 1, 3, 20, 7, "frequency-national-2018", "16", "warn")
QUARTERLY = Rule("branch_meeting", "branch", "quarter", 1, 3, 45, 14, "frequency-national-2018", "12", "warn")
SINCE = date(2026, 1, 1)
DAYS = st.dates(date(2025, 12, 1), date(2026, 12, 31))


def held(day: date, activity: str = "", kind: str = "theme_day", counts: bool = True) -> Evidence:
    return Evidence(activity or f"on-{day}", 4, "branch-1", kind, day, counts, False, 10, 9, 0, True)


def outcome(rule: Rule, today: date, evidence: Sequence[Evidence]) -> list[Obligation]:
    owed = [Owed(rule, period) for period in periods(rule.every, SINCE, today)]
    return obligations(owed, "branch-1", today=today, evidence=evidence)


def states(rule: Rule, today: date, *days: date) -> dict[str, str]:
    found = outcome(rule, today, [held(day, kind=rule.id) for day in days])
    return {each.period.label: each.state for each in found}


@pytest.mark.parametrize(
    ("every", "day", "label", "first", "last"),
    [
        ("month", date(2026, 2, 28), "2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("month", date(2028, 2, 29), "2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("month", date(2026, 12, 5), "2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("quarter", date(2026, 8, 1), "2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
        ("quarter", date(2026, 12, 31), "2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        ("year", date(2026, 6, 1), "2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_a_period_is_of_the_calendar(every: str, day: date, label: str, first: date, last: date) -> None:
    period = period_of(every, day)
    assert (period.label, period.first, period.last) == (label, first, last)


@given(st.sampled_from(["month", "quarter", "year"]), DAYS, DAYS)
def test_periods_follow_each_other_without_a_hole(every: str, since: date, today: date) -> None:
    found = periods(every, since, today)
    for before, after in pairwise(found):
        assert after.first == before.last + timedelta(days=1)
    assert all(since <= each.first <= today for each in found)


def test_nothing_is_owed_before_its_period_begins() -> None:
    assert states(QUARTERLY, date(2026, 3, 31)) == {"2026-Q1": "due_soon"}
    assert set(states(QUARTERLY, date(2026, 4, 1))) == {"2026-Q1", "2026-Q2"}


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2026, 1, 1), "open"),
        (date(2026, 1, 27), "open"),
        (date(2026, 1, 28), "due_soon"),  # seven days, the last of which is the due date
        (date(2026, 2, 3), "due_soon"),
        (date(2026, 2, 4), "overdue"),
        (date(2026, 2, 23), "overdue"),
        (date(2026, 2, 24), "missed"),
    ],
)
def test_the_clock_turns_what_is_not_held(today: date, state: str) -> None:
    assert states(MONTHLY, today)["2026-01"] == state


def test_a_record_counts_for_the_period_it_was_held_in_before_any_other() -> None:
    found = states(MONTHLY, date(2026, 2, 20), date(2026, 2, 3))
    assert found == {"2026-01": "overdue", "2026-02": "fulfilled"}


@pytest.mark.parametrize("other", [date(2026, 2, 1), date(2026, 2, 4), date(2026, 2, 19)])
def test_a_record_to_spare_in_the_grace_days_is_on_time_for_the_period_before(other: date) -> None:
    found = states(MONTHLY, date(2026, 2, 20), date(2026, 2, 3), other)
    assert found == {"2026-01": "fulfilled", "2026-02": "fulfilled"}


def test_a_second_record_of_a_month_makes_up_for_the_one_before() -> None:
    found = states(MONTHLY, date(2026, 2, 20), date(2026, 2, 10), date(2026, 2, 19))
    assert found == {"2026-01": "fulfilled_late", "2026-02": "fulfilled"}


def test_the_only_record_of_a_month_is_not_taken_from_it_to_make_up() -> None:
    assert states(MONTHLY, date(2026, 2, 20), date(2026, 2, 10)) == {
        "2026-01": "overdue",
        "2026-02": "fulfilled",
    }


def test_no_record_makes_up_after_the_window() -> None:
    found = states(MONTHLY, date(2026, 3, 1), date(2026, 2, 10), date(2026, 2, 24))
    assert found["2026-01"] == "missed"


def test_a_record_of_another_kind_or_withdrawn_fulfils_nothing() -> None:
    evidence = [held(date(2026, 1, 5), kind="party_lecture"), held(date(2026, 1, 6), counts=False)]
    found = outcome(MONTHLY, date(2026, 1, 10), evidence)
    assert [each.state for each in found] == ["open"]


@given(st.lists(DAYS, max_size=30), DAYS, st.randoms())
def test_the_order_of_the_records_does_not_matter(days: list[date], today: date, random: object) -> None:
    evidence = [held(day, f"activity-{number}") for number, day in enumerate(days)]
    shuffled = list(evidence)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for rule in (MONTHLY, QUARTERLY):
        assert outcome(rule, today, evidence) == outcome(rule, today, shuffled)


@given(st.lists(DAYS, max_size=20), DAYS)
def test_a_record_is_taken_once(days: list[date], today: date) -> None:
    evidence = [held(day, f"activity-{number}") for number, day in enumerate(days)]
    found = outcome(MONTHLY, today, evidence)
    taken = [activity for each in found for activity in each.taken]
    assert len(taken) == len(set(taken))


@given(st.lists(DAYS, max_size=20), DAYS, DAYS)
def test_one_more_record_never_leaves_more_unfulfilled(days: list[date], more: date, today: date) -> None:
    def lacking(held_on: list[date]) -> int:
        return sum(not state.startswith("fulfilled") for state in states(MONTHLY, today, *held_on).values())

    unique = sorted(set(days))
    assert lacking([*unique, more] if more not in unique else unique) <= lacking(unique)


@given(DAYS, DAYS, st.lists(DAYS, max_size=2))
def test_time_alone_only_worsens(one: date, other: date, days: list[date]) -> None:
    order = ["open", "due_soon", "overdue", "missed"]
    period = period_of("month", date(2026, 5, 1))
    early, late = sorted((one, other))
    done_on = min(days, default=None)
    before, after = (state_of(Owed(MONTHLY, period), done_on, each) for each in (early, late))
    if days:
        assert before == after
    else:
        assert order.index(before) <= order.index(after)


@given(DAYS)
def test_the_window_of_a_period_is_ordered(day: date) -> None:
    for rule in (MONTHLY, QUARTERLY):
        period = period_of(rule.every, day)
        assert period.first <= day <= period.last <= due_on(rule, period) <= make_up_until(rule, period)


@pytest.mark.parametrize(
    ("kind", "committee", "active", "expected"),
    [
        ("branch", False, True, {"branch"}),
        ("branch", True, True, {"branch", "branch_with_committee"}),
        ("branch", True, False, set()),
        ("group", True, True, {"group"}),
        ("secondary", True, True, {"secondary"}),
        ("university_committee", True, True, set()),
    ],
)
def test_who_owes_is_a_condition_on_the_organisation(
    kind: str, committee: bool, active: bool, expected: set[str]
) -> None:
    assert owes_as(Organisation("o", kind, committee, SINCE, active)) == expected


BRANCH = Organisation("o", "branch", False, SINCE, True)
CLOSED = replace(BRANCH, active=False)


def test_what_is_gained_lost_and_gained_again_leaves_a_gap() -> None:
    known = spans({}, BRANCH, begins=SINCE, today=date(2026, 2, 1))
    known = spans(known, CLOSED, begins=SINCE, today=date(2026, 2, 10))
    known = spans(known, BRANCH, begins=date(2026, 9, 10), today=date(2026, 9, 10))
    assert known == {"branch": (Span(SINCE, date(2026, 2, 10)), Span(date(2026, 9, 10)))}
    found = {period.label: released for _, period, released in began(known, date(2026, 10, 5))}
    months = {label: released for label, released in found.items() if "Q" not in label and "-" in label}
    assert months == {"2026-01": date(2026, 2, 10), "2026-02": date(2026, 2, 10), "2026-10": None}


def test_what_is_lost_and_back_on_the_same_day_was_never_lost() -> None:
    day = date(2026, 2, 10)
    known = spans({}, BRANCH, begins=SINCE, today=day)
    assert spans(spans(known, CLOSED, begins=day, today=day), BRANCH, begins=day, today=day) == known


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans()), max_size=12))
def test_no_period_is_owed_twice(changes: list[tuple[int, bool, bool]]) -> None:
    known: Spans = {}
    today = SINCE
    for days, active, committee in changes:
        today += timedelta(days=days)
        told = replace(BRANCH, active=active, has_committee=committee)
        known = spans(known, told, begins=today, today=today)
        assert spans(known, told, begins=today, today=today) == known
    labels = [(owner, period.label) for owner, period, _ in began(known, today)]
    assert len(labels) == len(set(labels))


def names(before: str | None, rule: Rule, today: date, *days: date) -> list[str]:
    now = outcome(rule, today, [held(day) for day in days])[0]
    return [each.contract.type.split(".")[2] for each in turned(before, now)]


def test_the_events_tell_the_way_from_one_state_to_the_next() -> None:
    january = date(2026, 1, 5)
    assert names(None, MONTHLY, january) == ["opened"]
    assert names(None, MONTHLY, date(2026, 2, 10)) == ["opened", "overdue"]
    assert names("open", MONTHLY, january) == []
    assert names("open", MONTHLY, date(2026, 1, 30)) == ["due_soon"]
    assert names("due_soon", MONTHLY, date(2026, 2, 10)) == ["overdue"]
    assert names("overdue", MONTHLY, date(2026, 3, 10)) == ["missed"]
    assert names("overdue", MONTHLY, date(2026, 2, 10), january) == ["fulfilled"]
    assert names("fulfilled", MONTHLY, january) == ["reopened"]
    assert names("fulfilled", MONTHLY, date(2026, 2, 10)) == ["reopened", "overdue"]


def test_an_obligation_has_the_same_id_everywhere() -> None:
    assert obligation_id("branch-1", "theme_day", "2026-01") == obligation_id(
        "branch-1", "theme_day", "2026-01"
    )
    assert obligation_id("branch-1", "theme_day", "2026-01") != obligation_id(
        "branch-1", "theme_day", "2026-02"
    )
