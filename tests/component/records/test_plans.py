"""Plans, tasks, templates and urges through the service: who writes, works, confirms, sees and urges."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import eventlet
import pytest

from services.chassis import context
from services.chassis.context import Context
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unauthenticated
from services.chassis.testing import wait_for
from tests.component.records.surroundings import Campus, Faculty
from tests.component.records.test_activity_records import planned, recorded, sent

GONE = "records.task.overdue.v1"


def entered(campus: Campus, by: str, organisation: str, key: str | None = None, /, **more: Any) -> Any:
    given = {"title": "建好党员活动室", "due_on": "2026-10-20", **more}
    return campus.call(by, "enter_task", key, organisation=organisation, **given)


def told(campus: Campus, task: str) -> list[str]:
    campus.settled()
    campus.drain()
    mine = [each for each in campus.heard if each["subject"] == task]
    assert [each["sequence"] for each in mine] == list(range(1, len(mine) + 1))
    return [each["type"].split(".")[2] for each in mine]


def test_a_plan_goes_up_and_is_opened_to_everybody_once_approved(campus: Campus, faculty: Faculty) -> None:
    draft = {"organisation": faculty.branch, "year": 2026, "title": "2026 年工作计划", "goals": ["建强堡垒"]}
    plan = campus.call(faculty.secretary, "draft_plan", "k", **draft)
    assert campus.call(faculty.secretary, "draft_plan", "k", **draft) == plan
    assert (plan["state"], plan["tasks"]["progress"]) == ("draft", 0)
    with pytest.raises(Conflict, match=r"plans\.exists"):
        campus.call(faculty.secretary, "draft_plan", **draft)
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "submit_plan", plan=plan["id"])
    with pytest.raises(NotFound, match=r"plans\.not_found"):
        campus.call(faculty.next_door, "get_plan", plan=plan["id"])
    with pytest.raises(Conflict, match=r"version\.stale"):
        campus.call(faculty.secretary, "submit_plan", plan=plan["id"], expected_version=7)
    campus.call(faculty.secretary, "submit_plan", plan=plan["id"])
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "review_plan", plan=plan["id"], verdict="approve")
    campus.call(faculty.dean, "review_plan", plan=plan["id"], verdict="return", comment="目标太少")
    with pytest.raises(Conflict, match=r"plan\.state"):
        campus.call(faculty.secretary, "publish_plan", plan=plan["id"])
    more = {"title": "2026 年工作计划", "goals": ["建强堡垒", "服务群众"]}
    campus.call(faculty.secretary, "change_plan", plan=plan["id"], **more)
    campus.call(faculty.secretary, "submit_plan", plan=plan["id"])
    campus.call(faculty.dean, "review_plan", plan=plan["id"], verdict="approve")
    assert campus.call(None, "public_plans")["items"] == []
    campus.call(faculty.secretary, "publish_plan", plan=plan["id"])
    with pytest.raises(Invalid) as named:  # a member of the branch's group
        campus.call(faculty.secretary, "close_plan", plan=plan["id"], summary="由测试S002牵头完成")
    assert named.value.fields == {"summary": ["plan.names_a_person"]}
    next_year = {**draft, "year": 2027, "goals": ["建强堡垒", "测试T002带头"]}
    other = campus.call(faculty.secretary, "draft_plan", **next_year)["id"]
    campus.call(faculty.secretary, "submit_plan", plan=other)
    campus.call(faculty.dean, "review_plan", plan=other, verdict="approve")
    with pytest.raises(Invalid) as named:
        campus.call(faculty.secretary, "publish_plan", plan=other)
    assert named.value.fields == {"goals.1": ["plan.names_a_person"]}
    assert "T002" not in str((named.value.params, named.value.text, named.value.field_texts))
    [public] = campus.call(None, "public_plans", organisation=faculty.branch)["items"]
    assert (public["organisation_name"], public["goals"]) == ("组织 B1", more["goals"])
    assert faculty.secretary not in str(public)

    half = entered(campus, faculty.secretary, faculty.branch, plan=plan["id"])
    with pytest.raises(Invalid, match=r"plan\.unfit"):
        entered(campus, faculty.next_door, faculty.neighbour, plan=plan["id"])
    campus.call(faculty.secretary, "report_task", task=half["id"], text="过半", progress=50)
    assert campus.call(faculty.member, "get_plan", plan=plan["id"])["tasks"]["progress"] == 50
    closed = campus.call(faculty.secretary, "close_plan", plan=plan["id"], summary="基本完成")
    campus.call(faculty.secretary, "cancel_task", task=half["id"], reason="不再需要")
    assert campus.call(faculty.dean, "get_plan", plan=plan["id"])["tasks"] == closed["tasks"]
    mine = campus.call(faculty.member, "list_plans", year=2026)["items"]
    assert [each["id"] for each in mine] == [plan["id"]]
    assert campus.call(faculty.dean, "list_plans", within=faculty.faculty, year=2025)["items"] == []
    assert told(campus, plan["id"]) == [
        *("drafted", "submitted", "returned", "changed", "submitted", "approved", "changed", "closed")
    ]


def test_a_task_goes_by_its_nodes_from_entry_to_confirmation(campus: Campus, faculty: Faculty) -> None:
    def call(by: str, method: str, **more: Any) -> Any:
        return campus.call(by, method, task=task, **more)

    nodes = [{"title": "方案", "due_on": "2026-09-20"}, {"title": "布置", "due_on": "2026-10-10"}]
    made = entered(campus, faculty.secretary, faculty.branch, "k", responsible=faculty.member, nodes=nodes)
    task = made["id"]
    again = entered(campus, faculty.secretary, faculty.branch, "k", responsible=faculty.member, nodes=nodes)
    assert again == made
    assert (made["responsible_name"], made["progress"], made["overdue"]) == ("测试S001", 0, False)
    with pytest.raises(Forbidden):
        entered(campus, faculty.member, faculty.branch)
    with pytest.raises(Invalid, match=r"person\.unknown"):
        entered(campus, faculty.secretary, faculty.branch, responsible=faculty.next_door)
    with pytest.raises(NotFound, match=r"tasks\.not_found"):
        call(faculty.next_door, "get_task")
    with pytest.raises(Forbidden):  # who holds a post above reads it, and does not do it
        call(faculty.dean, "finish_task_node", node="n1")
    with pytest.raises(Invalid, match=r"activity\.unknown"):
        call(faculty.member, "finish_task_node", node="n1", activity="nowhere")
    file = sent(campus, faculty.member, "方案.pdf")
    said = {"node": "n1", "done_on": "2026-09-09", "note": "已定稿", "attachments": [file]}
    call(faculty.member, "finish_task_node", **said)
    assert campus.call(faculty.dean, "open_file", file=file)["name"] == "方案.pdf"
    with pytest.raises(NotFound, match=r"files\.not_found"):
        campus.call(faculty.next_door, "open_file", file=file)
    call(faculty.member, "reopen_task_node", node="n1", reason="尚未定稿")
    with pytest.raises(NotFound, match=r"files\.not_found"):
        campus.call(faculty.dean, "open_file", file=file)
    reached = call(faculty.member, "finish_task_node", **said)
    assert (reached["progress"], reached["nodes"][0]["done_on"]) == (50, "2026-09-09")
    with pytest.raises(Invalid, match=r"task\.progress_from_nodes"):
        call(faculty.member, "report_task", text="快了", progress=99)
    with pytest.raises(Forbidden):
        call(faculty.member, "reschedule_task", due_on="2026-11-20", reason="延期")
    moved = call(faculty.secretary, "reschedule_task", due_on="2026-10-25", reason="材料未到")
    [earlier] = moved["due_dates"]
    assert (earlier["due_on"], earlier["reason"], earlier["node"]) == ("2026-10-20", "材料未到", None)
    with pytest.raises(Conflict, match=r"task\.nodes_open"):
        call(faculty.member, "complete_task", result="已建成")
    call(faculty.secretary, "drop_task_node", node="n2", reason="合并")

    turn = campus.application.plans.turn_the_day
    for day in ("2026-10-25", "2026-10-26", "2026-10-26", "2026-10-27"):
        turn(campus.clock.today().fromisoformat(day))
    assert len(campus.events(GONE)) == 1

    call(faculty.member, "complete_task", result="已建成并开放")
    campus.post(faculty.member, "organisation_commissioner", faculty.branch)
    with pytest.raises(Forbidden, match=r"task\.own_work"):
        call(faculty.member, "confirm_task", verdict="approve")
    confirmed = call(faculty.secretary, "confirm_task", verdict="approve")
    assert (confirmed["state"], confirmed["progress"]) == ("confirmed", 100)
    assert told(campus, task) == [
        *("created", "changed", "changed", "changed", "changed", "changed", "overdue", "done", "confirmed")
    ]
    assert "活动室" not in str([each for each in campus.heard if each["subject"] == task])


def test_lists_show_what_one_may_see_in_one_query_a_page(campus: Campus, faculty: Faculty) -> None:
    for number in range(60):
        entered(
            campus,
            faculty.secretary,
            faculty.branch,
            title=f"第{number}项",
            due_on=f"2026-09-{number % 20 + 10:02}",
            responsible=faculty.member,
        )
    entered(campus, faculty.secretary, faculty.branch, kind="difficulty", category="study")
    entered(campus, faculty.next_door, faculty.neighbour)
    documents = campus.application.plans.board.tasks
    queries: list[str] = []
    real = documents.collection

    class Counting:
        def __getattr__(self, name: str) -> Any:
            if name in ("find", "find_one", "aggregate"):
                queries.append(name)
            return getattr(real, name)

    documents.collection = Counting()  # type: ignore[assignment]  # it only counts what it passes on
    page = campus.call(faculty.member, "list_tasks", limit=50)
    documents.collection = real
    assert (len(page["items"]), queries) == (50, ["find"])
    days = [each["due_on"] for each in page["items"]]
    assert days == sorted(days)
    rest = campus.call(faculty.member, "list_tasks", limit=50, cursor=page["next"])
    assert (len(rest["items"]), rest["next"]) == (10, None), "a difficulty is shown to posts alone"
    assert {each["kind"] for each in (*page["items"], *rest["items"])} == {"work"}

    def count(by: str, **asked: Any) -> int:
        return len(campus.call(by, "list_tasks", limit=100, **asked)["items"])

    assert count(faculty.secretary) == 61
    assert count(faculty.dean, within=faculty.faculty) == 62
    assert count(campus.administrator) == 62
    assert count(faculty.dean, organisation=faculty.neighbour) == 1
    assert count(faculty.dean, kind="difficulty") == 1
    for by, asked in ((faculty.next_door, "organisation"), (faculty.next_door, "within")):
        with pytest.raises(Forbidden):
            count(by, **{asked: faculty.branch})
    with pytest.raises(Invalid, match=r"task\.overdue_is_open"):
        count(faculty.dean, overdue=True, state="done")
    campus.clock.advance(timedelta(days=10))
    assert count(faculty.dean, overdue=True, organisation=faculty.branch) == 30
    mine = campus.call(faculty.member, "list_my_tasks", limit=100, overdue=True)["items"]
    assert len(mine) == 30
    assert campus.call(faculty.groupie, "list_my_tasks")["items"] == []
    for asked in (
        {"organisation": "o"},
        {"organisation": "o", "state": "open", "due_on": {"$lt": "2026-09-10"}},
        {"responsible": "p", "state": "open"},
        {"state": "open", "due_on": {"$lt": "2026-09-10"}},
    ):
        plan = str(real.find(asked).sort([("due_on", 1), ("_id", 1)]).explain()["queryPlanner"])
        assert "IXSCAN" in plan, asked
        assert "COLLSCAN" not in plan, asked


def test_a_difficulty_is_published_without_a_word_of_any_person(campus: Campus, faculty: Faculty) -> None:
    made = entered(
        campus,
        faculty.secretary,
        faculty.branch,
        kind="difficulty",
        category="living",
        title="测试S002的宿舍供暖",
        raised_by=faculty.groupie,
        responsible=faculty.member,
    )
    task = made["id"]
    outsider = campus.person("S009", faculty.branch)
    with pytest.raises(NotFound, match=r"tasks\.not_found"):
        campus.call(outsider, "get_task", task=task)
    with pytest.raises(NotFound, match=r"tasks\.not_found"):
        campus.call(outsider, "urge_task", task=task)
    for concerned in (faculty.groupie, faculty.member, faculty.dean):
        assert campus.call(concerned, "get_task", task=task)["raised_by"] == faculty.groupie
    with pytest.raises(Forbidden):
        campus.call(faculty.member, "publish_task", task=task)
    with pytest.raises(Invalid, match=r"task\.names_a_person"):
        campus.call(faculty.secretary, "publish_task", task=task)
    campus.call(faculty.secretary, "change_task", task=task, title="宿舍供暖")
    campus.call(faculty.secretary, "publish_task", task=task)
    with pytest.raises(Invalid, match=r"task\.names_a_person"):
        campus.call(faculty.member, "complete_task", task=task, result="已为测试S002换宿舍")
    campus.call(faculty.member, "complete_task", task=task, result="供暖已修复")
    [public] = campus.call(None, "public_tasks", kind="difficulty")["items"]
    assert public == {
        "id": task,
        "title": "宿舍供暖",
        "organisation": faculty.branch,
        "organisation_name": "组织 B1",
        "kind": "difficulty",
        "category": "living",
        "state": "done",
        "due_on": "2026-10-20",
        "overdue": False,
        "progress": 100,
        "result": "供暖已修复",
        "urges": 0,
    }
    campus.call(faculty.secretary, "publish_task", task=task, published=False)
    assert campus.call(None, "public_tasks")["items"] == []
    with pytest.raises(Conflict, match=r"task\.not_open"):
        campus.call(faculty.groupie, "urge_task", task=task)


def test_many_urge_at_once_and_each_counts_once_and_nobody_is_known(campus: Campus, faculty: Faculty) -> None:
    tasks = [entered(campus, faculty.secretary, faculty.branch)["id"] for _ in range(7)]
    for task in tasks:
        campus.call(faculty.secretary, "publish_task", task=task)
    urging = campus.application.plans.urging
    people = [f"person-{number}" for number in range(40)]

    def urge(person: str, task: str) -> str:
        try:
            with context.entered(Context(actor=person, correlationid="c")):
                urging.urge({"task": task})
        except Refusal as refused:
            return refused.code
        return "counted"

    pool = eventlet.GreenPool(40)
    twice = list(pool.starmap(urge, [(person, tasks[0]) for person in people for _ in range(2)]))
    assert sorted(set(twice)) == ["counted", "task.urged_today"]
    assert twice.count("counted") == 40
    eager = list(pool.starmap(urge, [("person-0", task) for task in tasks[1:]]))
    assert sorted(eager) == ["counted"] * 4 + ["task.urged_enough"] * 2
    seen = {each["id"]: each["urges"] for each in campus.call(None, "public_tasks")["items"]}
    assert seen[tasks[0]] == 40
    assert sum(seen.values()) == 44

    with pytest.raises(Unauthenticated):
        campus.call(None, "urge_task", task=tasks[1])
    first = campus.call(faculty.next_door, "urge_task", "k", task=tasks[1])
    assert campus.call(faculty.next_door, "urge_task", "k", task=tasks[1]) == first
    with pytest.raises(Conflict, match=r"task\.urged_today"):
        campus.call(faculty.next_door, "urge_task", task=tasks[1])
    campus.clock.advance(timedelta(days=1))
    assert campus.call(faculty.next_door, "urge_task", task=tasks[1])["urges"] == first["urges"] + 1
    assert campus.call(faculty.secretary, "get_task", task=tasks[0])["version"] == 2, "it is not touched"
    kept = str(list(campus.application.database["task_urges"].find()))
    heard = campus.events("records.task.urged.v1")
    assert len(heard) == 46
    assert all("actor" not in each for each in heard)
    for person in (faculty.next_door, "person-0"):
        assert person not in kept
        assert person not in str(heard)


def test_a_template_reaches_each_organisation_below_once(campus: Campus, faculty: Faculty) -> None:
    def ended(method: str, **asked: Any) -> dict[str, Any]:
        job = campus.call(faculty.dean, method, template=template, **asked)["job"]
        wait_for(lambda: campus.call(faculty.dean, "get_job", job=job)["state"] in ("done", "failed"))
        return campus.call(faculty.dean, "get_job", job=job)

    def push(**to: Any) -> dict[str, Any]:
        return dict(ended("push_plan_template", **to)["result"])

    def pushed() -> dict[str, dict[str, Any]]:
        found = campus.call(faculty.dean, "list_pushed_tasks", template=template)["items"]
        return {each["organisation"]: each for each in found}

    made = {"title": "开展主题教育", "due_on": "2026-11-30", "organisation": faculty.faculty}
    nodes = [{"title": "方案", "due_on": "2026-09-30"}]
    template = campus.call(faculty.dean, "make_plan_template", "k", nodes=nodes, **made)["id"]
    with pytest.raises(NotFound, match=r"plan_templates\.not_found"):
        campus.call(faculty.secretary, "get_plan_template", template=template)
    with pytest.raises(Invalid) as refused:
        push(organisations=[faculty.branch, campus.root])
    assert refused.value.fields == {"organisations.1": ["organisation.not_below"]}
    with pytest.raises(Invalid, match=r"template\.nobody"):
        push()
    assert push(organisations=[faculty.branch])["created"] == 1
    assert push(kinds=["branch"]) == {"created": 1, "changed": 0, "unchanged": 1, "refused": 0}
    before = pushed()
    assert push(kinds=["branch"])["created"] == 0
    assert pushed() == before
    assert set(before) == {faculty.branch, faculty.neighbour}
    task = before[faculty.branch]["id"]
    with pytest.raises(Forbidden, match=r"permission\.denied|task\.required"):
        campus.call(faculty.secretary, "cancel_task", task=task, reason="太忙")
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "reschedule_task", task=task, due_on="2026-12-30", reason="太忙")
    campus.call(faculty.secretary, "take_up_task", task=task, responsible=faculty.member)
    campus.call(faculty.member, "finish_task_node", task=task, node="n1")
    campus.call(faculty.member, "complete_task", task=task, result="已开展")
    with pytest.raises(Forbidden):
        campus.call(faculty.secretary, "confirm_task", task=task, verdict="approve")
    mine, other = pushed()[faculty.branch], pushed()[faculty.neighbour]
    assert (mine["state"], mine["taken_up_on"], mine["progress"]) == ("done", "2026-09-10", 100)
    assert (other["state"], other["taken_up_on"], other["progress"]) == ("open", None, 0)
    assert mine["organisation_name"] == "组织 B1"
    assert campus.call(faculty.dean, "confirm_task", task=task, verdict="approve")["state"] == "confirmed"

    made = {**made, "title": "试点", "required": False}
    template = campus.call(faculty.dean, "make_plan_template", **made)["id"]
    push(kinds=["branch", "group"])
    assert {each["state"] for each in pushed().values()} == {"offered"}
    declined = campus.call(
        faculty.secretary, "cancel_task", task=pushed()[faculty.branch]["id"], reason="条件不具备"
    )
    assert declined["state"] == "cancelled"

    made = {**made, "title": "谈心走访", "required": True}
    template = campus.call(faculty.dean, "make_plan_template", **made)["id"]
    push(kinds=["branch", "group"])
    begun = pushed()[faculty.branch]["id"]
    campus.call(faculty.secretary, "take_up_task", task=begun, responsible=faculty.member)
    with pytest.raises(NotFound, match=r"plan_templates\.not_found"):
        campus.call(faculty.secretary, "withdraw_plan_template", template=template, reason="太忙")
    waiting = {"template": template, "kinds": ["branch"], "organisations": [], "today": "2026-09-10"}
    taken_back = ended("withdraw_plan_template", reason="文件已废止")
    assert taken_back["result"] == {"created": 0, "changed": 2, "unchanged": 0, "refused": 1}
    [kept] = taken_back["errors"]
    assert (kept["code"], kept["column"]) == ("task.begun", faculty.branch)
    states = {organisation: each["state"] for organisation, each in pushed().items()}
    assert states == {faculty.branch: "open", faculty.neighbour: "cancelled", faculty.group: "cancelled"}
    again = ended("withdraw_plan_template", reason="文件已废止")["result"]
    assert again == {"created": 0, "changed": 0, "unchanged": 2, "refused": 1}
    with pytest.raises(Conflict, match=r"template\.withdrawn"):
        push(kinds=["branch"])
    found = campus.call(faculty.dean, "get_plan_template", template=template)
    assert (found["withdrawn_on"], found["withdrawn_because"]) == ("2026-09-10", "文件已废止")
    assert len(campus.events("records.plan_template.withdrawn.v1")) == 1

    # A push that was queued before, and gives it after the withdrawal looked, leaves it with nobody.
    another = campus.organisation("B3", "branch", faculty.faculty)
    with context.entered(Context(actor=faculty.dean, idempotency_key="late")):
        late = campus.application.jobs.create("task push", faculty.dean, waiting)
    wait_for(lambda: campus.call(faculty.dean, "get_job", job=late)["state"] == "failed")
    assert pushed()[another]["state"] == "cancelled"


def test_what_an_activity_decided_by_a_day_is_a_task_once(campus: Campus, faculty: Faculty) -> None:
    dated = {"text": "补齐台账", "responsible": faculty.member, "due_on": "2026-09-30"}
    activity = planned(campus, faculty)
    recorded(campus, faculty, activity, decisions=[{"text": "同意"}, dated])
    campus.call(faculty.secretary, "submit_activity", activity=activity)
    campus.call(faculty.dean, "review_activity", activity=activity, verdict="approve")
    tasks = campus.application.database["tasks"]

    def approved_with(*decisions: Any) -> None:
        campus.application.database["activities"].update_one(
            {"_id": activity}, {"$set": {"decisions": list(decisions)}}
        )
        campus.say(event, times=5, exchange="records.events", key="activity.approved")

    wait_for(lambda: tasks.find_one({"kind": "decision"}))
    [event] = [each for each in campus.events("records.activity.approved.v1") if each["subject"] == activity]
    [task] = campus.call(faculty.member, "list_my_tasks")["items"]
    assert (task["title"], task["due_on"], task["kind"]) == ("补齐台账", "2026-09-30", "decision")
    campus.call(faculty.secretary, "change_task", task=task["id"], responsible=faculty.groupie)
    approved_with(
        {**dated, "due_on": "2026-12-30"}, {"text": "回访", "responsible": None, "due_on": "2026-10-30"}
    )
    wait_for(lambda: tasks.count_documents({}) == 2)
    kept = campus.call(faculty.secretary, "get_task", task=task["id"])
    assert (kept["responsible"], kept["due_on"]) == (faculty.groupie, "2026-09-30")
    assert kept["origin"]["activity"] == activity
    assert len(campus.events("records.task.created.v1")) == 2
