"""The tree's history as pure rules."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.errors import Conflict, Invalid
from services.records.directory import model as directory
from services.records.structure import model as rules

FOUNDED, TODAY = date(2026, 1, 1), date(2026, 3, 1)
DAYS = st.dates(FOUNDED, TODAY)
ROOT = directory.found_organisation(
    "r", {"code": "r", "name": "r", "kind": "university_committee", "founded_on": FOUNDED}, None, TODAY
).state


def founded(subject: str, kind: str, parent: tuple[str, Any]) -> dict[str, Any]:
    given = {"code": subject, "name": subject, "kind": kind, "founded_on": FOUNDED}
    return dict(directory.found_organisation(subject, given, parent, TODAY).state)


FACULTIES = {name: founded(name, "secondary", ("r", ROOT)) for name in ("s", "t")}


@given(steps=st.lists(st.tuples(DAYS, st.sampled_from(("甲", "乙", "s", "t", "end"))), max_size=12))
def test_editions_leave_no_hole_and_never_overlap(steps: list[tuple[date, str]]) -> None:
    state = founded("b", "branch", ("s", FACULTIES["s"]))
    kept = [rules.edition("b", None, state, rules.Why(), TODAY)]
    expected = {FOUNDED: state}
    for day, what in steps:
        if day.isoformat() < state["since"]:
            with pytest.raises(Invalid, match=r"effective_unfit"):
                directory.effective_day(day, TODAY, state["since"])
            continue
        on = directory.effective_day(day, TODAY, state["since"])
        try:
            if what == "end":
                change = directory.dissolve("b", state, on=on)
            elif what in FACULTIES:
                change = directory.change_organisation(
                    "b", state, {}, TODAY, on=on, parent=(what, FACULTIES[what])
                )
            else:
                change = directory.change_organisation("b", state, {"name": what}, TODAY, on=on)
        except Conflict:
            assert state["dissolved_on"] is not None
            continue
        if change is None:
            continue
        change.events[0].contract.encode(change.events[0].data)
        kept[-1] = rules.end(kept[-1], change.state["since"])
        kept.append(rules.edition("b", state, change.state, rules.Why(), TODAY))
        state = dict(change.state)
        expected[on] = state
    assert [each["edition"] for each in kept] == list(range(1, len(kept) + 1))
    for offset in range((TODAY - FOUNDED).days + 1):
        day = FOUNDED + timedelta(offset)
        covering = [each for each in kept if each["since"] <= day.isoformat() <= each["until"]]
        assert len(covering) == 1
        then = expected[max(known for known in expected if known <= day)]
        assert {name: covering[0][name] for name in rules.TOLD} == {name: then[name] for name in rules.TOLD}
        assert rules.on(kept, day) == covering[0]
    assert rules.on(kept, FOUNDED - timedelta(1)) is None


def test_a_change_counts_from_a_day_between_the_last_change_and_today() -> None:
    assert directory.effective_day(None, TODAY, "2026-02-01") == TODAY
    for day in (date(2026, 1, 31), date(2026, 3, 2)):
        with pytest.raises(Invalid) as refused:
            directory.effective_day(day, TODAY, "2026-01-05", "2026-02-01")
        assert refused.value.params == {"accepted": "2026-02-01 … 2026-03-01"}


class Campus:
    """A tree and its people in memory, changed by the rules alone, in the order in which the service does."""

    def __init__(self) -> None:
        self.tree: dict[str, dict[str, Any]] = {"r": dict(ROOT), **{n: dict(s) for n, s in FACULTIES.items()}}
        for name, above in (("a", "s"), ("b", "s"), ("c", "t"), ("d", "r")):
            self.tree[name] = founded(name, "branch", (above, self.tree[above]))
            self.tree[f"{name}1"] = founded(f"{name}1", "group", (name, self.tree[name]))
        self.people = {f"p {node}": node for node in self.tree if node != "r"}

    def standing(self, node: str) -> rules.Standing:
        return node, self.tree[node]

    def children(self, node: str) -> list[str]:
        return [each for each, state in self.tree.items() if state["parent"] == node and state["active"]]

    def put(self, node: str, parent: str) -> None:
        moved = directory.change_organisation(
            node, self.tree[node], {}, TODAY, on=TODAY, parent=self.standing(parent)
        )
        self.tree[node] = dict(moved.state if moved else self.tree[node])
        for child in [each for each, state in self.tree.items() if state["parent"] == node]:
            followed = directory.follow(child, self.tree[child], self.standing(node), TODAY)
            self.tree[child] = dict(followed.state if followed else self.tree[child])
            for below in self.children(child):
                self.put(below, child)

    def end(self, ending: list[str], heir: str | None) -> None:
        for person, home in self.people.items():
            if home in ending:
                assert heir is not None
                self.people[person] = heir
        for node in reversed(ending):
            gone = directory.dissolve(node, self.tree[node], on=TODAY, successors=[heir] if heir else [])
            self.tree[node] = dict(gone.state if gone else self.tree[node])

    def merge(self, first: str, others: list[str]) -> None:
        ending = rules.judge_merger(
            self.standing(first), [self.standing(each) for each in others], stays=True
        )
        for child in [each for node in ending for each in self.children(node)]:
            self.put(child, first)
        self.end(ending, first)

    def dissolve(self, node: str, heir: str | None) -> None:
        groups = self.children(node)
        ending = [node, *groups]
        rules.judge_dissolution(
            self.standing(node),
            self.standing(heir) if heir else None,
            [self.tree[each] for each in groups],
            any(home in ending for home in self.people.values()),
        )
        self.end(ending, heir)

    def split(self, node: str, new: str, members: list[str], groups: list[str]) -> None:
        states = [{"active": True, "organisation": self.people[each]} for each in members]
        rules.judge_split(
            self.standing(node), states, [self.standing(each) for each in groups], self.children(node)
        )
        above = str(self.tree[node]["parent"])
        self.tree[new] = founded(new, self.tree[node]["kind"], self.standing(above))
        self.people.update(dict.fromkeys(members, new))
        for group in groups:
            self.put(group, new)


NODES = st.sampled_from(("r", "s", "t", "a", "a1", "b", "b1", "c", "c1", "d", "d1", "n0", "n1"))


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(("merge", "dissolve", "split")), NODES, NODES, st.none() | NODES),
        max_size=8,
    )
)
def test_whatever_is_reorganised_the_tree_stays_a_tree_and_nobody_is_lost(
    steps: list[tuple[str, str, str, str | None]],
) -> None:
    campus, whole = Campus(), set(Campus().people)
    for number, (what, node, other, third) in enumerate(steps):
        if not {node, other, third} - {None} <= set(campus.tree):
            continue
        try:
            if what == "merge":
                campus.merge(node, [each for each in (other, third) if each])
            elif what == "dissolve":
                campus.dissolve(node, third)
            else:
                members = [each for each, home in sorted(campus.people.items()) if home == node][:1]
                campus.split(node, f"n{number}", members, [other] if third else [])
        except (Conflict, Invalid):
            continue
    assert set(campus.people) == whole
    for home in campus.people.values():
        assert campus.tree[home]["active"]
    for node, state in campus.tree.items():
        if state["parent"] is None:
            assert (node, state["path"]) == ("r", ["r"])
            continue
        above = campus.tree[state["parent"]]
        assert not state["active"] or (above["active"] and state["path"] == [*above["path"], node])
        assert above["kind"] in directory.PARENT_KINDS[state["kind"]]
        assert state["active"] == (state["dissolved_on"] is None)
        for successor in state["successors"]:
            assert successor in campus.tree


def test_who_was_spoken_of_later_goes_over_later() -> None:
    person = {"spells": [{"since": "2026-02-20"}]}
    assert rules.goes_over(person, date(2026, 2, 1)) == date(2026, 2, 20)
    assert rules.goes_over({"spells": [{"since": None}]}, date(2026, 2, 1)) == date(2026, 2, 1)
