"""Policies are edited as drafts: tried on a year's evidence first, and never over what is frozen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.chassis.errors import Conflict, Invalid
from services.evaluation.indicators import drafting
from services.evaluation.indicators.activated import succeeding
from services.evaluation.indicators.model import ORGANISATION, InForce, Policy, collisions
from tests.unit.evaluation.policies import leaf, policy

TODAY = date(2026, 6, 20)
OLD = policy(leaf("timeliness", 100, "timeliness", "timeliness.all"))
NEW = replace(OLD, id="revised", effective_from=date(2027, 1, 1))


def drafted(given: Policy = NEW) -> drafting.State:
    return drafting.draft(given, "text", "editor", TODAY)


def tried(given: Policy = NEW) -> drafting.State:
    change = drafting.tried(drafting.try_on(drafted(given), 2025).state, {"scored": 3})
    assert change is not None
    return change.state


def activated(given: Policy, frozen: frozenset[int] = frozenset()) -> drafting.State:
    return drafting.activate(tried(given), given, replaces=OLD, today=TODAY, frozen=frozen).state


def test_a_draft_that_was_tried_comes_into_force_and_says_what_it_replaces() -> None:
    change = drafting.activate(tried(), NEW, replaces=OLD, today=TODAY, frozen=frozenset({2026}))
    assert change.state["state"] == "active"
    assert change.events[0].data["replaces"] == "scoring"


def test_a_draft_that_was_not_tried_is_not_put_in_force() -> None:
    with pytest.raises(Conflict, match=r"policy\.is_draft"):
        drafting.activate(drafted(), NEW, replaces=OLD, today=TODAY, frozen=frozenset())


def test_a_closed_year_is_not_scored_anew() -> None:
    running = replace(NEW, effective_from=date(2026, 1, 1))
    assert activated(running)["state"] == "active"
    with pytest.raises(Invalid, match=r"policy\.year_is_closed"):
        activated(running, frozenset({2026}))
    with pytest.raises(Invalid, match=r"policy\.too_early"):
        activated(replace(NEW, effective_from=date(2025, 12, 31)))


def test_a_trial_that_ends_late_changes_nothing_of_what_is_active() -> None:
    assert drafting.tried(activated(NEW), {"scored": 0}) is None
    with pytest.raises(Conflict, match=r"policy\.is_active"):
        drafting.try_on(activated(NEW), 2025)


def test_each_policy_ends_the_day_before_the_next_one_of_its_subject() -> None:
    other = replace(OLD, id="other", kinds=("secondary",))
    found = {each.id: each for each in succeeding([OLD, other], [NEW])}
    assert found["scoring"].effective_to == date(2026, 12, 31)
    assert found["other"].effective_to is None
    assert collisions(list(found.values())) == []
    same_day = replace(NEW, effective_from=OLD.effective_from)
    both = succeeding([OLD], [same_day])
    assert [each.id for each in both if each.lasts] == ["revised"]
    governing = InForce(both).policy_of(ORGANISATION, "branch", 2018)
    assert governing is not None
    assert governing.id == "revised"
