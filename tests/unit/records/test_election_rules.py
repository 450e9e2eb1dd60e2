"""Committees' terms as pure rules."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.policies import effective, load_all
from services.records.elections import model as rules
from services.records.votes.model import elect

FOLDER = Path(__file__).parents[3] / "services" / "records" / "policies"
HELD, TODAY = date(2023, 10, 20), date(2026, 9, 10)
RULINGS = effective(load_all(FOLDER, "election-terms-*.yaml"), HELD)
COUNTED_BY = effective(load_all(FOLDER, "election-national.yaml"), HELD)
BRANCH = {"kind": "branch", "has_committee": True, "dissolved_on": None}
VOTES = {"a": 20, "b": 18, "c": 15, "d": 3}


def hold(on: date = HELD, last: dict[str, Any] | None = None, **more: Any) -> Change:
    votes = more.pop("votes", VOTES)
    given: dict[str, Any] = {
        "organisation": "o",
        "held_on": on,
        "seats": 3,
        "entitled": 24,
        "present": 22,
        "candidates": [{"person": who, "votes": count} for who, count in votes.items()],
        **more,
    }
    counted = elect(votes=votes, **{name: given[name] for name in ("seats", "entitled", "present")})
    return rules.hold("e", given, BRANCH, counted, COUNTED_BY, RULINGS, last, TODAY)


def told(change: Change | None) -> list[str]:
    if change is None:
        return []
    for event in change.events:
        event.contract.encode(event.data)
    return [event.contract.type.split(".")[2] for event in change.events]


def test_an_election_begins_a_term_of_the_years_that_the_pack_names() -> None:
    change = hold()
    assert told(change) == ["held"]
    assert (change.state["due_on"], change.state["remind_on"]) == ("2026-10-20", "2026-04-20")
    assert change.state["elected"] == ["a", "b", "c"]
    assert change.state["source"]["pack"] == "election-terms-national"


@pytest.mark.parametrize(
    ("given", "code", "accepted"),
    [
        ({"present": 19, "votes": {"a": 19, "b": 18, "c": 15, "d": 3}}, "election.not_quorate", 20),
        ({"votes": {"a": 20, "b": 18, "c": 15}}, "election.too_few_candidates", 4),
        ({"votes": {"a": 11, "b": 11, "c": 11, "d": 11}}, "election.nobody_elected", 12),
        ({"elected": ["a", "d"]}, "election.elected_differ", "a, b, c"),
    ],
)
def test_a_refusal_names_rule_pack_article_and_what_would_be_accepted(
    given: dict[str, Any], code: str, accepted: Any
) -> None:
    with pytest.raises(Invalid) as refused:
        hold(**given)
    assert refused.value.code == code
    assert refused.value.params["accepted"] == accepted
    assert {"rule", "pack", "article"} <= set(refused.value.params)


def test_an_early_election_needs_an_approved_advance() -> None:
    last = dict(hold().state)
    early = date(2026, 3, 1)
    with pytest.raises(Invalid, match=r"election\.too_early"):
        hold(early, last)
    asked = rules.ask_shift(
        "e", last, to=date(2026, 4, 1), reason="换届", by="p", rulings=RULINGS, today=early
    )
    decided = rules.decide_shift(
        "e", asked.state, approve=True, comment=None, by="q", rulings=RULINGS, today=early
    )
    assert (decided.state["due_on"], decided.state["standing"]) == ("2026-04-01", "due_soon")
    assert told(asked) + told(decided) == ["shift_asked", "shift_decided", "due_soon"]
    assert not hold(early, dict(decided.state)).state["late"]
    assert hold(date(2026, 4, 2), dict(decided.state)).state["late"]


def test_an_election_is_moved_by_a_year_at_most_and_by_somebody_else() -> None:
    term = dict(hold().state)
    for to in (date(2025, 10, 19), date(2027, 10, 21)):
        with pytest.raises(Invalid) as refused:
            rules.ask_shift("e", term, to=to, reason="r", by="p", rulings=RULINGS, today=HELD)
        assert refused.value.params["accepted"] == "2025-10-20 … 2027-10-20"
        assert refused.value.params["rule"] == "shift_most"
    asked = rules.ask_shift(
        "e", term, to=date(2027, 10, 20), reason="r", by="p", rulings=RULINGS, today=HELD
    ).state
    decide = {"rulings": RULINGS, "today": HELD}
    with pytest.raises(Conflict, match=r"shift_open"):
        rules.ask_shift("e", asked, to=date(2027, 1, 1), reason="r", by="p", **decide)
    with pytest.raises(Forbidden):
        rules.decide_shift("e", asked, approve=True, comment=None, by="p", **decide)
    with pytest.raises(Invalid, match=r"comment_missing"):
        rules.decide_shift("e", asked, approve=False, comment=None, by="q", **decide)
    refused_state = rules.decide_shift("e", asked, approve=False, comment="不必", by="q", **decide).state
    assert refused_state["due_on"] == term["due_on"]


@given(
    days=st.lists(st.integers(0, 1800), min_size=1, max_size=8),
    moved=st.none() | st.dates(date(2026, 1, 1), date(2027, 10, 20)),
)
def test_each_day_due_is_told_once_however_often_it_is_turned(days: list[int], moved: date | None) -> None:
    term = dict(hold().state)
    heard: list[tuple[str, date]] = []
    for number, offset in enumerate(sorted(days)):
        today = HELD + timedelta(offset)
        if number == 1 and moved is not None and moved >= today:
            asked = rules.ask_shift("e", term, to=moved, reason="r", by="p", rulings=RULINGS, today=today)
            decided = rules.decide_shift(
                "e", asked.state, approve=True, comment=None, by="q", rulings=RULINGS, today=today
            )
            term = dict(decided.state)
            heard.extend(
                (each.contract.type, each.data["due_on"]) for each in decided.events if "to" not in each.data
            )
        for _ in range(2):
            change = rules.turn("e", term, today, seated=True)
            term = dict(change.state) if change else term
            events = change.events if change else ()
            heard.extend((each.contract.type, each.data["due_on"]) for each in events)
        assert term["standing"] == rules.standing_on(term, today)
    assert len(heard) == len(set(heard))
    last = HELD + timedelta(max(days))
    if term["standing"] == "due_soon":
        assert ("records.election.due_soon.v1", date.fromisoformat(term["due_on"])) in heard
    due = ("records.election.overdue.v1", date.fromisoformat(term["due_on"]))
    assert (due in heard) == (last > due[1])
    assert told(rules.turn("e", term, last, seated=False)) == ["ended"]
    assert rules.turn("e", {**term, "standing": "ended"}, last, seated=True) is None


def test_a_result_is_confirmed_once_and_the_same_again_is_nothing() -> None:
    state = hold().state
    seats = [{"person": "a", "role": "secretary"}, {"person": "b", "role": "deputy_secretary"}]
    change = rules.confirm("e", state, seats, since=None, by="above", today=TODAY)
    assert told(change) == ["confirmed"]
    assert change is not None
    assert change.state["confirmed"]["since"] == TODAY.isoformat()
    assert rules.confirm("e", change.state, seats[::-1], since=None, by="above", today=TODAY) is None
    with pytest.raises(Conflict, match=r"election\.confirmed"):
        rules.confirm("e", change.state, seats[:1], since=None, by="above", today=TODAY)
    with pytest.raises(Conflict, match=r"election\.ended"):
        rules.confirm("e", {**state, "standing": "ended"}, seats, since=None, by="above", today=TODAY)


def test_of_two_deputies_both_are_seated_and_of_two_secretaries_one() -> None:
    state = hold().state
    for role, fits in (("deputy_secretary", True), ("secretary", False)):
        seats = [{"person": person, "role": role} for person in ("a", "b")]
        if fits:
            assert rules.confirm("e", state, seats, since=None, by="above", today=TODAY) is not None
        else:
            with pytest.raises(Invalid, match=r"election\.post_twice"):
                rules.confirm("e", state, seats, since=None, by="above", today=TODAY)


def test_who_was_entitled_follows_from_the_people_where_all_of_them_vote() -> None:
    assert rules.check_entitled(None, 24) == rules.check_entitled(24, 24) == 24
    assert rules.check_entitled(90, None) == 90  # delegates
    with pytest.raises(Invalid, match=r"entitled_differs") as refused:
        rules.check_entitled(25, 24)
    assert refused.value.params == {"accepted": 24}
    with pytest.raises(Invalid, match=r"entitled_missing"):
        rules.check_entitled(None, None)
