"""The ledger of marks: what of an event counts, and from when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from services.chassis.contract import EventContract
from services.chassis.envelope import Event
from services.chassis.subscriptions import owed
from services.contracts.feedback_events import RoundPublished
from services.evaluation.evidence import marks

ROUND = {"round": "r", "kind": "democratic_appraisal", "organisation": "b"}
RESULT: dict[str, Any] = {
    "closed_on": date(2026, 9, 10),
    "smallest_cell": 5,
    "results": [{"node": "p/peer", "ballots": 8, "answers": [], "points": "77.50"}],
    "scores": [{"subject": "p", "points": "78.33", "own": "80.00"}],
}


def said(contract: type[EventContract], sequence: int, **data: Any) -> Event:
    wire = contract.encode(data)
    now = datetime(2026, 9, 20, tzinfo=UTC)
    return Event(f"e{sequence}", contract.type, "/feedback", "r", now, contract.decode(wire), sequence)


def test_a_round_counts_by_the_day_on_which_it_was_closed_once_it_is_published() -> None:
    published = said(RoundPublished, 3, **ROUND, **RESULT, published_on=date(2027, 1, 5))
    counting = marks.counting(marks.entries_of(published))
    assert {(each.part, each.points, each.given_on.isoformat()) for each in counting.values()} == {
        (None, 7833, "2026-09-10"),
        ("self", 8000, "2026-09-10"),
        ("peer", 7750, "2026-09-10"),
    }
    # Of before the result was told with it: there is none to count.
    assert marks.entries_of(said(RoundPublished, 3, **ROUND, published_on=date(2027, 1, 5))) == []


def test_nobody_counts_the_result_of_a_round_that_is_closed_and_not_published() -> None:
    readers = {key: each.queue for each in owed() for exchange, key in each.bindings if "ballot_round" in key}
    assert readers == {"ballot_round.published": "evaluation.marks"}
