"""Who may see an event as it happens: whoever it concerns, and never the one it may be about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.visibility import Post, Scope, may_see, shown
from services.chassis.envelope import Event

ROOT, COLLEGE, BRANCH, OTHER = "root", "college", "branch", "other"
TIME = datetime(2026, 3, 2, tzinfo=UTC)


def event(kind: str, **content: Any) -> Event:
    wire = {"data": content, "time": "2026-03-02T00:00:00Z"}
    return Event("e", f"{kind}.v1", "/jishi/x", "s", TIME, content, sequence=1, actor="p-actor", wire=wire)


MEMBER = Scope("p", BRANCH)
SECRETARY = Scope("p", BRANCH, (Post("secretary", BRANCH, (ROOT, COLLEGE, BRANCH)),), frozenset({BRANCH}))
DEAN = Scope("p", COLLEGE, (Post("secretary", COLLEGE, (ROOT, COLLEGE)),), frozenset({COLLEGE, BRANCH}))
TREASURER = Scope("p", BRANCH, (Post("group_leader", BRANCH, (ROOT, COLLEGE, BRANCH)),), frozenset({BRANCH}))
BOTH = Scope("p", BRANCH, (*SECRETARY.posts, *DEAN.posts), DEAN.covered)


@pytest.mark.parametrize(
    ("kind", "content", "who"),
    [
        ("records.activity.approved", {"organisation": BRANCH}, {"member", "secretary", "dean"}),
        ("records.activity.approved", {"organisation": OTHER}, set()),
        ("evaluation.score.changed", {"organisation": COLLEGE}, {"dean"}),
        ("records.person.changed", {"organisation": BRANCH, "person": "x"}, {"secretary", "dean"}),
        ("records.person.changed", {"organisation": OTHER, "person": "p"}, {"member", "secretary", "dean"}),
        ("notify.message.changed", {"organisation": BRANCH}, {"secretary", "dean"}),
        ("feedback.result.published", {"organisation": OTHER}, {"member", "secretary", "dean"}),
        ("feedback.opinion.received", {"organisation": BRANCH, "mode": "named"}, {"secretary", "dean"}),
        ("feedback.opinion.received", {"organisation": BRANCH, "mode": "anonymous"}, set()),
        ("feedback.opinion.declined", {"organisation": BRANCH, "mode": "anonymous"}, {"secretary", "dean"}),
        ("feedback.measure.planned", {"organisation": OTHER, "owner": "p"}, {"member", "secretary", "dean"}),
        ("future.thing.happened", {"organisation": BRANCH}, set()),
    ],
)
def test_an_event_is_seen_by_whom_it_concerns(kind: str, content: dict[str, Any], who: set[str]) -> None:
    scopes = {"member": MEMBER, "secretary": SECRETARY, "dean": DEAN}
    assert {name for name, scope in scopes.items() if may_see(scope, event(kind, **content))} == who


def test_an_opinion_that_may_be_about_its_reader_is_not_seen() -> None:
    about_head = event("feedback.opinion.received", organisation=COLLEGE, mode="named")
    assert may_see(DEAN, about_head)
    assert not may_see(BOTH, about_head)
    assert not may_see(SECRETARY, about_head)


def test_a_post_that_handles_no_opinions_sees_none() -> None:
    assert not may_see(TREASURER, event("feedback.opinion.received", organisation=BRANCH, mode="named"))


def test_a_scope_follows_an_organisation_that_moves() -> None:
    founded = DEAN.moved("new", [ROOT, COLLEGE, "new"])
    assert "new" in founded.covered
    assert "new" not in founded.moved("new", [ROOT, OTHER, "new"]).covered


def test_what_is_shown_has_no_actor_and_nothing_sealed() -> None:
    told = shown(event("records.person.changed", organisation=BRANCH, person="x", phone_sealed="v1.k.s"))
    assert told["data"] == {"organisation": BRANCH, "person": "x"}
    assert "p-actor" not in str(told)
