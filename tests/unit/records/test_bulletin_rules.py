"""Bulletins as pure rules: published once, corrected by editions, taken down on record, plain throughout."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.chassis.errors import Conflict, Invalid
from services.chassis.policies import effective, load_all
from services.records.bulletins import model as rules
from services.records.bulletins import receipts, wording
from tests.unit.records.test_thought_rules import POLICIES

NOW = datetime(2026, 9, 10, 4, 0, tzinfo=UTC)
TODAY = date(2026, 9, 10)
RULES = effective(load_all(POLICIES, "bulletins-*.yaml"), TODAY)
AUDIENCE = {"organisations": ["o"], "roles": [], "political_statuses": []}
SAID: dict[str, Any] = {"title": "通知", "body": "第一段\n\n第二段", "link": None, "attachments": []}
DRAFT: dict[str, Any] = {
    **SAID,
    "organisation": "o",
    "audience": AUDIENCE,
    "mandatory": False,
    "read_by": None,
    "open": False,
}


def drafted(**more: Any) -> dict[str, Any]:
    return dict(rules.draft({**DRAFT, **more}, by="a", now=NOW).state)


def publish(state: dict[str, Any], at: datetime | None = None, now: datetime = NOW) -> Any:
    day = (at or now).date()
    return rules.publish("b", state, by="a", at=at, now=now, today=now.date(), day=day, rulings=RULES)


def published(**more: Any) -> dict[str, Any]:
    return dict(publish(drafted(**more)).state)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "见<img src=x onerror=alert(1)", "a</p>", "<!--", "<?xml", "<A "]
)
@pytest.mark.parametrize("field", ["title", "body"])
def test_html_is_refused_wherever_it_stands(field: str, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        drafted(**{field: text})
    assert refused.value.fields == {field: ["text.markup"]}


@pytest.mark.parametrize(
    "text", ["3 < 5", "a<1", "x <= y > z", "《通知》&lt;b&gt;", "<", "<<通知>>", "<党课>"]
)
def test_signs_that_begin_no_tag_are_text(text: str) -> None:
    assert drafted(body=text)["body"] == text


@given(st.text(max_size=60))
def test_what_is_let_through_begins_no_tag(text: str) -> None:
    try:
        wording.check_plain({"body": text})
    except Invalid:
        assert "<" in text
    else:
        assert not any(
            first == "<" and ((second.isascii() and second.isalpha()) or second in "/!?")
            for first, second in pairwise(text)
        )


@pytest.mark.parametrize(
    "link",
    [
        "http://www.example.edu.cn/a",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//www.example.edu.cn/a",
        "https://user@www.example.edu.cn/",
        "https://www.example.edu.cn:8443/",
        "https://www.example.edu.cn\\@evil.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://",
        "https:///a",
        "https://www.example.edu.cn/a b",
        "https://www.example.edu.cn/\n",
        " https://www.example.edu.cn/",
        "HTTPS://www.example.edu.cn/",
        'https://www.example.edu.cn/"onclick=x',
        "https://例子.cn/",
        "https://www.example.edu.cn:x/",
    ],
)
def test_a_link_leads_to_a_page_of_a_named_host_by_https_alone(link: str) -> None:
    with pytest.raises(Invalid) as refused:
        drafted(link=link)
    assert refused.value.code == "link.unfit"
    assert refused.value.params["accepted"].startswith("https://")


@pytest.mark.parametrize("link", ["https://www.example.edu.cn", "https://WWW.example.edu.cn/a?b=c#d"])
def test_an_ordinary_link_is_taken_as_it_is(link: str) -> None:
    assert drafted(link=link)["link"] == link
    assert wording.host_of(link) == "www.example.edu.cn"


@pytest.mark.parametrize(("days", "fits"), [(0, False), (1, True), (60, True), (61, False)])
def test_the_last_day_to_read_lies_within_what_the_pack_accepts(days: int, fits: bool) -> None:
    state = drafted(mandatory=True, read_by=TODAY + timedelta(days=days))
    if fits:
        assert publish(state).state["state"] == "published"
        return
    with pytest.raises(Invalid) as refused:
        publish(state)
    assert refused.value.code == "bulletin.read_by_unfit"
    assert refused.value.params["pack"] == "bulletins-default"
    assert refused.value.params["article"]
    assert refused.value.params["accepted"] == "2026-09-11 … 2026-11-09"


def test_only_a_mandatory_one_has_a_last_day_and_it_must_have_one() -> None:
    with pytest.raises(Invalid, match=r"read_by_missing"):
        drafted(mandatory=True)
    with pytest.raises(Invalid, match=r"read_by_unneeded"):
        drafted(read_by=TODAY)


def test_what_waits_for_its_hour_is_published_then_and_not_before() -> None:
    at = NOW + timedelta(hours=3)
    waiting = publish(drafted(), at)
    assert (waiting.state["state"], list(waiting.events), waiting.state["marks"]) == ("scheduled", [], [])
    assert rules.release("b", waiting.state, now=at - timedelta(seconds=1), today=TODAY) is None
    released = rules.release("b", waiting.state, now=at, today=TODAY)
    assert released is not None
    assert released.state["state"] == "published"
    assert rules.release("b", released.state, now=at, today=TODAY) is None
    changed = rules.change(waiting.state, {**DRAFT, "title": "另一则"})
    assert (changed.state["state"], changed.state["publish_at"]) == ("draft", None)
    with pytest.raises(Invalid, match=r"too_far_ahead"):
        publish(drafted(), NOW + timedelta(days=400))


def test_no_event_holds_a_word_of_it() -> None:
    words = ("题目", "正文", "更正说明", "撤回原因")
    first = publish(drafted(title=words[0], body=words[1], open=True))
    fixed = rules.correct("b", first.state, {**SAID, "correction": words[2]}, by="a", now=NOW, today=TODAY)
    gone = rules.withdraw("b", fixed.state, reason=words[3], by="a", today=TODAY)
    events = [event for each in (first, fixed, gone) for event in each.events]
    assert [each.contract.type.split(".")[2] for each in events] == ["published", "corrected", "withdrawn"]
    assert not any(word in str([each.data for each in events]) for word in words)
    for each in events:
        each.contract.encode(each.data)


class Life(RuleBasedStateMachine):
    """Whatever is tried in whatever order, it is published at most once and no edition is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.state = drafted()
        self.told: list[str] = []
        self.titles = ["通知"]

    def tried(self, change: Any, allowed: bool) -> bool:
        try:
            made = change()
        except Conflict:
            assert not allowed
            return False
        assert allowed
        self.state = dict(made.state)
        self.told += [each.contract.type.split(".")[2] for each in made.events]
        return True

    @rule(title=st.text("甲乙丙", min_size=1, max_size=3))
    def rewritten(self, title: str) -> None:
        before = self.state["state"] in ("draft", "scheduled")
        if self.tried(lambda: rules.change(self.state, {**DRAFT, "title": title}), before):
            self.titles = [title]

    @rule(later=st.booleans())
    def put_out(self, later: bool) -> None:
        at = NOW + timedelta(days=1) if later else None
        self.tried(lambda: publish(self.state, at), self.state["state"] in ("draft", "scheduled"))

    @rule(days=st.integers(0, 2))
    def time_passes(self, days: int) -> None:
        made = rules.release("b", self.state, now=NOW + timedelta(days=days), today=TODAY)
        if made is not None:
            self.tried(lambda: made, True)

    @rule(title=st.text("甲乙丙", min_size=1, max_size=3))
    def corrected(self, title: str) -> None:
        fixed = {**SAID, "title": title, "correction": "更正"}
        allowed = self.state["state"] == "published" and self.state["edition"] < rules.MOST_EDITIONS
        if self.tried(lambda: rules.correct("b", self.state, fixed, by="a", now=NOW, today=TODAY), allowed):
            self.titles.append(title)

    @rule()
    def taken_down(self) -> None:
        self.tried(
            lambda: rules.withdraw("b", self.state, reason="有误", by="a", today=TODAY),
            self.state["state"] == "published",
        )

    @invariant()
    def published_once_and_nothing_lost(self) -> None:
        assert self.told.count("published") == (self.state["edition"] > 0)
        assert self.told.count("withdrawn") == (self.state["state"] == "withdrawn")
        assert bool(self.state["marks"]) == (self.state["edition"] > 0)
        kept = [*(each["title"] for each in self.state["earlier"]), self.state["title"]]
        assert kept == self.titles
        assert len(self.state["corrections"]) == max(0, self.state["edition"] - 1)


Life.TestCase.settings = settings(max_examples=25, deadline=None)
TestLife = Life.TestCase

PERSONS = st.sets(st.sampled_from("abcdefgh"), min_size=1)


@given(expected=PERSONS, readers=PERSONS, days=st.integers(-2, 2), withdrawn=st.booleans())
def test_an_organisation_is_told_once_that_some_have_not_read(
    expected: set[str], readers: set[str], days: int, withdrawn: bool
) -> None:
    bulletin = {"bulletin": "b", "read_by": TODAY}
    state: dict[str, Any] = receipts.expect(bulletin, "o", sorted(expected))
    told = []
    for day in (TODAY + timedelta(days=days), TODAY + timedelta(days=3), TODAY + timedelta(days=3)):
        change = receipts.close(state, readers, withdrawn=withdrawn, today=day)
        if change is not None:
            assert day > TODAY
            state = dict(change.state)
            told += [each.data for each in change.events]
    left = expected - readers
    assert len(told) == bool(left and not withdrawn)
    for each in told:
        assert (each["unread"], each["read"]) == (len(left), len(expected & readers))
    assert state["state"] != "open"
