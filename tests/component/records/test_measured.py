"""A measure that feedback plans is a task here, until its reviewed result confirms it."""

from __future__ import annotations

from typing import Any

from services.chassis.testing import wait_for
from services.contracts.links import task_of_measure
from tests.component.records.surroundings import Campus, Faculty

MEASURE = "measure-1"


def told(faculty: Faculty, sequence: int, happened: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{MEASURE}-{sequence}",
        "type": f"feedback.{happened}.v1",
        "source": "feedback",
        "subject": MEASURE,
        "sequence": sequence,
        "time": "2026-09-01T08:00:00Z",
        "data": {
            "measure": MEASURE,
            "organisation": faculty.branch,
            "owner": faculty.secretary,
            "title": "More chairs",
            "due_on": "2026-10-01",
            "opinions": ["opinion-1"],
            "published_on": "2026-09-20",
            **data,
        },
    }


def test_measures_are_tasks_whatever_the_order_in_which_they_are_told(
    campus: Campus, faculty: Faculty
) -> None:
    tasks = campus.application.database["tasks"]
    steps = [
        told(faculty, 2, "measure.changed", due_on="2026-11-01"),
        told(faculty, 1, "measure.planned"),
        told(faculty, 1, "measure.planned"),
    ]
    for event in steps:
        campus.say(event, exchange="feedback.events", key=event["type"][len("feedback.") : -len(".v1")])

    def task() -> dict[str, Any]:
        return tasks.find_one({"_id": task_of_measure(MEASURE)}) or {}

    wait_for(lambda: task().get("due_on") == "2026-11-01")
    assert (task()["kind"], task()["responsible"], task()["state"]) == ("measure", faculty.secretary, "open")
    shown = campus.call(faculty.secretary, "get_task", task=task_of_measure(MEASURE))
    assert shown["origin"]["measure"] == MEASURE
    for event in (told(faculty, 3, "result.handed_in"), told(faculty, 4, "result.published")):
        campus.say(event, exchange="feedback.events", key=event["type"][len("feedback.") : -len(".v1")])
    wait_for(lambda: task()["state"] == "confirmed")
    assert len(list(tasks.find({"kind": "measure"}))) == 1
