"""The shipped packs say what the regulation says; a pack that cannot be applied wholly is refused."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

import services.evaluation
from services.chassis.catalogue import Catalogue
from services.chassis.policies import Pack, PackError, load_all, parse
from services.contracts.kinds import OBLIGATION_STATES
from services.evaluation.rulebook import Packs, policy_of, rules_of
from services.evaluation.scores.model import UNRATED

FOLDER = Path(services.evaluation.__file__).parent
TODAY = date(2026, 6, 20)


def shipped() -> Packs:
    policies = FOLDER / "policies"
    return Packs(load_all(policies, "frequency-*.yaml"), load_all(policies, "scoring-*.yaml"))


def altered(name: str, before: str, after: str) -> str:
    text = (FOLDER / "policies" / name).read_text(encoding="utf-8")
    assert before in text
    return text.replace(before, after)


def test_the_national_pack_says_who_owes_what_how_often() -> None:
    rules = {
        each.id: (each.owed_by, each.every, each.needed, each.article)
        for each in shipped().rulebook.rules_on(TODAY)
    }
    assert rules == {
        "branch_meeting": ("branch", "quarter", 1, "第十一条"),
        "branch_committee": ("branch_with_committee", "month", 1, "第十二条"),
        "group_meeting": ("group", "month", 1, "第十三条"),
        "party_lecture": ("branch", "quarter", 1, "第十六条"),
        "theme_day": ("branch", "month", 1, "第十六条"),
    }


def test_the_scoring_policy_is_worth_a_hundred_points_and_deducts_half_a_point() -> None:
    policy = shipped().rulebook.policy_of(2026)
    assert policy is not None
    assert sum(policy.frequency.values()) + policy.attendance + policy.timeliness == 10_000
    assert policy.minutes_deduction == 50
    assert policy.bands[0] == ("excellent", 9000)


def succeeding(name: str, since: str, *changes: tuple[str, str]) -> list[Pack]:
    """The shipped pack up to the day before ``since``, and one that differs by ``changes`` from then on."""
    text = (FOLDER / "policies" / name).read_text(encoding="utf-8")
    id_ = name.removesuffix(".yaml")
    changed = text.replace(id_, f"{id_}-revised").replace("2018-10-28", since)
    for before, after in changes:
        assert before in changed
        changed = changed.replace(before, after)
    last = date.fromisoformat(since) - timedelta(days=1)
    return [parse(text.replace("2018-10-28", f"2018-10-28\neffective_to: {last}")), parse(changed)]


def test_a_period_is_governed_by_the_packs_of_its_first_day() -> None:
    twice = ("owed_by: branch, every: month, times: 1", "owed_by: branch, every: month, times: 2")
    frequency = succeeding("frequency-national-2018.yaml", "2026-08-20", twice)
    book = Packs(frequency, load_all(FOLDER / "policies", "scoring-*.yaml")).rulebook
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
    scoring = succeeding("scoring-branch-v1.yaml", "2026-07-01")
    book = Packs(load_all(FOLDER / "policies", "frequency-*.yaml"), scoring).rulebook
    found = book.policy_of(year)
    assert (found and found.id) == policy


def test_packs_that_contradict_each_other_on_any_day_are_refused_at_once() -> None:
    scoring = succeeding(
        "scoring-branch-v1.yaml", "2030-01-01", ("timeliness:\n    value: 20", "timeliness:\n    value: 21")
    )
    with pytest.raises(PackError):
        Packs(load_all(FOLDER / "policies", "frequency-*.yaml"), scoring)


def test_nothing_is_in_force_before_the_packs_are() -> None:
    with pytest.raises(PackError):
        shipped().require(date(2018, 10, 27))
    shipped().require(date(2018, 10, 28))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("timeliness:\n    value: 20", "timeliness:\n    value: 21"),
        ("deduction: 0.5", "deduction: 0.555"),
        ("value: renormalise", "value: forget"),
        ("poor: 0", "poor: 10"),
        ("target_percent: 80", "target_percent: 0"),
        ("timeliness:", "punctuality:"),
    ],
)
def test_a_scoring_pack_that_cannot_be_applied_is_refused(before: str, after: str) -> None:
    with pytest.raises(PackError):
        policy_of([parse(altered("scoring-branch-v1.yaml", before, after))], TODAY)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("owed_by: group", "owed_by: everybody"),
        ("every: quarter", "every: fortnight"),
        ("every: month, times: 1", "every: month, times: often"),
        ("theme_day:", "tea_day:"),
        ("month_window:", "monthly_window:"),
    ],
)
def test_a_frequency_pack_that_cannot_be_applied_is_refused(before: str, after: str) -> None:
    with pytest.raises(PackError):
        rules_of([parse(altered("frequency-national-2018.yaml", before, after))], TODAY)


def test_whatever_can_be_said_has_a_text() -> None:
    packs, texts = shipped(), Catalogue.load([FOLDER / "texts"])
    rules, policy = packs.rulebook.rules_on(TODAY), packs.rulebook.policy_of(TODAY.year)
    assert policy is not None
    needed = {f"obligation.because.{state}" for state in OBLIGATION_STATES} | {"obligation.window"}
    needed |= {f"obligation.owed.{rule.id}" for rule in rules}
    needed |= {f"title.{each}" for each in (*policy.frequency, "attendance", "timeliness", "minutes")}
    needed |= {f"score.because.{each}" for each in ("frequency", "attendance", "timeliness", "minutes")}
    needed |= {f"score.summary.{band}" for band, _ in policy.bands} | {f"score.summary.{UNRATED}"}
    assert needed <= texts.codes
