"""Trends count topics, never people, and show nothing of few."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.trends import words
from services.feedback.trends.bursts import ALARM, burst, chance_of
from services.feedback.trends.model import (
    FEWEST,
    Counted,
    difference,
    month_of,
    months,
    recurs,
    table,
    week_of,
    weeks,
)
from tests.bench import bursts as synthetic

TODAY = date(2026, 3, 18)
CANTEEN = "topic:canteen"
counted = st.builds(Counted, st.sampled_from("abc"), st.lists(st.sampled_from("xyz"), unique=True).map(tuple))


def rows(by_month=None, by_week=None):
    return table(by_month or {}, by_week or {}, TODAY, count=12)


def test_periods_go_over_the_turn_of_a_year():
    assert months(date(2026, 2, 1), 3) == ["2025-12", "2026-01", "2026-02"]
    assert (week_of(date(2027, 1, 1)), month_of(date(2027, 1, 1))) == ("2026-W53", "2027-01")
    assert weeks(TODAY)[-1] == "2026-W11", "the last week that is over"


@given(st.integers(1, 40))
def test_a_cell_of_few_is_shown_as_none_is(count):
    shown = rows({"2026-03": {CANTEEN: count, "topic:other": 9}})
    canteen = [row for row in shown if row.mark == CANTEEN]
    if count < FEWEST:
        assert canteen == []
    else:
        assert canteen[0].counts == (*[None] * 11, count)


def test_no_total_gives_away_what_is_not_shown():
    (row,) = rows({"2026-02": {CANTEEN: 7}, "2026-03": {CANTEEN: 4}})
    assert (row.counts[-2:], row.total) == ((7, None), 7)


@given(st.lists(counted, min_size=1, max_size=6))
def test_counts_follow_an_opinion_however_often_it_is_triaged_anew(steps):
    total: Counter[str] = Counter()
    before = None
    for after in steps:
        total.update(difference(before, after))
        before = after
    assert +total == Counter(steps[-1].marks())
    assert min(total.values()) >= 0


def test_what_comes_in_three_of_six_months_recurs():
    assert recurs([9, 9, 0, 0, 2, 0, 2, 1]), "three months, five contributions"
    assert not recurs([0, 0, 0, 0, 0, 9, 9]), "two months"
    assert not recurs([0, 0, 0, 1, 1, 1]), "of few"


def test_a_burst_is_shown_with_what_was_usual():
    past = {week: {CANTEEN: 1} for week in weeks(TODAY)[:-1]}
    (row,) = rows(by_week={**past, weeks(TODAY)[-1]: {CANTEEN: 12}})
    assert (row.burst.count, row.burst.usual) == (12, 1)
    assert row.burst.chance < ALARM


def test_what_was_usual_does_not_give_away_a_past_of_few():
    shown = set()
    for few in range(FEWEST):
        past = {week: {CANTEEN: 0, "topic:library": 1} for week in weeks(TODAY)[:-1]}
        past[weeks(TODAY)[3]][CANTEEN] = few
        found = rows(by_week={**past, weeks(TODAY)[-1]: {CANTEEN: 9}})
        shown.add(next((row.burst.count, row.burst.usual, row.burst.chance) for row in found if row.burst))
    assert len(shown) == 1


def test_without_a_past_or_of_few_nothing_is_a_burst():
    assert burst([0] * 7, 99) is None
    assert burst([0] * 26, FEWEST - 1) is None


@given(st.lists(st.integers(0, 20), min_size=8, max_size=26), st.integers(0, 60))
def test_more_is_never_more_likely(past, count):
    assert 0 <= chance_of(past, count + 1) <= chance_of(past, count) <= 1 + 1e-9


@pytest.mark.parametrize("rate", [1.0, 5.0])
def test_false_alarms_are_as_rare_as_is_said(rate, monkeypatch):
    monkeypatch.setattr(synthetic, "SERIES", 3000)
    chance = synthetic.random.Random(7)
    assert synthetic.share(rate, "steady", chance) <= 4 * ALARM
    assert synthetic.share(rate, "steady", chance, factor=8) > 0.5


def test_words_suggest_topics_most_of_them_first():
    topics = {"dormitory": ["宿舍", "空调"], "repairs": ["维修"], "canteen": ["食堂"]}
    found = words.suggest({"text": "宿舍空调坏了，希望尽快维修", "topics": topics})
    assert [each["topic"] for each in found] == ["dormitory", "repairs"]
    assert found[0]["words"] == ["宿舍", "空调"]
    assert words.suggest({"text": "没有什么", "topics": topics}) == []
