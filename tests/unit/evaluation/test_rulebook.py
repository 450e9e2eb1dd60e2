"""The shipped packs say what the regulation says; a pack that cannot be applied wholly is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

import services.evaluation
from services.chassis.catalogue import Catalogue
from services.chassis.policies import PackError, parse
from services.contracts.kinds import ACTIVITY_KINDS, OBLIGATION_STATES
from services.evaluation.indicators.model import METHODS, ORGANISATION, Policy
from services.evaluation.indicators.reading import load_policies
from services.evaluation.indicators.reading import parse as parse_policy
from services.evaluation.obligations.explaining import FLAVOURS, REASONS
from services.evaluation.obligations.packs import rules_of
from services.evaluation.rulebook import Packs
from services.evaluation.scores.model import UNRATED
from tests.unit.evaluation.policies import FIGURES, FREQUENCY, REGISTRY

FOLDER = Path(services.evaluation.__file__).parent
TODAY = date(2026, 6, 20)


def shipped() -> Packs:
    return Packs(FREQUENCY, load_policies(FOLDER / "policies", REGISTRY), figures=FIGURES)


def altered(name: str, before: str, after: str) -> str:
    text = (FOLDER / "policies" / name).read_text(encoding="utf-8")
    assert before in text
    return text.replace(before, after)


def test_the_national_pack_says_who_owes_what_how_often() -> None:
    rules = {
        each.id: (each.owed_by, each.every, each.needed, each.article)
        for each in shipped().rulebook.rules_on(TODAY)
        if each.pack == "frequency-national-2018"
    }
    assert rules == {
        "branch_meeting": ("branch", "quarter", 1, "第十一条"),
        "branch_committee": ("branch_with_committee", "month", 1, "第十二条"),
        "group_meeting": ("group", "month", 1, "第十三条"),
        "party_lecture": ("branch", "quarter", 1, "第十六条"),
        "theme_day": ("branch", "month", 1, "第十六条"),
        "organisational_life_meeting": ("branch", "year", 1, "第十七条"),
        "democratic_appraisal": ("branch", "year", 1, "第十八条"),
        "talk": ("member", "year", 1, "第十九条"),
        "talk_between_committee": ("committee_member", "year", 1, "第十九条"),
        "talk_with_members": ("leading", "year", 1, "第十九条"),
        "secretary_lecture": ("committee_secretary", "year", 1, "第十五条"),
        "committee_election": ("organisation", "case", 1, "第二十一条"),
    }


def test_the_star_rating_is_worth_a_hundred_points_and_deducts_half_a_point() -> None:
    policy = shipped().rulebook.scoring.policy_of(ORGANISATION, "branch", 2026)
    assert policy is not None
    assert sum(each.weight for top in policy.indicators for each in top.leaves()) == 10_000
    assert (policy.deductions[0].each, policy.bands[0].name, policy.caps[0].most(10)) == (50, "five_star", 3)


def succeeding(name: str, since: str, *changes: tuple[str, str]) -> list[str]:
    """The shipped pack up to the day before ``since``, and one that differs by ``changes`` from then on."""
    text = (FOLDER / "policies" / name).read_text(encoding="utf-8")
    id_ = name.removesuffix(".yaml")
    changed = text.replace(f"id: {id_}", f"id: {id_}-revised").replace("2018-10-28", since)
    for before, after in changes:
        assert before in changed
        changed = changed.replace(before, after)
    last = date.fromisoformat(since) - timedelta(days=1)
    return [text.replace("2018-10-28", f"2018-10-28\neffective_to: {last}"), changed]


def policies(*texts: str) -> list[Policy]:
    return [parse_policy(text, REGISTRY) for text in texts]


def test_a_period_is_governed_by_the_packs_of_its_first_day() -> None:
    twice = ("owed_by: branch, every: month, times: 1", "owed_by: branch, every: month, times: 2")
    frequency = [parse(text) for text in succeeding("frequency-national-2018.yaml", "2026-08-20", twice)]
    book = Packs(frequency, load_policies(FOLDER / "policies", REGISTRY)).rulebook
    found = {
        month: [
            (each.pack, each.needed) for each in book.rules_on(date(2026, month, 1)) if each.id == "theme_day"
        ]
        for month in (8, 9)
    }
    assert found == {8: [("frequency-national-2018", 1)], 9: [("frequency-national-2018-revised", 2)]}
    assert book.rules_on(date(2018, 10, 27)) == ()


@pytest.mark.parametrize(
    ("year", "policy"),
    [
        (2017, None),
        (2018, "scoring-branch-v1"),  # none on its first day: the first that came into force in it
        (2026, "scoring-branch-v1"),
        (2027, "scoring-branch-v1-revised"),
    ],
)
def test_a_year_is_scored_by_one_policy(year: int, policy: str | None) -> None:
    scoring = policies(*succeeding("scoring-branch-v1.yaml", "2026-07-01"))
    book = Packs(FREQUENCY, scoring, figures=FIGURES).rulebook
    found = book.scoring.policy_of(ORGANISATION, "branch", year)
    assert (found and found.id) == policy


def test_two_policies_in_force_for_one_subject_are_refused() -> None:
    _, later = succeeding("scoring-branch-v1.yaml", "2030-01-01")
    first = (FOLDER / "policies" / "scoring-branch-v1.yaml").read_text(encoding="utf-8")
    with pytest.raises(PackError, match="both in force for one organisation of branch"):
        Packs(FREQUENCY, policies(first, later), figures=FIGURES)


def test_a_policy_that_measures_what_nobody_owes_is_refused_and_the_old_ones_stay() -> None:
    packs = shipped()
    before = packs.rulebook
    text = altered("scoring-branch-v1.yaml", "obligations.party_lecture", "obligations.tea_party")
    with pytest.raises(PackError, match="tea_party is owed under no rule"):
        packs.put_in_force(policies(text))
    assert packs.rulebook is before


def test_nothing_is_in_force_before_the_packs_are() -> None:
    with pytest.raises(PackError):
        shipped().require(date(2018, 10, 27))
    shipped().require(date(2018, 10, 28))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("owed_by: group", "owed_by: everybody"),
        ("every: quarter", "every: fortnight"),
        ("every: month, times: 1", "every: month, times: often"),
        ("theme_day:", "tea_day:"),
        ("month_window:", "monthly_window:"),
        ("every: month, times: 1", "every: month, months: 3, times: 1"),
    ],
)
def test_a_frequency_pack_that_cannot_be_applied_is_refused(before: str, after: str) -> None:
    with pytest.raises(PackError):
        rules_of([parse(altered("frequency-national-2018.yaml", before, after))], TODAY)


def test_figures_that_other_services_go_by_stand_in_one_place() -> None:
    owed = {each.id: each for each in rules_of(FREQUENCY, TODAY, FIGURES)}
    assert (owed["training_hours"].needed, owed["training_hours_leading"].needed) == (32 * 60, 56 * 60)
    assert owed["training_class"].needed == 1
    assert owed["democratic_life_report"].grace_days == 15
    stricter = [
        replace(pack, parameters={**pack.parameters, "member_hours": replace(hours, value=40)})
        if (hours := pack.parameters.get("member_hours"))
        else pack
        for pack in FIGURES
    ]
    assert {each.id: each.needed for each in rules_of(FREQUENCY, TODAY, stricter)}["training_hours"] == 2400
    # Before there was a plan nobody owed its hours; a figure that is nowhere is a mistake.
    assert "training_hours" not in {each.id for each in rules_of(FREQUENCY, date(2018, 12, 1), FIGURES)}
    with pytest.raises(PackError, match="is in no pack"):
        rules_of(FREQUENCY, TODAY)


def test_whatever_can_be_said_has_a_text() -> None:
    packs, texts = shipped(), Catalogue.load([FOLDER / "texts"])
    rules = packs.rulebook.rules_on(TODAY)
    needed = {f"obligation.because_{flavour}.{state}" for flavour in FLAVOURS for state in OBLIGATION_STATES}
    needed |= {f"obligation.uncounted.{reason}" for reason in REASONS}
    needed |= {f"obligation.wants.{each}" for each in (*FLAVOURS, "missed")}
    needed |= {
        f"obligation.{each}" for each in ("window", "window_case", "early", "exemption", "provisional")
    }
    needed |= {f"obligation.owed.{rule.id}" for rule in rules} | {f"title.{rule.id}" for rule in rules}
    needed |= {f"score.because.{method}" for method in METHODS} | {f"score.band.{UNRATED}"}
    needed |= {f"score.kind.{kind}" for kind in ACTIVITY_KINDS}
    assert needed <= texts.codes
