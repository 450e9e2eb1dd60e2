"""Thought reports as pure rules: who owes one, who reads it, and that nothing is made of its text."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.chassis.errors import Conflict, Forbidden, Invalid, Refusal
from services.chassis.policies import effective, load_all
from services.records.thoughts import model as rules

POLICIES = Path(__file__).parents[3] / "services" / "records" / "policies"
RULES = effective(load_all(POLICIES, "thought-reports-*.yaml"), date(2026, 9, 10))
TODAY = date(2026, 9, 10)
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
TEXTS = st.text(min_size=1, max_size=200)


def handed_in(period: str = "2026-Q3", today: date = TODAY, text: str = "汇报") -> dict[str, Any]:
    said = {"author": "a", "organisation": "b", "period": period, "text": text}
    return dict(rules.hand_in("r", said, today=today, rulings=RULES).state)


def read(before: dict[str, Any], verdict: str, comment: str | None = None, by: str = "c") -> dict[str, Any]:
    return dict(rules.read("r", before, verdict=verdict, comment=comment, by=by, today=TODAY).state)


@given(day=DAYS)
def test_every_day_is_in_the_quarter_named_after_it(day: date) -> None:
    first, last = rules.bounds(rules.quarter(day))
    assert first <= day <= last
    assert rules.quarter(last + timedelta(days=1)) != rules.quarter(day)
    assert (first.day, first.month % 3) == (1, 1)


@pytest.mark.parametrize("period", ["2026-Q5", "2026-Q0", "2026", "", "0000-Q1", "9999-Q4", "2026-Q1\n"])
def test_what_is_no_quarter_is_refused(period: str) -> None:
    with pytest.raises(Invalid, match=r"^thought\.period$"):
        handed_in(period)


@pytest.mark.parametrize(
    ("status", "owes"),
    [
        ("activist", True),
        ("probationary", True),
        ("candidate", False),
        ("applicant", False),
        ("member", False),
        ("none", False),
    ],
)
def test_activists_and_probationary_members_owe_one_each_quarter(status: str, owes: bool) -> None:
    assert rules.owes(status, RULES) is owes
    assert RULES["thought_report"].value["times"] == 1
    assert RULES["thought_report"].value["every"] == "quarter"


@pytest.mark.parametrize(
    ("today", "outcome"),
    [
        (date(2026, 6, 30), "thought.not_begun"),
        (date(2026, 7, 1), False),
        (date(2026, 9, 30), False),
        (date(2026, 10, 1), True),
        (date(2026, 11, 14), True),
        (date(2026, 11, 15), "thought.period_over"),
    ],
)
def test_a_report_comes_within_its_quarter_or_late_within_the_days_after_it(
    today: date, outcome: Any
) -> None:
    if isinstance(outcome, bool):
        assert handed_in(today=today)["late"] is outcome
        return
    with pytest.raises(Invalid) as refused:
        handed_in(today=today)
    assert refused.value.code == outcome
    assert refused.value.params["accepted"] == rules.quarter(today)


def test_a_refusal_for_being_too_late_names_pack_and_article() -> None:
    with pytest.raises(Invalid) as refused:
        handed_in(today=date(2027, 1, 1))
    assert refused.value.params["pack"] == "thought-reports-default"
    assert refused.value.params["article"]


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (date(2026, 9, 30), "open"),
        (date(2026, 10, 1), "overdue"),
        (date(2026, 11, 14), "overdue"),
        (date(2026, 11, 15), "missed"),
    ],
)
def test_what_is_not_handed_in_is_open_then_overdue_then_missed(today: date, state: str) -> None:
    assert rules.state_of_duty(None, "2026-Q3", today, RULES) == state
    assert rules.state_of_duty(handed_in(), "2026-Q3", today, RULES) == "in_time"
    assert rules.state_of_duty(handed_in(today=date(2026, 10, 2)), "2026-Q3", today, RULES) == "late"


@given(one=TEXTS, other=TEXTS, verdict=st.sampled_from(["accept", "return"]))
def test_what_a_report_says_changes_nothing_but_itself(one: str, other: str, verdict: str) -> None:
    states = [read(handed_in(text=text), verdict, "请补充") for text in (one, other)]
    assert {**states[0], "text": ""} == {**states[1], "text": ""}


def test_no_event_holds_a_text_or_a_comment() -> None:
    said = {"author": "a", "organisation": "b", "period": "2026-Q3", "text": "心里话"}
    first = rules.hand_in("r", said, today=TODAY, rulings=RULES)
    returned = rules.read("r", first.state, verdict="return", comment="批注", by="c", today=TODAY)
    again = rules.hand_in_again("r", returned.state, text="再写", today=TODAY)
    accepted = rules.read("r", again.state, verdict="accept", comment="批注", by="c", today=TODAY)
    told = str([event.data for each in (first, returned, again, accepted) for event in each.events])
    assert not any(word in told for word in ("心里话", "再写", "批注"))


def test_a_returned_report_comes_again_and_its_old_version_stays() -> None:
    state = read(handed_in(text="一稿"), "return", "请补充")
    again = dict(rules.hand_in_again("r", state, text="二稿", today=date(2026, 10, 20)).state)
    assert (again["text"], again["state"], again["late"]) == ("二稿", "handed_in", False)
    assert again["earlier"] == [{"text": "一稿", "on": "2026-09-10"}]
    assert again["readings"] == state["readings"]


def test_a_return_says_why() -> None:
    with pytest.raises(Invalid, match=r"thought\.comment_missing"):
        read(handed_in(), "return")


def test_nobody_accepts_their_own_report() -> None:
    with pytest.raises(Forbidden, match=r"thought\.own"):
        read(handed_in(), "accept", by="a")


PEOPLE = st.sampled_from(["a", "b", "c", "d", "e"])


@given(person=PEOPLE, contacts=st.sets(PEOPLE, max_size=2), secretaries=st.sets(PEOPLE, max_size=2))
def test_only_author_contacts_and_secretary_read_and_whoever_judges_may_read(
    person: str, contacts: set[str], secretaries: set[str]
) -> None:
    report = handed_in()
    reads = rules.may_read(report, person, contacts, secretaries)
    assert reads == (person in {"a", *contacts, *secretaries})
    if rules.may_judge(report, person, contacts, secretaries):
        assert reads
        assert person != "a"
        assert person in (contacts or secretaries)


class Life(RuleBasedStateMachine):
    """Whatever is tried in whatever order, a report follows its life and loses nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.state = handed_in(text="0")
        self.versions = ["0"]
        self.verdicts = 0

    @rule(text=TEXTS)
    def again(self, text: str) -> None:
        before = self.state["state"]
        try:
            self.state = dict(rules.hand_in_again("r", self.state, text=text, today=TODAY).state)
        except Conflict:
            assert before != "returned"
        else:
            assert before == "returned"
            self.versions.append(text)

    @rule(verdict=st.sampled_from(["accept", "return"]), by=PEOPLE, comment=st.none() | TEXTS)
    def judged(self, verdict: str, by: str, comment: str | None) -> None:
        before = self.state["state"]
        try:
            self.state = read(self.state, verdict, comment, by)
        except Refusal:
            fit = before == "handed_in" and by != "a" and (verdict == "accept" or comment)
            assert not fit
        else:
            assert before == "handed_in"
            self.verdicts += 1

    @invariant()
    def nothing_is_lost(self) -> None:
        kept = [*(each["text"] for each in self.state["earlier"]), self.state["text"]]
        assert kept == self.versions
        assert len(self.state["readings"]) == self.verdicts
        accepted = [each for each in self.state["readings"] if each["verdict"] == "accept"]
        assert len(accepted) == (self.state["state"] == "accepted")


Life.TestCase.settings = settings(max_examples=25, deadline=None)
TestLife = Life.TestCase

MEMBER = {"active": True, "political_status": "member"}


@pytest.mark.parametrize(
    ("contacts", "code"),
    [
        ([], "contact.count"),
        (["c", "d", "e"], "contact.count"),
        (["a"], "contact.self"),
        (["p"], "contact.not_member"),
    ],
)
def test_contacts_are_one_or_two_full_members_other_than_the_person(contacts: list[str], code: str) -> None:
    people = dict.fromkeys("acde", MEMBER) | {"p": {**MEMBER, "political_status": "probationary"}}
    with pytest.raises(Invalid) as refused:
        rules.name_contacts("x", None, contacts, {"person": "a", "organisation": "b"}, people)
    assert refused.value.code == code
    named = rules.name_contacts("x", None, ["c", "d", "c"], {"person": "a", "organisation": "b"}, people)
    assert named is not None
    assert named.state["contacts"] == ["c", "d"]
    again = rules.name_contacts("x", named.state, ["c", "d"], {"person": "a", "organisation": "b"}, people)
    assert again is None


@given(heard=st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["c", "d", "e"])), max_size=12))
def test_a_dossiers_newest_word_on_contacts_counts_once_in_any_order(heard: list[tuple[int, str]]) -> None:
    people = dict.fromkeys("acde", MEMBER)
    said = {"person": "a", "organisation": "b"}
    state: dict[str, Any] | None = None
    newest = 0
    for version, contact in heard:
        change = rules.follow_dossier("x", state, "dossier", version, [contact], said, people)
        if version <= newest:
            assert change is None
            continue
        assert change is not None
        assert change.state["contacts"] == [contact]
        assert len(change.events) == (state is None or state["contacts"] != [contact])
        state, newest = dict(change.state), version
    if state is not None:
        named = rules.name_contacts("x", state, ["d", "e"], said, people)
        assert named is not None
        assert rules.follow_dossier("x", named.state, "dossier", newest, ["c"], said, people) is None
