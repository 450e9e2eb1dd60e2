"""Votes counted through the service, by the packs of the day of the meeting."""

from __future__ import annotations

import pytest

from services.chassis.errors import Invalid, Unauthenticated
from tests.component.records.surroundings import Campus


def test_a_decision_is_counted_with_the_articles_it_is_by(campus: Campus) -> None:
    counts = {"entitled": 16, "present": 12, "written": 1, "in_favour": 9}
    told = campus.call(campus.administrator, "count_decision", **counts)
    assert (told["quorate"], told["carried"], told["least_in_favour"]) == (True, True, 9)
    assert {each["pack"] for each in told["rules"]} == {"development-national-2026"}
    before = campus.call(campus.administrator, "count_decision", **counts, on="2026-05-10")
    assert {each["pack"] for each in before["rules"]} == {"development-national-2014"}
    with pytest.raises(Unauthenticated):
        campus.call(None, "count_decision", **counts)


def test_counts_that_cannot_be_are_refused_in_words(campus: Campus) -> None:
    with pytest.raises(Invalid, match=r"vote\.more_than_entitled") as refused:
        campus.call(campus.administrator, "count_decision", entitled=5, present=6, in_favour=1)
    assert refused.value.text is not None
    assert "5" in refused.value.text["zh"]
    with pytest.raises(Invalid, match=r"vote\.no_pack"):
        campus.call(
            campus.administrator, "count_decision", entitled=5, present=5, in_favour=5, on="2001-01-01"
        )


def test_an_election_is_counted(campus: Campus) -> None:
    received = [{"candidate": name, "votes": votes} for name, votes in (("a", 18), ("b", 11), ("c", 7))]
    given = {"entitled": 20, "present": 18, "seats": 2}
    told = campus.call(campus.administrator, "count_election", **given, votes=received)
    assert (told["elected"], told["vacant"], told["least_present"]) == (["a", "b"], 0, 17)
    with pytest.raises(Invalid, match=r"vote\.candidate_twice"):
        campus.call(campus.administrator, "count_election", **given, votes=[*received, received[0]])
