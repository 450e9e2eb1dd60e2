"""What the packs in force say of opinions, and which of them counts for which opinion."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from services.chassis.clock import FixedClock
from services.chassis.policies import load
from services.feedback import access
from services.feedback.clock.model import STARTED, entered, started_on
from services.feedback.opinions.rulebook import Rulebook

PACKS = [load(each) for each in (Path(access.__file__).parent / "policies").glob("opinion-*.yaml")]


def tightened(since: date):
    """A pack of a lower level that gives three days for what is ordinary."""
    (clock,) = [each for each in PACKS if each.id == "opinion-clock-default"]
    days = {**clock["answer_days"], "ordinary": 3}
    parameters = {"answer_days": replace(clock.parameters["answer_days"], value=days)}
    return replace(
        clock, id="ours", level="organisation", effective_from=since, parameters=parameters, scope=None
    )


def test_a_tighter_pack_makes_nothing_late_that_came_in_before_it():
    clock = FixedClock(datetime(2026, 3, 12, tzinfo=UTC))
    rulebook = Rulebook([*PACKS, tightened(date(2026, 3, 10))], clock)
    before, after = date(2026, 3, 9), date(2026, 3, 10)
    assert rulebook.limits(before).days["ordinary"] == 5
    assert rulebook.limits(after).days["ordinary"] == 3
    assert rulebook.limits().days["ordinary"] == 3, "what is said today"

    history = entered((), STARTED, before)
    assert started_on(history) == before
    assert started_on(entered(history, STARTED, after)) == after, "opened again it runs anew"
