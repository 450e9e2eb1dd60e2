"""Micro-lectures as pure rules: never reviewed by their author, published once, and nothing is counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from marshmallow import Schema, fields

from gateway.routes import bulletins as addresses
from services.chassis.contract import EventContract
from services.chassis.errors import Conflict, Forbidden, Invalid, Refusal
from services.chassis.policies import effective, load_all
from services.contracts.records_events import bulletins as events
from services.contracts.records_rpc import bulletins, campaigns
from services.records.campaigns import model as rules
from tests.unit.records.test_thought_rules import POLICIES

NOW = datetime(2026, 9, 10, 4, 0, tzinfo=UTC)
TODAY = date(2026, 9, 10)
UNTIL = date(2026, 9, 30)
RULES = effective(load_all(POLICIES, "bulletins-*.yaml"), TODAY)
AUDIENCE = {"organisations": ["s"], "roles": [], "political_statuses": ["member"]}
CALL: dict[str, Any] = {
    "organisation": "s",
    "title": "微党课征集",
    "theme": "初心",
    "audience": AUDIENCE,
    "submit_until": UNTIL,
    "review_level": "branch",
}
SAID: dict[str, Any] = {
    "title": "一课",
    "summary": "摘要",
    "kind": "video",
    "link": "https://v.example.edu.cn/1",
    "attachments": [],
}


def called(**more: Any) -> dict[str, Any]:
    return dict(rules.call("c", {**CALL, **more}, by="x", now=NOW, today=TODAY).state)


def drafted(today: date = TODAY, **more: Any) -> dict[str, Any]:
    given = {**SAID, "organisation": "b", "review_at": "b", **more}
    return dict(rules.draft("c", called(), given, author="a", now=NOW, today=today).state)


def submitted(state: dict[str, Any], today: date = TODAY) -> dict[str, Any]:
    return dict(rules.submit("l", state, called(), now=NOW, today=today, rulings=RULES).state)


def reviewed(state: dict[str, Any], verdict: str, by: str = "r") -> dict[str, Any]:
    return dict(rules.review("l", state, verdict=verdict, comment="请改", by=by, today=TODAY).state)


def test_a_campaign_ends_on_its_last_day_and_what_was_returned_may_come_again() -> None:
    late = UNTIL + timedelta(days=1)
    with pytest.raises(Conflict, match=r"campaign\.over"):
        drafted(today=late)
    with pytest.raises(Conflict, match=r"campaign\.over"):
        submitted(drafted(), late)
    returned = reviewed(submitted(drafted(), UNTIL), "return")
    assert submitted(returned, late)["state"] == "submitted"


def test_a_campaign_that_was_closed_takes_nothing_new_and_what_was_returned_still() -> None:
    closed = rules.close("c", called(), reason="已征集足额", by="x", today=TODAY)
    assert [each.contract.type for each in closed.events] == ["records.campaign.closed.v1"]
    assert "足额" not in str(closed.events[0].data)
    given = {**SAID, "organisation": "b", "review_at": "b"}
    waiting, returned = drafted(), reviewed(submitted(drafted()), "return")
    for late in (
        lambda: rules.draft("c", closed.state, given, author="a", now=NOW, today=TODAY),
        lambda: rules.submit("l", waiting, closed.state, now=NOW, today=TODAY, rulings=RULES),
        lambda: rules.close("c", closed.state, reason="再关", by="x", today=TODAY),
    ):
        with pytest.raises(Conflict, match=r"campaign\.over") as refused:
            late()
        assert refused.value.params["accepted"] == TODAY.isoformat()
    again = rules.submit("l", returned, closed.state, now=NOW, today=TODAY, rulings=RULES)
    assert again.state["state"] == "submitted"


@pytest.mark.parametrize("until", [TODAY - timedelta(days=1), TODAY + timedelta(days=400)])
def test_a_campaign_lasts_from_today_to_a_year(until: date) -> None:
    with pytest.raises(Invalid) as refused:
        called(submit_until=until)
    assert "2026-09-10" in refused.value.params["accepted"]


@pytest.mark.parametrize("host", ["edu.cn.evil.example", "evil-edu.example", "notedu.cn", "v.example.com"])
def test_a_link_leads_to_a_host_of_the_pack(host: str) -> None:
    with pytest.raises(Invalid) as refused:
        submitted(drafted(link=f"https://{host}/1"))
    assert refused.value.code == "lecture.host_unfit"
    assert refused.value.params["pack"] == "bulletins-default"
    assert "edu.cn" in refused.value.params["accepted"]


def test_a_lecture_shows_something() -> None:
    with pytest.raises(Invalid, match=r"nothing_to_show"):
        submitted(drafted(link=None))
    file = {"file": "f", "name": "讲稿.pdf", "media_type": "application/pdf", "size": 1, "sha256": "0"}
    assert submitted(drafted(link=None, attachments=[file]))["state"] == "submitted"


@pytest.mark.parametrize(
    ("level", "home", "reviewer"),
    [
        ("caller", ["root", "s", "b"], "s"),
        ("branch", ["root", "s", "b", "g"], "b"),
        ("branch", ["root", "s"], "s"),
        ("secondary", ["root", "s", "b"], "s"),
        ("secondary", ["root", "other", "x"], "s"),
    ],
)
def test_a_lecture_is_reviewed_at_the_level_that_was_chosen(
    level: str, home: list[str], reviewer: str
) -> None:
    kinds = {"root": "university_committee", "s": "secondary", "b": "branch", "g": "group"}
    path = [(each, kinds.get(each, "secondary")) for each in home]
    assert rules.reviewed_at({"organisation": "s", "review_level": level}, path) == reviewer


class Life(RuleBasedStateMachine):
    """Whatever is tried in whatever order: reviewed by others alone, published once, nothing lost."""

    def __init__(self) -> None:
        super().__init__()
        self.state = drafted()
        self.told: list[str] = []
        self.reviews = 0

    def tried(self, change: Any, *allowed: str, also: bool = True) -> bool:
        fits = self.state["state"] in allowed and also
        try:
            made = change()
        except Refusal:
            assert not fits
            return False
        assert fits
        self.state = dict(made.state)
        self.told += [each.contract.type.split(".")[2] for each in made.events]
        return True

    @rule()
    def written(self) -> None:
        self.tried(lambda: rules.change(self.state, SAID), "draft", "returned")

    @rule()
    def handed_in(self) -> None:
        self.tried(
            lambda: rules.submit("l", self.state, called(), now=NOW, today=TODAY, rulings=RULES),
            "draft",
            "returned",
        )

    @rule(
        verdict=st.sampled_from(["accept", "return"]),
        by=st.sampled_from("ar"),
        comment=st.none() | st.just("好"),
    )
    def judged(self, verdict: str, by: str, comment: str | None) -> None:
        self.reviews += self.tried(
            lambda: rules.review("l", self.state, verdict=verdict, comment=comment, by=by, today=TODAY),
            "submitted",
            also=by != "a" and (verdict == "accept" or comment is not None),
        )

    @rule()
    def given_up(self) -> None:
        seen = self.state["handed_in_to"]
        if self.tried(lambda: rules.discard(self.state), "draft", "returned"):
            assert (self.state["summary"], self.state["link"], self.state["attachments"]) == (None, None, [])
            assert self.state["handed_in_to"] == seen

    @rule()
    def put_out(self) -> None:
        self.tried(lambda: rules.publish("l", self.state, now=NOW, today=TODAY), "accepted")

    @rule()
    def taken_down(self) -> None:
        self.tried(lambda: rules.withdraw("l", self.state, reason="有误", by="x", today=TODAY), "published")

    @invariant()
    def nothing_is_lost(self) -> None:
        assert len(self.state["reviews"]) == self.reviews
        assert all(each["by"] != "a" for each in self.state["reviews"])
        assert self.told.count("published") == (self.state["state"] in ("published", "withdrawn"))
        seen = "submitted" in self.told
        assert (self.state["handed_in_to"] == "c") == seen


Life.TestCase.settings = settings(max_examples=25, deadline=None)
TestLife = Life.TestCase


def test_nobody_reviews_their_own() -> None:
    with pytest.raises(Forbidden, match=r"lecture\.own"):
        reviewed(submitted(drafted()), "accept", by="a")


UNSCORABLE = (
    "like",
    "vote",
    "view",
    "click",
    "forward",
    "share",
    "rank",
    "star",
    "rating",
    "point",
    "streak",
)
# "review" holds "view": it is a verdict with a comment by a person who answers for it.
ALLOWED = {"review_at", "review_level", "reviews"}


def declared(module: Any) -> list[type[Schema]]:
    found = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Schema)]
    return [each for each in found if each is not EventContract]


@pytest.mark.parametrize("module", [bulletins, campaigns, events])
def test_no_contract_offers_a_like_a_vote_a_look_or_a_rank(module: Any) -> None:
    schemas = declared(module)
    assert len(schemas) > 5
    for schema in schemas:
        for name, field in schema._declared_fields.items():
            assert name in ALLOWED or not any(word in name for word in UNSCORABLE), (schema, name)
            counted = isinstance(field, fields.Integer) and issubclass(schema, campaigns.PublishedLecture)
            assert not counted or name == "version", (schema, name)


def test_no_address_offers_one_either() -> None:
    paths = " ".join(each.path.replace("/review", "") for each in addresses.ROUTES)
    assert not any(word in paths for word in UNSCORABLE)
    assert not any(
        name in ("sort", "order", "by") for each in addresses.ROUTES for name in each.form._declared_fields
    )
