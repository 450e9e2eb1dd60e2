"""A measure of feedback is a task here: it begins, moves and ends as that service tells."""

from __future__ import annotations

from datetime import date

from services.contracts.links import task_of_measure
from services.contracts.records_events import TaskCancelled, TaskChanged, TaskConfirmed, TaskCreated
from services.records.plans import beginnings
from services.records.plans.measured import _cancelled, _confirmed, _moved

TODAY = date(2026, 3, 4)
TASK = task_of_measure("measure-1")
TOLD = {
    "measure": "measure-1",
    "organisation": "branch",
    "owner": "person-1",
    "title": "More chairs",
    "due_on": date(2026, 4, 1),
}


def begun():
    return beginnings.measured(TASK, TOLD, today=TODAY)


def test_it_begins_open_with_its_owner_and_says_where_it_comes_from():
    change = begun()
    assert (change.state["kind"], change.state["responsible"], change.state["state"]) == (
        "measure",
        "person-1",
        "open",
    )
    assert change.state["origin"]["measure"] == "measure-1"
    assert [(each.contract, each.data["origin"]) for each in change.events] == [(TaskCreated, "measure")]


def test_it_moves_with_the_measure_and_is_told_anew_when_it_is_late():
    late = {**begun().state, "told_overdue": True}
    told = {"responsible": "person-2", "due_on": "2026-05-01"}
    change = _moved(TASK, late, told=told)
    assert (change.state["responsible"], change.state["told_overdue"]) == ("person-2", False)
    assert [each.contract for each in change.events] == [TaskChanged]
    assert _moved(TASK, change.state, told=told) is None


def test_its_reviewed_result_confirms_it_once_and_what_was_cancelled_stays_so():
    change = _confirmed(TASK, begun().state, on="2026-03-20")
    assert (change.state["state"], change.state["done_on"]) == ("confirmed", "2026-03-20")
    assert [each.contract for each in change.events] == [TaskConfirmed]
    assert _confirmed(TASK, change.state, on="2026-03-20") is None
    assert _confirmed(TASK, {**begun().state, "state": "cancelled"}, on="2026-03-20") is None


def test_a_measure_that_was_given_up_is_a_cancelled_task():
    change = _cancelled(TASK, begun().state, reason="given up")
    assert (change.state["state"], change.state["reason"]) == ("cancelled", "given up")
    assert [each.contract for each in change.events] == [TaskCancelled]
    assert _cancelled(TASK, change.state, reason="given up") is None
