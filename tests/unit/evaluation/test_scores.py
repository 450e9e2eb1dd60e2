"""The score as a pure function of the policy, the evidence and the obligations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.evidence.model import Evidence
from services.evaluation.obligations.model import Obligation, Owed, Rule, obligations, periods
from services.evaluation.scores.model import Policy, in_points, score, shares

RULES = [
    Rule("theme_day", "branch", "month", 1, 3, 20, 7, "pack", "16", "warn"),
    Rule("branch_meeting", "branch", "quarter", 1, 3, 45, 14, "pack", "12", "warn"),
]
POLICY = Policy(
    id="scoring",
    frequency={"theme_day": 3000, "branch_meeting": 3000},
    made_up_percent=50,
    attendance=2500,
    attendance_target_percent=80,
    timeliness=1500,
    minutes_deduction=50,
    minutes_deduction_most=500,
    renormalise=True,
    bands=(("excellent", 9000), ("good", 8000), ("fair", 6000), ("poor", 0)),
)
TODAY = date(2026, 6, 20)

RECORDS = st.builds(
    lambda number, kind, day, late, expected, present, excused, minutes: Evidence(
        f"activity-{number:03}", 4, "branch-1", kind, day, True, late, expected, present, excused, minutes
    ),
    st.integers(0, 400),
    st.sampled_from(["theme_day", "branch_meeting", "study_session"]),
    st.dates(date(2026, 1, 1), TODAY),
    st.booleans(),
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(0, 40),
    st.booleans(),
)
YEARS = st.lists(RECORDS, max_size=40, unique_by=lambda each: each.activity)


def owed(evidence: list[Evidence], today: date = TODAY) -> list[Obligation]:
    return [
        each
        for rule in RULES
        for each in obligations(
            [Owed(rule, period) for period in periods(rule.every, date(2026, 1, 1), today)],
            "branch-1",
            today=today,
            evidence=evidence,
        )
    ]


def record(day: date, kind: str = "theme_day", **more: object) -> Evidence:
    usual = Evidence(f"{kind}-{day}", 4, "branch-1", kind, day, True, False, 10, 10, 0, True)
    return replace(usual, **more)  # type: ignore[arg-type]


FULL = [record(date(2026, month, 10)) for month in range(1, 7)] + [
    record(date(2026, month, 11), "branch_meeting") for month in (1, 4)
]


def test_a_branch_that_held_everything_has_full_marks() -> None:
    worth = score(POLICY, FULL, owed(FULL))
    assert (worth.points, worth.band, worth.evidence) == (10000, "excellent", 8)


def test_a_branch_of_which_nothing_is_known_is_not_rated() -> None:
    worth = score(POLICY, [], owed([], date(2026, 1, 2)))
    assert (worth.points, worth.band, worth.lines) == (0, "unrated", ())


def test_a_branch_that_held_nothing_has_nothing() -> None:
    worth = score(POLICY, [], owed([]))
    assert (worth.points, worth.band) == (0, "poor")
    assert sum(line.most for line in worth.lines) == 10000


def test_what_is_made_up_earns_the_share_the_policy_says() -> None:
    late = [each for each in FULL if each.activity != "theme_day-2026-05-10"]
    late.append(record(date(2026, 6, 11)))
    line = next(
        each for each in score(POLICY, late, owed(late)).lines if each.indicator == "frequency.theme_day"
    )
    assert line.points == 3000 * 550 // 600
    assert line.facts == {"decided": 6, "on_time": 5, "made_up": 1, "lacking": 0}


def test_minutes_lacking_cost_half_a_point_each_up_to_the_limit() -> None:
    one = [replace(FULL[0], has_minutes=False), *FULL[1:]]
    assert score(POLICY, one, owed(one)).points == 9950
    many = FULL + [record(date(2026, 3, day), "study_session", has_minutes=False) for day in range(1, 29)]
    assert score(POLICY, many, owed(many)).points == 9500


def test_the_excused_do_not_count_against_attendance() -> None:
    worth = score(POLICY, [replace(FULL[0], expected=10, present=8, excused=2)], [])
    assert {line.indicator: line.points for line in worth.lines}["attendance"] == 6250


def test_a_missing_part_counts_as_zero_where_the_policy_says_so() -> None:
    strict = replace(POLICY, renormalise=False)
    worth = score(strict, [], owed([], date(2026, 1, 2)))
    assert (worth.points, worth.band) == (0, "poor")


@given(YEARS, st.integers())
def test_the_order_of_the_input_does_not_matter(evidence: list[Evidence], seed: int) -> None:
    due = owed(evidence)
    other, other_due = list(evidence), list(due)
    Random(seed).shuffle(other)
    Random(seed + 1).shuffle(other_due)
    assert repr(score(POLICY, evidence, due)) == repr(score(POLICY, other, other_due))


@given(YEARS, st.booleans())
def test_the_lines_add_up_and_every_point_names_its_records(
    evidence: list[Evidence], renormalise: bool
) -> None:
    worth = score(replace(POLICY, renormalise=renormalise), evidence, owed(evidence))
    known = {each.activity for each in evidence}
    assert worth.points == sum(line.points for line in worth.lines)
    assert 0 <= worth.points <= 10000
    for line in worth.lines:
        assert line.points <= line.most
        assert set(line.records) <= known
        if line.points > 0:
            assert line.records or line.indicator == "timeliness"


@given(st.integers(0, 10_000), st.lists(st.integers(0, 5_000), max_size=9))
def test_shares_leave_no_rest(whole: int, weights: list[int]) -> None:
    parts = shares(whole, weights)
    assert sum(parts) == (whole if sum(weights) else 0)
    assert all(part >= 0 for part in parts)


def test_points_are_shown_with_two_decimals() -> None:
    assert [str(in_points(each)) for each in (0, 5, 8750, 10000)] == ["0.00", "0.05", "87.50", "100.00"]
    assert in_points(-50) == Decimal("-0.50")
