"""What was, and what would be: a day is scored as it was then, and what is supposed as it would come."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.evidence.model import Evidence
from services.evaluation.projection.model import turn
from services.evaluation.projection.standing import Standing
from services.evaluation.scores import supposing
from services.evaluation.scores.model import Breakdown
from tests.unit.evaluation.test_standings import EMPTY, RULEBOOK, SINCE, YEAR, YEAR_END

SUPPOSED = {"organisation", "kind", "held_on", "late", "expected", "present", "excused", "has_minutes"}
DAYS = st.dates(SINCE, YEAR_END)


def lived(evidence: list[Evidence], today: date) -> Standing:
    return turn(EMPTY, RULEBOOK, today=today, evidence=evidence, settle=True).after


def worth(standing: Standing) -> Breakdown | None:
    return supposing.worth(standing, RULEBOOK, SINCE.year)


@settings(deadline=None, max_examples=50)
@given(YEAR, DAYS)
def test_as_of_a_day_a_year_is_worth_what_it_was_worth_then(telling: list[Evidence], day: date) -> None:
    whole = lived(telling, YEAR_END)
    # Of each activity the newest word: what was entered or amended later is of the day on which it was held.
    by_then = [each for each in whole.evidence.values() if each.held_on <= day]
    assert worth(supposing.at(whole, day)) == worth(lived(by_then, day))


@settings(deadline=None, max_examples=15)
@given(YEAR, DAYS)
def test_a_trend_has_the_end_of_every_month_that_has_begun(telling: list[Evidence], today: date) -> None:
    standing = lived([each for each in telling if each.held_on <= today], today)
    months = list(supposing.months(standing, RULEBOOK, SINCE.year, today))
    assert [each.label for each in months] == [f"2026-{month:02}" for month in range(1, today.month + 1)]
    assert all((each.as_of + timedelta(days=1)).day == 1 for each in months[:-1])
    assert (months[-1].as_of, months[-1].worth) == (min(today, months[-1].as_of), worth(standing))
    for each in months[:-1]:
        assert each.worth == worth(supposing.at(standing, each.as_of))


@settings(deadline=None, max_examples=50)
@given(YEAR, YEAR, DAYS)
def test_what_is_supposed_is_what_approving_it_gives(
    telling: list[Evidence], more: list[Evidence], today: date
) -> None:
    standing = lived(telling, today)
    asked = [{name: each for name, each in asdict(one).items() if name in SUPPOSED} for one in more]
    supposed = supposing.with_records(standing, asked)
    approved = [
        replace(one, activity=f"supposed-{number}", sequence=1, counts=True)
        for number, one in enumerate(more, 1)
    ]
    then = turn(standing, RULEBOOK, today=today, evidence=approved).after
    assert worth(supposed) == worth(then)
    assert standing == lived(telling, today), "nothing is written of what is supposed"
