"""Figures that stand once: whoever names them has them, and a name that leads nowhere is a mistake."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.chassis.figures import Figures
from services.chassis.policies import Pack, PackError, effective, parse

FIRST, BEFORE = date(2026, 1, 1), date(2025, 12, 31)


def pack(id_: str, value: str, since: date = FIRST) -> Pack:
    return parse(
        f"id: {id_}\ntitle: t\nissuer: i\nlevel: university\neffective_from: {since}\nparameters:\n"
        f"  {id_}: {{value: {value}, article: '1', hardness: info, confidence: S}}\n"
    )


DAYS = pack("days", "14")


def settled(value: str, day: date = FIRST) -> Any:
    figures = Figures.on([DAYS], day)
    return figures.settle_all(effective([pack("rule", value, BEFORE)], FIRST))["rule"].value


def test_a_figure_is_found_wherever_it_is_named() -> None:
    named = "{parameter: days, each: -1}"
    assert settled(named) == -14
    assert settled(f"{{rungs: [{{step: asked, days: {named}}}], most: 3}}") == {
        "rungs": [{"step": "asked", "days": -14}],
        "most": 3,
    }


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("{parameter: weeks, each: 1}", "weeks is in no pack"),
        ("{inner: {parameter: days}}", "inner needs parameter and each"),
        ("{parameter: days, each: often}", "no whole number"),
        ("{parameter: days, each: 0.5}", "no whole number"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused_and_says_where(value: str, told: str) -> None:
    with pytest.raises(PackError, match=f"rule.*{told}"):
        settled(value)


def test_a_figure_of_another_day_is_none() -> None:
    rulings = effective([pack("rule", "{parameter: days, each: 1}", BEFORE)], BEFORE)
    assert Figures.on([DAYS], BEFORE).settle(rulings["rule"]) is None
    with pytest.raises(PackError, match="rule names a figure that is not in force"):
        settled("{parameter: days, each: 1}", BEFORE)
