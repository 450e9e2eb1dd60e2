"""The score as a pure function of the policy, the evidence and the obligations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.evidence.model import Evidence, Mark
from services.evaluation.indicators.model import Criterion, Indicator, Measure, Policy, Veto
from services.evaluation.obligations.fulfilling import obligations
from services.evaluation.obligations.model import Obligation, Owed, Rule
from services.evaluation.obligations.periods import periods
from services.evaluation.scores.model import Breakdown, Line, in_points, material_of, shares
from services.evaluation.scores.model import score as scored
from tests.unit.evaluation.policies import group, leaf, policy

RULES = [
    Rule("theme_day", "branch", "month", 1, 3, 20, 7, "pack", "16", "warn"),
    Rule("branch_meeting", "branch", "quarter", 1, 3, 45, 14, "pack", "12", "warn"),
]
TREE = (
    group(
        "life",
        leaf("frequency.theme_day", 30, "ratio", "obligations.theme_day"),
        leaf("frequency.branch_meeting", 30, "ratio", "obligations.branch_meeting"),
    ),
    leaf("attendance", 25, "attendance", "attendance.all", target=80),
    leaf("timeliness", 15, "timeliness", "timeliness.all"),
)
MINUTES = leaf("minutes", 0, "deduction", "records.all.without_minutes", each=50, at_most=500)
POLICY = policy(*TREE, deductions=(MINUTES,))
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


def score(
    given: Policy,
    evidence: Sequence[Evidence] = (),
    due: Sequence[Obligation] = (),
    marks: Sequence[Mark] = (),
) -> Breakdown:
    return scored(given, material_of(evidence, due, marks))


def zero(indicator: Indicator) -> Indicator:
    return replace(indicator, missing="zero", parts=tuple(zero(each) for each in indicator.parts))


STRICT = replace(POLICY, indicators=tuple(zero(each) for each in TREE))


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
    worth = score(STRICT, [], owed([], date(2026, 1, 2)))
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
    worth = score(POLICY if renormalise else STRICT, evidence, owed(evidence))
    known = {each.activity for each in evidence}
    assert worth.points == sum(line.points for line in worth.lines)
    assert 0 <= worth.points <= 10000
    for line in worth.lines:
        assert line.points <= line.most
        assert set(line.records) <= known
        if line.points > 0:
            assert line.records


@given(st.integers(0, 10_000), st.lists(st.integers(0, 5_000), max_size=9))
def test_shares_leave_no_rest(whole: int, weights: list[int]) -> None:
    parts = shares(whole, weights)
    assert sum(parts) == (whole if sum(weights) else 0)
    assert all(part >= 0 for part in parts)


def test_points_are_shown_with_two_decimals() -> None:
    assert [str(in_points(each)) for each in (0, 5, 8750, 10000)] == ["0.00", "0.05", "87.50", "100.00"]
    assert in_points(-50) == Decimal("-0.50")


# -- the tree ----------------------------------------------------------------------------------------


def lines(worth: Breakdown) -> dict[str, Line]:
    return {line.indicator: line for line in worth.lines}


def test_what_cannot_be_measured_leaves_its_weight_to_its_own_group() -> None:
    """A branch that owes no meetings of one kind has the more to gain by the other, and no less elsewhere."""
    due = [each for each in owed(FULL) if each.rule.id == "theme_day"]
    found = lines(score(POLICY, FULL, due))
    assert {id_: line.most for id_, line in found.items()} == {
        "frequency.theme_day": 6000,
        "attendance": 2500,
        "timeliness": 1500,
    }
    assert found["frequency.theme_day"].within == ("life",)


def test_a_group_of_which_nothing_can_be_measured_leaves_its_weight_to_its_siblings() -> None:
    found = lines(score(POLICY, FULL, []))
    assert {id_: line.most for id_, line in found.items()} == {"attendance": 6250, "timeliness": 3750}


# -- methods beside those of the record ----------------------------------------------------------------


def mark(id_: str, family: str, name: str, points: int = 0, part: str | None = None, **more: object) -> Mark:
    usual = Mark(id_, family, name, part, "branch-1", date(2026, 5, 4), points)
    return replace(usual, **more)  # type: ignore[arg-type]


def test_a_capped_count_gives_no_more_than_full_marks() -> None:
    talks = policy(leaf("talks", 100, "capped_count", "records.talk", full_at=4))
    held = [record(date(2026, 3, day), "talk") for day in range(1, 7)]
    assert [score(talks, held[:count]).points for count in (0, 1, 4, 6)] == [0, 2500, 10000, 10000]


def test_reviewers_grades_are_weighed_by_criterion_and_averaged() -> None:
    criteria = (
        Criterion("duty", {"zh": "职责", "en": "Duty"}, 75),
        Criterion("conduct", {"zh": "作风", "en": "C"}, 25),
    )
    reviewed = policy(leaf("review", 100, "manual_grade", "assessments.review", criteria=criteria))
    given = [
        mark("first", "assessments", "review", criteria=(("duty", 8000), ("conduct", 10000))),
        mark("second", "assessments", "review", criteria=(("duty", 9000), ("conduct", 6000))),
    ]
    worth = score(reviewed, marks=given)
    assert worth.points == 75 * 8500 // 100 + 25 * 8000 // 100
    assert worth.lines[0].criteria == (("duty", 8500), ("conduct", 8000))
    assert worth.lines[0].marks == ("first", "second")
    assert score(reviewed).band == "unrated"


def test_each_part_of_a_ballot_is_counted_by_itself() -> None:
    appraisal = policy(
        leaf("self", 20, "ballot", "ballots.democratic_appraisal.self"),
        leaf("peer", 40, "ballot", "ballots.democratic_appraisal.peer"),
        leaf("mass", 20, "ballot", "ballots.democratic_appraisal.mass"),
        leaf("organisation", 20, "ballot", "ballots.democratic_appraisal.organisation"),
    )
    given = [
        mark(f"round/{part}", "ballots", "democratic_appraisal", points, part)
        for part, points in (("self", 10000), ("peer", 9000), ("mass", 8000), ("organisation", 7000))
    ]
    assert score(appraisal, marks=given).points == 2000 + 3600 + 1600 + 1400
    without_the_mass = [each for each in given if each.part != "mass"]
    assert score(appraisal, marks=without_the_mass).points == 2500 + 4500 + 1750
    strict = replace(appraisal, indicators=tuple(zero(each) for each in appraisal.indicators))
    assert score(strict, marks=without_the_mass).points == 2000 + 3600 + 1400


def test_a_bonus_has_its_cap_and_never_leads_beyond_a_hundred() -> None:
    bonus = leaf("heritage", 0, "bonus", "records.heritage_visit", each=50, at_most=120)
    visits = [record(date(2026, 4, day), "heritage_visit") for day in range(1, 6)]
    full = replace(POLICY, bonuses=(bonus,), deductions=())
    assert score(full, [*FULL, *visits], owed(FULL)).points == 10000
    absent = [replace(each, present=4) for each in [*FULL, *visits]]
    assert lines(score(full, absent, owed(FULL)))["heritage"].points == 120


def test_a_veto_keeps_the_band_down_whatever_the_points() -> None:
    veto = Veto(
        "discipline",
        {"zh": "违纪", "en": "Discipline"},
        "第十条",
        Measure("findings", "discipline"),
        1,
        "good",
    )
    vetoed = replace(POLICY, vetoes=(veto,))
    worth = score(vetoed, FULL, owed(FULL), [mark("found", "findings", "discipline")])
    assert (worth.points, worth.band) == (10000, "fair")
    assert worth.vetoes[0].marks == ("found",)
    assert score(vetoed, FULL, owed(FULL)).band == "excellent"
    nothing = score(vetoed, [], owed([]), [mark("found", "findings", "discipline")])
    assert nothing.band == "poor"


def test_missed_obligations_can_be_deducted() -> None:
    missed = leaf("missed", 0, "deduction", "obligations.theme_day.missed", each=200, at_most=300)
    strict = replace(POLICY, deductions=(missed,))
    worth = score(strict, FULL, owed([each for each in FULL if each.held_on.month not in (1, 2)]))
    line = lines(worth)["missed"]
    assert line.points == -300
    assert len(line.obligations) == line.facts["count"] == 2
