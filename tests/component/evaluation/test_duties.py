"""Duties end to end: what persons owe, what asks for a talk, exemptions, and what has a day of its own."""

from __future__ import annotations

from datetime import date
from typing import Any

import bson
import eventlet
import pytest

from services.chassis.contract import NewEvent
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.testing import wait_for
from services.contracts.records_events import DuesBilled, DuesSettled, TaskCreated
from services.evaluation.application import Evaluation
from tests.component.evaluation.surroundings import Campus, approved, rebuilt


def bill(contract: type[DuesBilled] | type[DuesSettled], month: int, **more: Any) -> NewEvent:
    told = {"bill": f"bill-{month}", "person": "member", "organisation": "branch", "month": f"2026-0{month}"}
    return contract.of(**told, due_on=date(2026, month, 28), **more)


def owed(campus: Campus, caller: str, **request: Any) -> dict[tuple[str, str], dict[str, Any]]:
    found = campus.call(caller, "list_personal_obligations", **request)["items"]
    return {(each["person"], each["rule"]): each for each in found}


def test_a_person_sees_what_they_owe_and_so_does_who_is_responsible_alone(
    campus: Campus, evaluation: Evaluation
) -> None:
    met = {"restricted": True, "concerned": ["member", "secretary"], "committee": ["secretary"]}
    talk = approved("talk", date(2026, 6, 11), "talk", **met)
    first = campus.sealed(bill(DuesBilled, 5), 1)
    campus.publish(first, first, campus.sealed(talk, 4))
    wait_for(lambda: ("member", "dues") in owed(campus, "member", person="member"))
    wait_for(lambda: owed(campus, "member", person="member")["member", "talk"]["state"] == "fulfilled")

    mine = {each["rule"]: each["state"] for each in campus.call("member", "my_duties")["items"]}
    assert mine == {"dues": "overdue", "training_hours": "open"}
    assert owed(campus, "secretary", organisation="branch", state="overdue").keys() == {("member", "dues")}
    assert owed(campus, "neighbour").keys().isdisjoint({("member", "dues")})
    dues = owed(campus, "dean", person="member", rule="dues")["member", "dues"]["id"]
    for person in ("stranger", "grouped", "neighbour"):
        for method, request in (
            ("list_personal_obligations", {"organisation": "branch"}),
            ("explain_obligation", {"obligation": dues}),
        ):
            with pytest.raises(Forbidden):
                campus.call(person, method, **request)

    explained = campus.call("member", "explain_obligation", obligation=dues)
    assert explained["source"]["pack"] == "frequency-university-default"
    talked = owed(campus, "member", person="member")["member", "talk"]["id"]
    told = campus.call("member", "explain_obligation", obligation=talked)
    assert [each["activity"] for each in told["records"]] == ["talk"]
    assert "党支部委员会成员" in told["reasons"][0]["zh"]
    assert told["source"]["article"] == "第十九条"
    hours = owed(campus, "member", person="member")["member", "training_hours"]
    reasons = campus.call("member", "explain_obligation", obligation=hours["id"])["reasons"]
    assert "32 学时" in reasons[0]["zh"]
    assert "32 hours" in reasons[0]["en"]
    assert not [text for each in (*explained["reasons"], *reasons) for text in each.values() if "{" in text]

    campus.publish(campus.sealed(bill(DuesSettled, 5, settled_on=date(2026, 6, 15)), 2), first)
    wait_for(lambda: owed(campus, "member", person="member")["member", "dues"]["state"] == "fulfilled_late")
    sheets = evaluation.database["sheets"]
    before = wait_for(lambda: sheets.find_one({"_id": "member"}))
    rebuilt(evaluation)
    assert bson.encode(wait_for(lambda: sheets.find_one({"_id": "member"}))) == bson.encode(before)


def test_who_is_responsible_is_asked_for_a_talk_once_and_nobody_else_learns_of_it(
    campus: Campus, evaluation: Evaluation
) -> None:
    campus.publish(*(campus.sealed(bill(DuesBilled, month)) for month in (3, 4, 5)))
    mine = {"person": "member", "rule": "dues"}
    wait_for(lambda: len(campus.call("member", "list_personal_obligations", **mine)["items"]) == 3)
    for look in [eventlet.spawn(evaluation.watching.look, campus.clock.today()) for _ in range(3)]:
        look.wait()

    found = campus.call("secretary", "list_anomalies", state="raised")["items"]
    assert [(each["rule"], each["person"], each["asked"]) for each in found] == [
        ("arrears", "member", "secretary")
    ]
    anomaly = found[0]["id"]
    assert campus.call("dean", "list_anomalies")["items"] == found
    for person in ("member", "stranger", "grouped", "leader", "neighbour"):
        assert campus.call(person, "list_anomalies")["items"] == []
        for method, request in (
            ("get_anomaly", {}),
            ("conclude_anomaly", {"outcome": "dismissed", "reason": "无"}),
        ):
            with pytest.raises(NotFound):
                campus.call(person, method, anomaly=anomaly, **request)
    opened = campus.call("secretary", "get_anomaly", anomaly=anomaly)
    assert "2026-03" in opened["text"]["zh"]
    assert "{" not in opened["text"]["zh"] + opened["text"]["en"]

    talked = {"anomaly": anomaly, "outcome": "talked", "reason": "已谈话，本月补交。"}
    assert campus.call("secretary", "conclude_anomaly", **talked)["state"] == "talked"
    with pytest.raises(Conflict):
        campus.call("dean", "conclude_anomaly", **talked)
    evaluation.watching.look(campus.clock.today())
    assert [each["state"] for each in campus.call("dean", "list_anomalies")["items"]] == ["talked"]
    told = wait_for(lambda: campus.overheard.of("anomaly.concluded") and campus.overheard.listen())
    raised = [each for each in told if each["type"].startswith("evaluation.anomaly.")]
    assert len({each["id"] for each in raised}) == 2
    assert "member" not in str(raised)
    assert [(each.action, each.actor) for each in evaluation.audit.read("anomaly", anomaly)] == [
        ("anomaly.talked", "secretary"),
        ("anomaly.read", "secretary"),
    ]


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
    found = wait_for(lambda: campus.obligations("secretary", rule="task"))
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

    wait_for(lambda: state() == "exempted")
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
    wait_for(lambda: state() != "exempted")
    for kind in ("exemption.asked", "exemption.decided", "obligation.exempted", "obligation.reopened"):
        wait_for(lambda kind=kind: campus.overheard.of(kind))
