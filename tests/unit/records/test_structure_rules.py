"""The tree's history as pure rules."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Invalid
from services.records.directory import model as directory
from services.records.structure import model as rules

FOUNDED, TODAY = date(2026, 1, 1), date(2026, 3, 1)
DAYS = st.dates(FOUNDED, TODAY)
ROOT = directory.found_organisation(
    "r", {"code": "r", "name": "r", "kind": "university_committee", "founded_on": FOUNDED}, None, TODAY
).state


def founded(subject: str, kind: str, parent: tuple[str, Any]) -> dict[str, Any]:
    given = {"code": subject, "name": subject, "kind": kind, "founded_on": FOUNDED}
    return dict(directory.found_organisation(subject, given, parent, TODAY).state)


FACULTIES = {name: founded(name, "secondary", ("r", ROOT)) for name in ("s", "t")}


@given(steps=st.lists(st.tuples(DAYS, st.sampled_from(("甲", "乙", "s", "t", "end"))), max_size=12))
def test_editions_leave_no_hole_and_never_overlap(steps: list[tuple[date, str]]) -> None:
    state = founded("b", "branch", ("s", FACULTIES["s"]))
    kept = [rules.edition("b", None, state, rules.Why(), TODAY)]
    expected = {FOUNDED: state}
    for day, what in steps:
        if day.isoformat() < state["since"]:
            with pytest.raises(Invalid, match=r"effective_unfit"):
                directory.effective_day(day, TODAY, state["since"])
            continue
        on = directory.effective_day(day, TODAY, state["since"])
        try:
            if what == "end":
                change = directory.dissolve("b", state, on=on)
            elif what in FACULTIES:
                change = directory.change_organisation(
                    "b", state, {}, TODAY, on=on, parent=(what, FACULTIES[what])
                )
            else:
                change = directory.change_organisation("b", state, {"name": what}, TODAY, on=on)
        except Conflict:
            assert state["dissolved_on"] is not None
            continue
        if change is None:
            continue
        change.events[0].contract.encode(change.events[0].data)
        kept[-1] = rules.end(kept[-1], change.state["since"])
        kept.append(rules.edition("b", state, change.state, rules.Why(), TODAY))
        state = dict(change.state)
        expected[on] = state
    assert [each["edition"] for each in kept] == list(range(1, len(kept) + 1))
    for offset in range((TODAY - FOUNDED).days + 1):
        day = FOUNDED + timedelta(offset)
        covering = [each for each in kept if each["since"] <= day.isoformat() <= each["until"]]
        assert len(covering) == 1
        then = expected[max(known for known in expected if known <= day)]
        assert {name: covering[0][name] for name in rules.TOLD} == {name: then[name] for name in rules.TOLD}
        assert rules.on(kept, day) == covering[0]
    assert rules.on(kept, FOUNDED - timedelta(1)) is None


def test_a_change_counts_from_a_day_between_the_last_change_and_today() -> None:
    assert directory.effective_day(None, TODAY, "2026-02-01") == TODAY
    for day in (date(2026, 1, 31), date(2026, 3, 2)):
        with pytest.raises(Invalid) as refused:
            directory.effective_day(day, TODAY, "2026-01-05", "2026-02-01")
        assert refused.value.params == {"accepted": "2026-02-01 … 2026-03-01"}
