"""Tasks, nodes and plans as pure rules: what may follow what, how far one is, and which due date counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.chassis.errors import Conflict, Forbidden, Invalid, Refusal
from services.records.plans import beginnings, model, nodes, planning, sources

TODAY = date(2026, 9, 10)
DUE = date(2026, 12, 20)
TASK = "t-1"


def entered(**more: Any) -> dict[str, Any]:
    given_ = {"organisation": "b", "kind": "work", "title": "建好活动室", "due_on": DUE, "nodes": [], **more}
    return dict(beginnings.enter(TASK, given_, by="w", today=TODAY).state)


def node(day: str = "2026-10-01", title: str = "方案") -> dict[str, Any]:
    return {"title": title, "due_on": date.fromisoformat(day)}


def done(state: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    said = {"result": "已办成", "done_on": TODAY, "by": "r", "today": TODAY, **more}
    return dict(model.complete(TASK, state, **said).state)


# -- nodes and progress ----------------------------------------------------------------------------


@given(reached=st.lists(st.sampled_from(["open", "reached", "dropped"]), max_size=50))
def test_progress_is_the_share_of_reached_nodes_in_whole_per_cent(reached: list[str]) -> None:
    made = nodes.numbered([], [node() for _ in reached], DUE)
    for each, becomes in zip(list(made), reached, strict=True):
        if becomes == "reached":
            made = nodes.finish(made, each["id"], {}, done_on=TODAY, today=TODAY)
        elif becomes == "dropped":
            made = nodes.drop(made, each["id"], "不再需要")
    counting = [each for each in reached if each != "dropped"]
    if not counting:
        assert nodes.per_cent(made) is None
        return
    share = nodes.per_cent(made)
    assert share is not None
    assert 0 <= share <= 100
    assert share * len(counting) <= 100 * counting.count("reached") < (share + 1) * len(counting)
    assert (share == 100) == (set(counting) == {"reached"})


def test_a_node_reached_and_reopened_is_as_it_was() -> None:
    before = nodes.numbered([], [node(), node()], DUE)
    reached = nodes.finish(before, "n2", {}, done_on=TODAY, today=TODAY)
    again = nodes.reopen(reached, "n2", "资料不全")
    assert nodes.per_cent(again) == nodes.per_cent(before) == 0
    assert again[1]["note"] == "资料不全"
    with pytest.raises(Conflict, match=r"task\.node_state"):
        nodes.reopen(again, "n2", "x")
    with pytest.raises(Conflict, match=r"task\.node_state"):
        nodes.drop(reached, "n2", "x")


def test_numbers_of_nodes_are_given_once() -> None:
    made = nodes.numbered([], [node()], DUE)
    made = nodes.drop(made, "n1", "x")
    made = nodes.numbered(made, [node(), node()], DUE)
    assert [each["id"] for each in made] == ["n1", "n2", "n3"]


def test_a_node_is_due_no_later_than_its_task() -> None:
    with pytest.raises(Invalid) as refused:
        entered(nodes=[node(), node("2026-12-21")])
    assert refused.value.fields == {"nodes.1.due_on": ["task.node_after_due"]}
    assert refused.value.params["accepted"] == "… 2026-12-20"
    state = entered(nodes=[node("2026-12-01")])
    with pytest.raises(Invalid, match=r"task\.due_date_unfit") as refused:
        model.reschedule(TASK, state, date(2026, 11, 30), reason="提前", by="w", today=TODAY)
    assert refused.value.params["accepted"].startswith("2026-12-01")


def test_a_task_has_fifty_nodes_at_most() -> None:
    full = nodes.numbered([], [node()] * 50, DUE)
    with pytest.raises(Conflict, match=r"task\.full"):
        nodes.numbered(full, [node()], DUE)


def test_progress_is_typed_only_where_there_are_no_nodes() -> None:
    state = entered()
    said = model.report(TASK, state, {"text": "过半", "progress": 55}, by="r", today=TODAY).state
    assert model.progress(said) == 55
    with pytest.raises(Invalid, match=r"task\.progress_from_nodes"):
        model.report(TASK, entered(nodes=[node()]), {"text": "过半", "progress": 55}, by="r", today=TODAY)
    dropped = {**state, "nodes": nodes.drop(nodes.numbered([], [node()], DUE), "n1", "x")}
    assert model.report(TASK, dropped, {"text": "半", "progress": 50}, by="r", today=TODAY).events


# -- due dates -------------------------------------------------------------------------------------


@given(moves=st.lists(st.integers(0, 400), max_size=12))
def test_every_due_date_that_a_task_had_is_kept_in_order(moves: list[int]) -> None:
    state: Mapping[str, Any] = entered()
    had = [state["due_on"]]
    for days in moves:
        day = TODAY + timedelta(days=days)
        changed = model.reschedule(TASK, state, day, reason="客观原因", by="w", today=TODAY)
        if changed is None:
            assert day.isoformat() == had[-1]
            continue
        state = changed.state
        had.append(day.isoformat())
    assert [each["due_on"] for each in state["due_dates"]] == had[:-1]
    assert state["due_on"] == had[-1]
    assert all(each["reason"] for each in state["due_dates"])


@given(days=st.integers(-10, 10))
def test_a_due_date_counts_to_its_end_and_passing_is_told_once_for_each(days: int) -> None:
    state, day = entered(), DUE + timedelta(days=days)
    assert model.overdue(state, day) == (days > 0)
    told = model.tell_overdue(TASK, state, day)
    assert (told is not None) == (days > 0)
    if told is not None:
        assert model.tell_overdue(TASK, told.state, day + timedelta(days=1)) is None
        again = model.reschedule(TASK, told.state, day + timedelta(days=5), reason="延期", by="w", today=day)
        assert again is not None
        assert model.tell_overdue(TASK, again.state, day + timedelta(days=6)) is not None


def test_a_due_date_before_today_is_refused_with_what_is_accepted() -> None:
    with pytest.raises(Invalid) as refused:
        entered(due_on=TODAY - timedelta(days=1))
    assert refused.value.params["accepted"].startswith("2026-09-10 … ")


# -- who and when ----------------------------------------------------------------------------------


def test_what_was_done_is_confirmed_by_somebody_else() -> None:
    state = done(entered(responsible="r"), by="w")
    said = {"verdict": "approve", "comment": None, "today": TODAY}
    for own in ("r", "w"):
        with pytest.raises(Forbidden, match=r"task\.own_work"):
            model.confirm(TASK, state, by=own, **said)
    assert model.confirm(TASK, state, by="s", **said).state["state"] == "confirmed"
    with pytest.raises(Invalid, match=r"review\.comment_missing"):
        model.confirm(TASK, state, by="s", verdict="return", comment="", today=TODAY)
    returned = model.confirm(TASK, state, by="s", verdict="return", comment="缺照片", today=TODAY).state
    assert (returned["state"], returned["done_on"], returned["result"]) == ("open", None, None)


def test_a_task_is_not_done_before_its_nodes() -> None:
    state = entered(nodes=[node(), node()])
    with pytest.raises(Conflict, match=r"task\.nodes_open") as refused:
        done(state)
    assert refused.value.params == {"count": 2}
    with pytest.raises(Invalid, match=r"task\.done_in_future"):
        done(entered(), done_on=TODAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"kind": "difficulty"}, "task.category_missing"),
        ({"category": "study"}, "task.not_a_difficulty"),
        ({"raised_by": "p"}, "task.not_a_difficulty"),
        ({"target": {"number": 3}}, "task.target_unclear"),
        ({"target": {"text": "好", "number": 3, "unit": "次"}}, "task.target_unclear"),
        ({"target": {}}, "task.target_unclear"),
    ],
)
def test_what_makes_no_task_is_refused(more: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        entered(**more)
    assert refused.value.code == code


def test_a_difficulty_is_confined_and_its_event_says_nothing_of_who_raised_it() -> None:
    change = beginnings.enter(
        TASK,
        {
            "organisation": "b",
            "kind": "difficulty",
            "title": "宿舍供暖",
            "due_on": DUE,
            "nodes": [],
            "category": "living",
            "raised_by": "p-1",
        },
        by="w",
        today=TODAY,
    )
    assert change.state["audience"] == "b"
    assert "p-1" not in str(change.events[0].data)
    assert "宿舍" not in str(change.events[0].data)


def test_what_was_pushed_down_keeps_its_title_and_target() -> None:
    made = planning.make_template(
        "m",
        {"organisation": "u", "title": "开展主题教育", "due_on": DUE, "required": False, "nodes": [node()]},
        today=TODAY,
    ).state
    made = {**made, "due_on": DUE.isoformat(), "nodes": [{"title": "方案", "due_on": "2026-10-01"}]}
    state = beginnings.pushed(TASK, "m", made, "b", today=TODAY).state
    assert (state["state"], len(state["nodes"])) == ("offered", 1)
    with pytest.raises(Conflict, match=r"task\.state"):
        model.change(TASK, state, {"title": "别的"})
    taken = beginnings.take_up(TASK, state, responsible="r", today=TODAY).state
    assert (taken["state"], taken["responsible"]) == ("open", "r")
    with pytest.raises(Conflict, match=r"task\.not_offered"):
        beginnings.take_up(TASK, taken, responsible="q", today=TODAY)
    with pytest.raises(Conflict, match=r"task\.pushed_down"):
        model.change(TASK, taken, {"title": "别的"})
    assert model.change(TASK, taken, {"responsible": "q"}) is not None


def pushed(required: bool = True) -> dict[str, Any]:
    made = {"title": "开展主题教育", "due_on": DUE.isoformat(), "required": required}
    nodes_of = [{"title": "方案", "due_on": "2026-10-01"}]
    return dict(beginnings.pushed(TASK, "m", {**made, "nodes": nodes_of}, "b", today=TODAY).state)


def begun_by(way: str) -> dict[str, Any]:
    state = pushed()
    said = {"by": "w", "today": TODAY}
    changes = {
        "taking it up": lambda: beginnings.take_up(TASK, state, responsible="r", today=TODAY),
        "naming somebody": lambda: model.change(TASK, state, {"responsible": "r"}),
        "reporting": lambda: model.report(TASK, state, {"text": "已布置"}, **said),
        "reaching a node": lambda: model.with_nodes(
            TASK, state, nodes.finish(state["nodes"], "n1", {}, done_on=TODAY, today=TODAY), []
        ),
    }
    return dict(changes[way]().state)


@pytest.mark.parametrize("way", ["taking it up", "naming somebody", "reporting", "reaching a node"])
def test_what_was_begun_is_not_withdrawn(way: str) -> None:
    with pytest.raises(Conflict, match=r"task\.begun"):
        model.withdraw(TASK, begun_by(way), reason="废止")


@pytest.mark.parametrize("required", [True, False])
def test_what_nobody_began_is_withdrawn_once(required: bool) -> None:
    gone = model.withdraw(TASK, pushed(required), reason="废止")
    assert gone is not None
    assert (gone.state["state"], gone.state["reason"]) == ("cancelled", "废止")
    assert [each.contract.type for each in gone.events] == ["records.task.cancelled.v1"]
    assert model.withdraw(TASK, gone.state, reason="又") is None


def test_decisions_without_a_day_ask_for_nothing() -> None:
    dated = {"text": "补充材料", "due_on": "2026-10-01"}
    assert sources.dated([{"text": "同意", "due_on": None}, dated]) == [dated]


def test_the_words_of_a_long_decision_are_kept_whole() -> None:
    held = {"organisation": "b"}
    text = "要" * 300
    decision = {"text": text, "due_on": "2026-08-01", "responsible": "r"}
    state = beginnings.decided(TASK, decision, "a", held, confined=True, today=TODAY).state
    assert (len(state["title"]), state["description"]) == (200, text)
    assert model.overdue(state, TODAY)


def test_what_a_closed_meeting_decided_is_not_published_and_what_an_open_one_decided_is() -> None:
    decision = {"text": "约谈本人", "due_on": "2026-08-01"}
    states = [
        beginnings.decided(TASK, decision, "a", {"organisation": "b"}, confined=confined, today=TODAY).state
        for confined in (True, False)
    ]
    with pytest.raises(Conflict, match=r"task\.confided"):
        model.publish(TASK, states[0], published=True)
    assert model.publish(TASK, states[0], published=False) is None
    published = model.publish(TASK, states[1], published=True)
    assert published is not None
    assert published.state["published"]


@pytest.mark.parametrize(
    ("words", "named"),
    [(["张三同学的住宿", None], True), (["已联系张三"], True), (["住宿问题"], False), ([None], False)],
)
def test_a_name_in_what_is_published_is_noticed(words: list[str | None], named: bool) -> None:
    assert model.names_somebody(words, ["张三", "李"]) == named


# -- the whole of a life ---------------------------------------------------------------------------


class LifeOfATask(RuleBasedStateMachine):
    """Whatever is tried in whatever order, no state contradicts itself."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Mapping[str, Any] = entered(responsible="r")

    def attempt(self, decide: Any) -> None:
        try:
            changed = decide(dict(self.state))
        except Refusal:
            return
        if changed is not None:
            for event in changed.events:
                event.contract.encode(event.data)
            self.state = changed.state

    @rule(count=st.integers(1, 3))
    def add_nodes(self, count: int) -> None:
        self.attempt(
            lambda state: model.with_nodes(
                TASK, state, nodes.numbered(state["nodes"], [node()] * count, DUE), state["due_dates"]
            )
        )

    @precondition(lambda self: self.state["nodes"])
    @rule(data=st.data(), step=st.sampled_from(["finish", "reopen", "drop"]))
    def turn_a_node(self, data: st.DataObject, step: str) -> None:
        which = data.draw(st.sampled_from([each["id"] for each in self.state["nodes"]]))
        turned = {
            "finish": lambda state: nodes.finish(state["nodes"], which, {}, done_on=TODAY, today=TODAY),
            "reopen": lambda state: nodes.reopen(state["nodes"], which, "x"),
            "drop": lambda state: nodes.drop(state["nodes"], which, "x"),
        }[step]
        self.attempt(lambda state: model.with_nodes(TASK, state, turned(state), state["due_dates"]))

    @rule(progress=st.integers(0, 100))
    def report(self, progress: int) -> None:
        said = {"text": "进展", "progress": progress}
        self.attempt(lambda state: model.report(TASK, state, said, by="r", today=TODAY))

    @rule()
    def complete(self) -> None:
        self.attempt(
            lambda state: model.complete(TASK, state, result="成", done_on=TODAY, by="r", today=TODAY)
        )

    @rule(by=st.sampled_from(["r", "s"]), verdict=st.sampled_from(["approve", "return"]))
    def confirm(self, by: str, verdict: str) -> None:
        self.attempt(
            lambda state: model.confirm(TASK, state, verdict=verdict, comment="看过", by=by, today=TODAY)
        )

    @rule()
    def cancel(self) -> None:
        self.attempt(lambda state: model.cancel(TASK, state, reason="不再需要"))

    @invariant()
    def a_state_is_of_one_piece(self) -> None:
        state = self.state
        assert 0 <= model.progress(state) <= 100
        assert (state["done_on"] is not None) == (state["result"] is not None)
        if state["state"] in ("done", "confirmed"):
            assert model.progress(state) == 100
            assert nodes.per_cent(state["nodes"]) in (None, 100)
        if state["state"] == "confirmed":
            assert state["reviews"][-1]["by"] not in ("r", state["completed_by"])
        assert (state["reason"] is not None) == (state["state"] == "cancelled")


LifeOfATask.TestCase.settings = settings(max_examples=25, deadline=None)
TestLifeOfATask = LifeOfATask.TestCase


# -- plans -----------------------------------------------------------------------------------------


def drafted(**more: Any) -> dict[str, Any]:
    given_ = {"organisation": "b", "year": 2026, "title": "2026 年计划", "goals": ["一"], **more}
    return dict(planning.draft("p", given_, today=TODAY).state)


STEPS = {
    "change": lambda state: planning.change("p", state, {"title": "新", "goals": ["二"]}),
    "submit": lambda state: planning.submit("p", state, by="w"),
    "approve": lambda state: planning.review(
        "p", state, verdict="approve", comment=None, by="a", today=TODAY
    ),
    "return": lambda state: planning.review("p", state, verdict="return", comment="补", by="a", today=TODAY),
    "close": lambda state: planning.close(
        "p", state, summary="好", standing=planning.outcome([]), today=TODAY
    ),
    "publish": lambda state: planning.publish("p", state, published=True),
}
ALLOWED = {
    "draft": {"change", "submit"},
    "submitted": {"approve", "return"},
    "returned": {"change", "submit"},
    "approved": {"close", "publish"},
    "closed": {"publish"},
}


@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=15))
def test_a_plan_takes_the_steps_of_its_state_and_no_other(steps: list[str]) -> None:
    state: Mapping[str, Any] = drafted()
    for step in steps:
        if step in ALLOWED[state["state"]]:
            changed = STEPS[step](state)
            state = changed.state if changed else state
        else:
            with pytest.raises(Conflict, match=r"plan\.state"):
                STEPS[step](state)


def test_who_submitted_a_plan_does_not_review_it() -> None:
    state = planning.submit("p", drafted(), by="w").state
    with pytest.raises(Forbidden, match=r"plan\.own_plan"):
        planning.review("p", state, verdict="approve", comment=None, by="w", today=TODAY)


@pytest.mark.parametrize(
    ("more", "place"),
    [({"title": "张三的计划"}, "title"), ({"goals": ["一", "由张三负责"]}, "goals.1"), ({}, None)],
)
def test_a_plan_that_names_somebody_is_not_published(more: dict[str, Any], place: str | None) -> None:
    state = {**drafted(**more), "state": "approved"}
    if place is None:
        assert planning.publish("p", state, published=True, names=["张三", "一"]) is not None
        return
    with pytest.raises(Invalid) as refused:
        planning.publish("p", state, published=True, names=["张三", "一"])
    assert refused.value.fields == {place: ["plan.names_a_person"]}
    assert "张三" not in str(refused.value.params)
    summed = {"summary": "张三办成", "standing": planning.outcome([]), "today": TODAY, "names": ["张三"]}
    assert planning.close("p", state, **summed), "what nobody reads may name whom it likes"
    with pytest.raises(Invalid, match=r"plan\.names_a_person"):
        planning.close("p", {**state, "published": True}, **summed)


@pytest.mark.parametrize("year", [2024, 2028])
def test_a_plan_is_of_a_year_that_is_near(year: int) -> None:
    with pytest.raises(Invalid) as refused:
        drafted(year=year)
    assert refused.value.params["accepted"] == "2025 … 2027"


def test_a_plan_is_as_far_as_its_tasks_that_were_not_cancelled() -> None:
    half = {**entered(), "stated": 50}
    ended = done(entered())
    gone = model.cancel(TASK, half, reason="x").state
    counted = planning.outcome([half, ended, gone])
    assert (counted["progress"], counted["open"], counted["done"], counted["cancelled"]) == (75, 1, 1, 1)
    assert planning.outcome([])["progress"] == 0
