"""Votes are counted in whole numbers: more than half is more, and half is not."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Invalid
from services.records.votes.model import Electorate, Share, decide, elect, least_candidates


@pytest.mark.parametrize(("entitled", "least"), [(1, 1), (2, 2), (15, 8), (16, 9), (17, 9)])
def test_more_than_half_of_who_is_entitled_decides(entitled: int, least: int) -> None:
    carried = decide(entitled=entitled, present=entitled, in_favour=least)
    assert carried.carried
    assert carried.least_in_favour == carried.least_present == least
    assert not decide(entitled=entitled, present=entitled, in_favour=least - 1).carried


@pytest.mark.parametrize(("entitled", "least"), [(15, 8), (16, 9), (17, 9)])
def test_more_than_half_of_who_is_entitled_has_to_be_there(entitled: int, least: int) -> None:
    assert decide(entitled=entitled, present=least, in_favour=least).carried
    short = decide(entitled=entitled, present=least - 1, in_favour=least - 1)
    assert (short.quorate, short.carried) == (False, False)


def test_votes_are_held_against_who_is_entitled_not_who_came() -> None:
    # 9 of 17 came, 8 of the 9 agreed: more than half of those present, not of those entitled.
    assert not decide(entitled=17, present=9, in_favour=8).carried
    assert decide(entitled=17, present=9, in_favour=9).carried


def test_a_written_opinion_is_a_vote_and_not_presence() -> None:
    assert decide(entitled=17, present=9, written=1, in_favour=9).carried
    assert not decide(entitled=17, present=8, written=9, in_favour=17).quorate


@pytest.mark.parametrize(
    ("counts", "field", "most"),
    [
        ({"entitled": 15, "present": 16, "in_favour": 8}, "present", 15),
        ({"entitled": 15, "present": 10, "written": 6, "in_favour": 8}, "written", 5),
        ({"entitled": 15, "present": 10, "written": 2, "in_favour": 13}, "in_favour", 12),
    ],
)
def test_counts_that_contradict_each_other_are_refused_with_what_would_be_accepted(
    counts: dict[str, int], field: str, most: int
) -> None:
    with pytest.raises(Invalid) as refused:
        decide(**counts)
    assert list(refused.value.fields) == [field]
    assert refused.value.params == {"most": most}


@pytest.mark.parametrize("counts", [{"entitled": 0, "present": 0}, {"entitled": 5, "present": -1}])
def test_a_meeting_of_nobody_decides_nothing(counts: dict[str, int]) -> None:
    with pytest.raises(Invalid):
        decide(**counts, in_favour=0)


@given(st.data())
def test_a_decision_agrees_with_exact_arithmetic(data: Any) -> None:
    entitled = data.draw(st.integers(1, 300))
    present = data.draw(st.integers(0, entitled))
    written = data.draw(st.integers(0, entitled - present))
    in_favour = data.draw(st.integers(0, present + written))
    decision = decide(entitled=entitled, present=present, written=written, in_favour=in_favour)
    half = Fraction(entitled, 2)
    assert decision.quorate == (present > half)
    assert decision.carried == (present > half and in_favour > half)
    assert decision.least_in_favour > half >= decision.least_in_favour - 1


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 1000))
def test_the_least_that_exceeds_a_share_exceeds_it_and_one_less_does_not(
    part: int, more: int, whole: int
) -> None:
    share = Share(part, part + more)
    assert share.exceeded_by(share.least(whole), whole)
    assert not share.exceeded_by(share.least(whole) - 1, whole)


def test_full_members_vote_and_of_them_nobody_under_probation() -> None:
    electorate = Electorate(frozenset({"a", "b", "c"}), frozenset({"b", "guest"}))
    assert electorate.voters == {"a", "c"}


@pytest.mark.parametrize(("entitled", "least"), [(15, 13), (16, 13), (17, 14), (20, 17)])
def test_an_election_needs_more_than_four_fifths(entitled: int, least: int) -> None:
    votes = dict.fromkeys("abcd", 9)
    assert elect(entitled=entitled, present=least, seats=3, votes=votes).quorate
    short = elect(entitled=entitled, present=least - 1, seats=3, votes=votes)
    assert (short.quorate, short.elected, short.least_present) == (False, (), least)


def test_elected_is_who_has_more_than_half_of_those_present() -> None:
    result = elect(entitled=20, present=18, seats=3, votes={"a": 18, "b": 10, "c": 9, "d": 8})
    assert (result.elected, result.vacant, result.least_votes) == (("a", "b"), 1, 10)


@pytest.mark.parametrize(("seats", "least"), [(1, 2), (3, 4), (4, 5), (5, 6), (6, 8), (10, 12)])
def test_candidates_are_a_fifth_more_than_the_seats(seats: int, least: int) -> None:
    assert least_candidates(seats) == least
    votes = {str(each): 5 for each in range(least)}
    assert elect(entitled=50, present=50, seats=seats, votes=votes).enough_candidates
    votes.popitem()
    assert not elect(entitled=50, present=50, seats=seats, votes=votes).enough_candidates


def test_a_tie_for_the_last_seat_elects_nobody_of_it() -> None:
    result = elect(entitled=20, present=20, seats=2, votes={"a": 18, "b": 11, "c": 11})
    assert (result.elected, result.tied, result.vacant) == (("a",), ("b", "c"), 1)


def test_ballots_cannot_name_more_people_than_there_are_seats() -> None:
    with pytest.raises(Invalid, match=r"vote\.more_than_seats"):
        elect(entitled=10, present=10, seats=1, votes={"a": 6, "b": 5})


@given(st.data())
def test_never_more_are_elected_than_there_are_seats(data: Any) -> None:
    entitled = data.draw(st.integers(1, 60))
    present = data.draw(st.integers(0, entitled))
    seats = data.draw(st.integers(1, 7))
    counts = data.draw(st.lists(st.integers(0, present), max_size=9))
    votes = {str(number): count for number, count in enumerate(counts)}
    if sum(counts) > present * seats:
        return
    result = elect(entitled=entitled, present=present, seats=seats, votes=votes)
    assert len(result.elected) + result.vacant == seats
    assert all(2 * votes[who] > present for who in (*result.elected, *result.tied))
    assert not set(result.elected) & set(result.tied)
    assert not result.elected or (5 * present > 4 * entitled and 5 * len(votes) >= 6 * seats)
