"""What asks for a talk: each rule at its edge, its false alarms within bounds, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Invalid
from services.chassis.policies import PackError, parse
from services.contracts.kinds import ANOMALY_RULES
from services.evaluation.anomalies import model
from services.evaluation.anomalies.model import Found, Held
from services.evaluation.anomalies.packs import limits_of
from services.evaluation.anomalies.watching import of_person, of_unit
from services.evaluation.duties.model import Sheet, turn
from services.evaluation.duties.people import known
from services.evaluation.duties.words import Word
from services.evaluation.evidence.model import Evidence
from services.evaluation.obligations.model import Organisation
from services.evaluation.projection.standing import Standing, enrolled
from services.evaluation.rulebook import Packs
from tests.bench.alarms import POLICIES, TALKS, TERMS, limits, measured
from tests.unit.evaluation.policies import FIGURES, FREQUENCY

LIMITS = limits()
RULEBOOK = Packs(FREQUENCY, [], calendar=TERMS, figures=FIGURES).rulebook
TODAY = date(2026, 9, 30)
# Of a hundred watched for a year: at most how many where nothing is wrong, at least how many where it is.
BOUNDS = {
    "arrears": (1, 95),
    "hours_behind": (4, 60),
    "reports_missing": (2, 95),
    "attendance_falling": (4, 80),
    "silent": (1, 95),
    "late_burst": (3, 80),
}


@pytest.mark.parametrize("rule", ANOMALY_RULES)
def test_false_alarms_are_rare_and_what_is_wrong_is_found(rule: str) -> None:
    most, least = BOUNDS[rule]
    assert measured(rule, wrong=False, subjects=200).percent <= most
    assert measured(rule, wrong=True, subjects=100).percent >= least
    assert measured(rule, wrong=True, subjects=20) == measured(rule, wrong=True, subjects=20)


def test_arrears_are_counted_by_months_past_their_day() -> None:
    bills = [(f"2026-{month:02}", date(2026, month, 28)) for month in range(5, 10)]
    assert model.arrears(bills[:2], LIMITS, TODAY) is None
    found = model.arrears(bills[:3], LIMITS, TODAY)
    assert found == Found("arrears", "2026-05", {"months": 3, "since": "2026-05"})
    assert model.arrears(bills[:3], LIMITS, date(2026, 7, 28)) is None  # the last is due today


def test_hours_are_behind_half_of_an_even_pace_and_only_late_in_the_year() -> None:
    since = date(2024, 3, 1)
    assert model.hours_behind(0, 1920, since, LIMITS, date(2026, 8, 31)) is None
    pace = 1920 * 273 / 365
    assert model.hours_behind(int(pace / 2) + 1, 1920, since, LIMITS, TODAY) is None
    assert model.hours_behind(int(pace / 2) - 1, 1920, date(2026, 8, 1), LIMITS, TODAY) is None
    found = model.hours_behind(int(pace / 2) - 1, 1920, since, LIMITS, TODAY)
    assert found is not None
    assert found.episode == "2026"


def test_reports_are_missing_two_quarters_in_a_row() -> None:
    q1, q2, q3 = ("2026-Q1", "missed"), ("2026-Q2", "overdue"), ("2026-Q3", "open")
    assert model.reports_missing([q1, q3], LIMITS) is None
    assert model.reports_missing([q1, ("2026-Q2", "fulfilled_late"), q3], LIMITS) is None
    found = model.reports_missing([q1, q2, q3], LIMITS)
    assert found is not None
    assert found.episode == "2026-Q1"


def records(*shares: tuple[int, int], late: str = "") -> list[Held]:
    return [
        Held(
            date(2026, 1, 5) + timedelta(days=10 * number),
            f"a{number:02}",
            entitled,
            present,
            late[number : number + 1] == "x",
        )
        for number, (entitled, present) in enumerate(shares)
    ]


def test_attendance_falls_against_its_own_past_and_not_by_chance() -> None:
    steady = [(20, 18)] * 8
    assert model.attendance_falling(records(*steady, *[(20, 16)] * 4), LIMITS) is None  # ten points
    found = model.attendance_falling(records(*steady, *[(20, 13)] * 4), LIMITS)
    assert found is not None
    assert found.facts == {"now": 65, "before": 90, "records": 4}
    assert model.attendance_falling(records(*[(4, 4)] * 8, *[(4, 2)] * 4), LIMITS) is not None
    assert model.attendance_falling(records(*[(4, 4)] * 8, *[(4, 3)] * 4), LIMITS) is None
    assert model.attendance_falling(records(*[(3, 3), (3, 2)] * 4, *[(3, 2), (3, 1)] * 2), LIMITS) is None
    assert model.attendance_falling(records(*steady[1:], *[(20, 5)] * 4), LIMITS) is None  # too short a past


def test_late_entries_are_a_burst_against_its_own_past() -> None:
    shares = [(10, 9)] * 20
    assert model.late_burst(records(*shares, late="." * 14 + "xxxx.."), LIMITS) is not None
    assert model.late_burst(records(*shares, late="." * 14 + "xxx..."), LIMITS) is None
    assert model.late_burst(records(*shares, late="x." * 7 + "xxxx.."), LIMITS) is None  # as ever


def test_silence_counts_days_of_term() -> None:
    assert model.silent([], 300, LIMITS) is None
    assert model.silent(records((10, 9)), 59, LIMITS) is None
    found = model.silent(records((10, 9)), 60, LIMITS)
    assert found is not None
    assert found.episode == "a00"


def told(thing: str, kind: str, sequence: int = 1, **says: str | int | bool | None) -> Word:
    return Word("person", thing, kind, sequence, says)


def spelled(status: str, sequence: int = 1, active: bool = True) -> Word:
    says = {"status": status, "organisation": "branch", "active": active, "since": None, "told": "2026-01-05"}
    return told(f"spell:{sequence}", "spell", sequence, **says)


def asked_about(*words: Word, today: date = TODAY) -> set[str]:
    sheet = turn(Sheet("person", date(2026, 1, 5)), RULEBOOK, today=today, words=words).after
    person = known(sheet.things, sheet.as_of)
    assert person is not None
    return {found.rule for found in of_person(sheet, person, RULEBOOK, LIMITS, today)}


BILLS = [
    told(f"b{month}", "dues", organisation="branch", label=f"2026-0{month}", due=f"2026-0{month}-28")
    for month in (3, 4, 5)
]
CREDIT = told("credit", "credit", on="2026-05-06", minutes=1800, form="lecture")


def test_a_person_is_asked_about_by_what_is_known_of_them_and_not_once_they_left() -> None:
    assert asked_about(spelled("member"), *BILLS, CREDIT) == {"arrears"}
    paid = told("b4", "dues", 2, done="2026-06-01")
    assert asked_about(spelled("member"), *BILLS, paid, CREDIT) == set()
    assert asked_about(spelled("member")) == {"hours_behind"}
    reversed_ = told("credit", "credit", 2, gone=True)
    assert asked_about(spelled("member"), CREDIT, reversed_) == {"hours_behind"}
    assert asked_about(spelled("activist"), today=date(2026, 11, 2)) == {"reports_missing"}
    assert asked_about(spelled("member"), *BILLS, spelled("member", 2, active=False)) == set()


def test_of_an_organisation_that_is_no_more_nothing_is_asked() -> None:
    branch = Organisation("branch", "branch", False, date(2010, 1, 1), True)
    standing = enrolled(Standing("branch", date(2026, 1, 5)), branch, 1, today=date(2026, 1, 5))
    evidence = {
        each.activity: Evidence(
            each.activity,
            1,
            "branch",
            "theme_day",
            each.on,
            True,
            each.late,
            each.entitled,
            each.present,
            0,
            True,
        )
        for each in records(*[(20, 18)] * 8, *[(20, 9)] * 4)
    }
    standing = replace(standing, evidence=evidence)
    found = of_unit(standing, RULEBOOK, LIMITS, date(2026, 5, 20))
    assert [each.rule for each in found] == ["attendance_falling"]
    assert {each.rule for each in of_unit(standing, RULEBOOK, LIMITS, date(2026, 12, 20))} == {
        "attendance_falling",
        "silent",
    }
    gone = enrolled(standing, replace(branch, active=False), 2, today=date(2026, 5, 20))
    assert of_unit(gone, RULEBOOK, LIMITS, date(2026, 12, 20)) == []


FOUND = Found("arrears", "2026-05", {"months": 3, "since": "2026-05"})


def raised() -> dict[str, object]:
    change = model.raised(
        FOUND,
        LIMITS,
        subject="x",
        organisation="branch",
        person="member",
        asked="secretary",
        asked_at="branch",
        today=TODAY,
    )
    told = change.events[0].data
    assert told.keys() == {"anomaly", "organisation", "asked", "raised_on", "due_on"}
    assert not {"member", "arrears"} & set(map(str, told.values()))
    return dict(change.state)


def test_it_ends_talked_or_dismissed_with_a_reason() -> None:
    before = raised()
    for outcome in ("talked", "dismissed"):
        done = model.conclude(
            before, subject="x", outcome=outcome, reason="谈过", by="secretary", today=TODAY
        )
        assert (done.state["state"], done.state["concluded_by"]) == (outcome, "secretary")
        assert done.events[0].data.keys() == {"anomaly", "organisation", "concluded_on"}
        with pytest.raises(Conflict):
            model.conclude(
                dict(done.state), subject="x", outcome=outcome, reason="谈过", by="secretary", today=TODAY
            )
    with pytest.raises(Invalid):
        model.conclude(before, subject="x", outcome="talked", reason=" ", by="secretary", today=TODAY)


def test_an_episode_is_asked_for_once() -> None:
    later = replace(FOUND, facts={"months": 4, "since": "2026-05"})
    assert model.episode_of("member", FOUND) == model.episode_of("member", later)
    assert model.episode_of("member", FOUND) != model.episode_of("other", FOUND)
    assert model.episode_of("member", FOUND) != model.episode_of("member", replace(FOUND, episode="2026-09"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("months: 3", "months: 0"),
        ("in_a_row: 2", "in_a_row: often"),
        ("silent:", "quiet:"),
        ("talk_days", "talk_years"),
        ("each: 1", "each: -1"),
    ],
)
def test_a_pack_that_lacks_a_figure_is_refused(before: str, after: str) -> None:
    text = (POLICIES / "anomalies-default.yaml").read_text(encoding="utf-8")
    assert before in text
    with pytest.raises(PackError):
        limits_of([parse(text.replace(before, after))], TODAY, TALKS)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.booleans()), min_size=12, max_size=24),
    st.randoms(use_true_random=False),
)
def test_what_is_found_does_not_depend_on_the_order_of_the_records(
    drawn: list[tuple[int, int, bool]], chance: Random
) -> None:
    held = [
        Held(date(2026, 1, 5) + timedelta(days=9 * number), f"a{number:02}", entitled, present, late)
        for number, (entitled, present, late) in enumerate(drawn)
    ]
    shuffled = chance.sample(held, len(held))
    for rule in (model.attendance_falling, model.late_burst):
        assert rule(held, LIMITS) == rule(shuffled, LIMITS)
    assert model.silent(held, 70, LIMITS) == model.silent(shuffled, 70, LIMITS)
