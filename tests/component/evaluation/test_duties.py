"""Duties end to end: exemptions, and what falls due on a day of its own."""

from __future__ import annotations

from datetime import date

import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.testing import wait_for
from services.contracts.records_events import TaskCreated
from services.evaluation.application import Evaluation
from tests.component.evaluation.surroundings import Campus


def test_a_confided_task_is_shown_to_posts_and_not_to_members(campus: Campus, evaluation: Evaluation) -> None:
    campus.tell(
        TaskCreated.of(
            task="task",
            organisation="branch",
            kind="difficulty",
            person=None,
            due_on=date(2026, 6, 30),
            state="open",
            progress=0,
            origin="entered",
            plan=None,
            published=False,
            restricted=True,
            template=None,
            activity=None,
            required=False,
        )
    )
    found = wait_for(lambda: campus.obligations("secretary", rule="task"), 20)
    assert [(each["case"], each["state"]) for each in found] == [("task", "open")]
    assert campus.obligations("member", rule="task") == []
    with pytest.raises(Forbidden):
        campus.call("member", "get_obligation", obligation=found[0]["id"])
    assert not [each for each in campus.overheard.listen() if each["data"].get("rule") == "task"]


def test_an_exemption_is_asked_for_decided_above_audited_and_taken_back(
    campus: Campus, evaluation: Evaluation
) -> None:
    june = next(each for each in campus.obligations("secretary", rule="theme_day"))
    wanted = {
        "organisation": "branch",
        "rule": "theme_day",
        "first_on": "2026-06-01",
        "last_on": "2026-06-30",
        "cause": "placement",
        "reason": "实习",
    }
    for person, changes, refused in (
        ("neighbour", {}, Forbidden),
        ("member", {}, Forbidden),
        ("secretary", {"rule": "tea_day"}, Invalid),
        ("secretary", {"last_on": "2026-05-01"}, Invalid),
        ("secretary", {"last_on": "2027-06-30"}, Invalid),
    ):
        with pytest.raises(refused):
            campus.call(person, "ask_exemption", **{**wanted, **changes})
    asked = campus.call("secretary", "ask_exemption", **wanted)
    assert (asked["state"], asked["decided_at"]) == ("asked", "faculty")
    for person, request in (("secretary", {"approve": True}), ("neighbour", {"approve": True})):
        with pytest.raises(Forbidden):
            campus.call(person, "decide_exemption", exemption=asked["id"], **request)
    with pytest.raises(Invalid):
        campus.call("dean", "decide_exemption", exemption=asked["id"], approve=False)

    campus.call("dean", "decide_exemption", exemption=asked["id"], approve=True)
    with pytest.raises(Conflict):
        campus.call("dean", "decide_exemption", exemption=asked["id"], approve=True)

    def state() -> str:
        return str(campus.call("secretary", "get_obligation", obligation=june["id"])["state"])

    wait_for(lambda: state() == "exempted", 20)
    explained = campus.call("secretary", "explain_obligation", obligation=june["id"])
    assert explained["would_fulfil"] is None
    assert "2026-06-30" in explained["reasons"][-1]["zh"]
    assert evaluation.database["audit"].count_documents({"object_id": asked["id"]}) == 1
    assert [
        each["id"] for each in campus.call("dean", "list_exemptions", organisation="faculty")["items"]
    ] == [asked["id"]]
    with pytest.raises(Forbidden):
        campus.call("member", "list_exemptions", organisation="branch")

    campus.call("dean", "end_exemption", exemption=asked["id"], comment="实习取消")
    wait_for(lambda: state() != "exempted", 20)
    told = {each["type"] for each in campus.overheard.listen()}
    assert {"evaluation.exemption.asked.v1", "evaluation.exemption.decided.v1"} <= told
    assert {"evaluation.obligation.exempted.v1", "evaluation.obligation.reopened.v1"} <= told
