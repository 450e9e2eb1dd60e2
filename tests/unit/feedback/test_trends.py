"""Trends count topics, never people, and show nothing of few."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.feedback.trends import words
from services.feedback.trends.bursts import ALARM, chance_of, is_burst
from services.feedback.trends.lineage import FEWEST, Cells, shown
from services.feedback.trends.model import (
    Counted,
    difference,
    judged,
    month_of,
    months,
    recount,
    recurs,
    shown_rows,
    table,
    told_until,
    week_of,
    weeks,
)
from tests.bench import bursts as synthetic

UNTIL = date(2026, 3, 31)
LAST = judged(UNTIL)[0]
CANTEEN = "topic:canteen"
counted = st.builds(Counted, st.sampled_from("abc"), st.lists(st.sampled_from("xyz"), unique=True).map(tuple))


def rows(by_month=None, by_week=None):
    return table(paged(by_month), paged(by_week), UNTIL, count=12)


def paged(counts):
    """Counts of an organisation with nothing above it, as its pages."""
    return {
        period: each if isinstance(each, list) else [Cells("university", each)]
        for period, each in (counts or {}).items()
    }


def test_periods_go_over_the_turn_of_a_year():
    assert months(date(2026, 2, 1), 3) == ["2025-12", "2026-01", "2026-02"]
    assert (week_of(date(2027, 1, 1)), month_of(date(2027, 1, 1))) == ("2026-W53", "2027-01")
    assert weeks(LAST)[-1] == "2026-W13", "the last week that ends in the month"
    assert weeks(LAST)[0] == "2025-W39"


@given(st.dates(date(2024, 1, 1), date(2028, 1, 1)))
def test_each_week_is_judged_in_the_month_in_which_it_ends(until):
    until = until.replace(day=1) - timedelta(days=1)
    days = {until.replace(day=day) for day in range(1, until.day + 1)}
    assert judged(until) == sorted((each for each in days if each.isoweekday() == 7), reverse=True)


def test_a_month_is_told_once_it_is_settled():
    assert told_until(date(2026, 3, 10)) == date(2026, 1, 31)
    assert told_until(date(2026, 3, 11)) == date(2026, 2, 28)
    assert told_until(date(2026, 1, 10)) == date(2025, 11, 30)


@given(st.integers(1, 40))
def test_a_cell_of_few_is_shown_as_none_is(count):
    found = rows({"2026-03": {CANTEEN: count, "topic:other": 9}})
    canteen = [row for row in found if row.mark == CANTEEN]
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


def test_what_recurs_does_not_tell_a_month_of_few_from_one_of_none():
    shown_once = {"2026-03": {CANTEEN: 9}, "2026-02": {CANTEEN: 9}}
    for few in range(FEWEST):
        (row,) = rows({**shown_once, "2026-01": {CANTEEN: few}})
        assert not row.recurring
    (row,) = rows({**shown_once, "2026-01": {CANTEEN: FEWEST}})
    assert row.recurring


def test_a_burst_is_named_by_its_week_and_nothing_is_counted_of_it():
    *past, last = weeks(LAST)
    quiet = {week: {CANTEEN: 1} for week in past}
    (row,) = rows({"2026-03": {CANTEEN: 12}}, {**quiet, last: {CANTEEN: 12}})
    assert row.burst == "2026-W13"
    (row,) = rows({"2026-03": {CANTEEN: 12}}, {**quiet, past[-2]: {CANTEEN: 12}})
    assert row.burst == "2026-W11", "earlier in the month"
    (row,) = rows({"2026-03": {CANTEEN: 12}}, {**quiet, past[-6]: {CANTEEN: 12}})
    assert row.burst is None, "told with the month before"
    assert rows(by_week={**quiet, last: {CANTEEN: 12}}) == [], "by no month that is shown"


def test_no_page_with_a_burst_tells_that_the_rest_of_a_month_is_of_few():
    """Whoever knows the rule and all of the past looks for what all worlds with the same page share."""
    end = judged(UNTIL)[-1]
    *past, last = weeks(end)
    assert [month_of(day) for day in (end - timedelta(days=6), end)] == ["2026-02", "2026-03"]
    known = {week: [Cells("university", {CANTEEN: 1})] for week in past}
    innocent: dict[tuple[object, ...], set[tuple[bool, ...]]] = {}
    halves = [(rest, in_week) for rest in range(9) for in_week in range(9 - rest)]
    for (before, first), (after, second) in itertools.product(halves, halves):
        months_of = {"2026-02": before + first, "2026-03": after + second}
        found = table(
            {month: [Cells("university", {CANTEEN: count})] for month, count in months_of.items()},
            {**known, last: [Cells("university", {CANTEEN: first + second})]},
            UNTIL,
            count=12,
        )
        page = tuple((row.counts, row.burst) for row in found)
        hidden = (before, after, first, second, before + first, after + second, first + second)
        few = tuple(0 < each < FEWEST for each in hidden)
        innocent.setdefault(page, set()).add(few)
    assert any(burst for page in innocent for _, burst in page)
    for page, worlds in innocent.items():
        assert not any(map(all, zip(*worlds, strict=True))), page


def test_without_a_past_or_of_few_nothing_is_a_burst():
    assert not is_burst([0] * 7, 99)
    assert not is_burst([0] * 26, FEWEST - 1)


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


# -- what does not follow from several pages -----------------------------------------------------------

MARK = "topic:canteen"


def campus(branches, own=0):
    """A faculty with ``branches`` and one branch next door, as the pages of one period: by organisation."""
    below = {each: {MARK: count} for each, count in branches.items()}
    faculty = Cells("faculty", {MARK: own + sum(branches.values())}, below)
    return {
        "faculty": [faculty],
        **{each: [Cells(each, counts), faculty] for each, counts in below.items()},
    }


@given(st.dictionaries(st.sampled_from("abcde"), st.integers(0, 12), min_size=1), st.integers(0, 8))
def test_no_small_count_follows_from_the_pages_that_are_shown(branches, own):
    pages = campus(branches, own)
    seen = {each: shown(lineage, MARK) for each, lineage in pages.items()}
    assert all(count is None or count >= FEWEST for count in seen.values())
    if seen["faculty"] is None:
        assert set(seen.values()) == {None}
        return
    hidden = own + sum(branches[each] for each in branches if seen[each] is None)
    assert hidden == 0 or hidden >= FEWEST, "what is left over is nothing, or enough by itself"


def test_a_small_branch_is_not_what_the_page_above_has_more_than_its_sibling():
    pages = campus({"large": 9, "small": 3})
    assert {each: shown(page, MARK) for each, page in pages.items()} == {
        "faculty": 12,
        "large": None,
        "small": None,
    }
    assert shown(campus({"large": 9, "silent": 0})["large"], MARK) == 9, "of nobody nothing follows"
    assert shown(campus({"large": 9, "other": 6, "small": 3})["large"], MARK) == 9


def test_what_was_counted_below_another_organisation_is_not_shown_beside_it():
    faculty = Cells("faculty", {MARK: 20}, {"moved": {MARK: 6}, "other": {MARK: 14}})
    assert shown([Cells("moved", {MARK: 9}), faculty], MARK) is None


def test_no_burst_gives_a_small_sibling_away():
    def weekly(counts, small):
        above = Cells("f", {MARK: counts + small}, {"n": {MARK: counts}, "s": {MARK: small}})
        return [Cells("n", {MARK: counts}), above]

    *past, last = weeks(LAST)
    quiet = {week: weekly(1, 0) for week in past}
    month = {"2026-03": weekly(12, 0)}
    assert rows(month, {**quiet, last: weekly(12, 0)})[0].burst == last
    assert rows(month, {**quiet, last: weekly(12, 2)})[0].burst is None, "it would tell of two beside it"


# -- what does not follow from several days ------------------------------------------------------------

BEGAN = date(2026, 1, 20)
DAYS = 56  # two months are told meanwhile
steps = st.lists(
    st.tuples(
        st.sampled_from(["large", "small"]),
        st.integers(0, DAYS // 2),
        st.lists(st.tuples(st.integers(0, DAYS // 2), counted), max_size=3),
    ),
    max_size=14,
)


def read_daily(said):
    """What whoever opens every page on every day is shown: by day, by page.

    ``said``: of each opinion the branch, the day, and what it was found to be about so many days later. All
    begins with a crowd, so that there is a page to watch.
    """
    by_month: dict[str, dict[str, Counter[str]]] = {}
    known: dict[int, Counted] = {}
    happens = [(0, 0, at, Counted("a")) for at in range(-6, 0)]
    for at, (_, day, found) in enumerate(said):
        happens.append((day, day, at, Counted("a")))
        happens.extend((day + later, day, at, about) for later, about in found)
    for today in range(DAYS):
        now = BEGAN + timedelta(days=today)
        for _, day, at, about in sorted((each for each in happens if each[0] == today), key=lambda x: x[:3]):
            said_on = BEGAN + timedelta(days=day)
            if changes := recount(said_on, known.get(at), about, now):
                known[at] = about
                branches = by_month.setdefault(month_of(said_on), {"large": Counter(), "small": Counter()})
                branches["large" if at < 0 else said[at][0]].update(changes)
        pages: dict[str, dict[str, list[Cells]]] = {"faculty": {}, "large": {}, "small": {}}
        for month, branches in by_month.items():
            faculty = Cells("faculty", branches["large"] + branches["small"], branches)
            pages["faculty"][month] = [faculty]
            for each, counts in branches.items():
                pages[each][month] = [Cells(each, counts), faculty]
        periods = months(told_until(now), 3)
        yield {
            (page, mark, month): count
            for page, of_page in pages.items()
            for mark, counts in shown_rows(of_page, periods).items()
            for month, count in zip(periods, counts, strict=True)
            if count is not None
        }


@settings(max_examples=60)
@given(steps)
def test_whoever_reads_the_pages_every_day_sees_no_opinion_come_or_change(said):
    """A difference of two readings is whole months, each with nobody in it or enough: never one opinion."""
    readings = list(read_daily(said))
    assert readings[0] == {}
    assert ("faculty", "category:a", "2026-01") in readings[-1]
    for before, after in itertools.pairwise(readings):
        assert {cell: after.get(cell) for cell in before} == before, "what is told never changes"
        came = set(after) - set(before)
        assert all(after[cell] >= FEWEST for cell in came)
        assert len({month for _, _, month in came}) <= 1, "a month comes whole, on one day"
    for month in ("2026-01", "2026-02"):
        shown_on = {at for at, each in enumerate(readings) if any(cell[2] == month for cell in each)}
        settled = date.fromisoformat(f"{month}-28") + timedelta(days=4)
        first = (settled.replace(day=11) - BEGAN).days
        assert not shown_on or min(shown_on) == first, "not before it is settled, and not later either"
