"""Places of a year: never fewer than were taken, and one dossier takes one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Invalid
from services.records.development import quota


def test_places_are_given_taken_and_given_back() -> None:
    state = quota.give("q", None, organisation="o", year=2027, places=1).state
    assert quota.left(state, "a") == 1
    taken = quota.take("q", state, "a")
    assert taken is not None
    assert (quota.left(taken.state, "a"), quota.left(taken.state, "b")) == (1, 0)
    assert quota.take("q", taken.state, "a") is None
    with pytest.raises(Invalid, match=r"quota\.taken"):
        quota.give("q", taken.state, organisation="o", year=2027, places=0)
    back = quota.give_back("q", taken.state, "a")
    assert back is not None
    assert quota.left(back.state, "b") == 1
    assert quota.give_back("q", back.state, "a") is None


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcd"))))
def test_places_taken_are_as_many_as_dossiers_that_hold_one(moves: list[tuple[bool, str]]) -> None:
    state = quota.give("q", None, organisation="o", year=2027, places=9).state
    holding: set[str] = set()
    for takes, dossier in moves:
        change = (quota.take if takes else quota.give_back)("q", state, dossier)
        state = change.state if change else state
        (holding.add if takes else holding.discard)(dossier)
    assert quota.left(state, "nobody") == 9 - len(holding)
