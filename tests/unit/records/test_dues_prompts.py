"""Months in a row unpaid are told to the organisation once, whatever is paid in between."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.policies import PackError, load_all, parse
from services.records.dues import prompting as rules
from services.records.dues.months import longest_run, shifted
from services.records.dues.pack import DuesPack

POLICIES = Path(__file__).parents[3] / "services" / "records" / "policies"
PACKS = load_all(POLICIES, "dues-*.yaml")
TODAY = date(2026, 9, 10)
PACK = DuesPack.in_force_on(PACKS, TODAY)
MONTHS = [shifted("2026-01", number) for number in range(24)]


def prompt(months: list[str]) -> dict[str, Any]:
    return dict(rules.prompt("x", "p", "b", months, PACK, TODAY).state)


def test_a_prompt_names_its_months_and_article_and_no_name() -> None:
    change = rules.prompt("x", "p", "b", MONTHS[:6], PACK, TODAY)
    (told,) = change.events
    assert (told.data["from_month"], told.data["to_month"]) == ("2026-01", "2026-06")
    assert (change.state["source"]["rule"], change.state["state"]) == ("prompt_months", "open")
    assert set(told.data) == {
        "prompt",
        "person",
        "organisation",
        "from_month",
        "to_month",
        "prompted_on",
        "pack",
        "article",
    }


@pytest.mark.parametrize(
    ("unpaid", "state", "to_month"),
    [
        (MONTHS[:6], "open", "2026-06"),
        (MONTHS[1:9], "open", "2026-09"),  # the oldest was paid: the same streak, which goes on
        ([], "ended", "2026-06"),
        (MONTHS[6:12], "ended", "2026-06"),  # another streak
    ],
)
def test_a_prompt_goes_on_and_ends_with_its_streak(unpaid: list[str], state: str, to_month: str) -> None:
    before = prompt(MONTHS[:6])
    change = rules.follow(before, unpaid, TODAY)
    after = dict(change.state) if change else before
    assert (after["state"], after["to_month"]) == (state, to_month)
    assert not change or not change.events
    assert rules.follow(after, unpaid, TODAY) is None


@given(days=st.lists(st.sets(st.sampled_from(MONTHS)), max_size=12))
def test_each_streak_is_told_once(days: list[set[str]]) -> None:
    """As the daily turn does it: whatever is unpaid on each day, no month is told of twice while it lasts."""
    prompts: list[dict[str, Any]] = []
    for unpaid in days:
        run = longest_run(unpaid)
        months = run if len(run) >= PACK.value("prompt_months") else []
        prompts = [dict(change.state) if (change := rules.follow(p, months, TODAY)) else p for p in prompts]
        if months and not any(rules.same(each, months) for each in prompts):
            prompts.append(prompt(months))
        assert sum(rules.same(each, months) for each in prompts) >= bool(months)
        assert [each for each in prompts if each["state"] == "open"] == [
            each for each in prompts if rules.same(each, months)
        ]


@pytest.mark.parametrize(("day", "fits"), [(0, True), (1, True), (28, True), (29, False), (-1, False)])
def test_bills_are_made_on_a_day_that_every_month_has_or_never(day: int, fits: bool) -> None:
    text = (POLICIES / "dues-default.yaml").read_text(encoding="utf-8")
    changed = parse(text.replace("auto_bill_day:\n    value: 1", f"auto_bill_day:\n    value: {day}"))
    packs = [*(pack for pack in PACKS if pack.id != changed.id), changed]
    if fits:
        assert DuesPack.in_force_on(packs, TODAY).auto_bill_day == day
    else:
        with pytest.raises(PackError, match="auto_bill_day"):
            DuesPack.in_force_on(packs, TODAY)
