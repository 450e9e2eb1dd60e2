"""Who may see an event as it happens: whoever it concerns, and never the one it may be about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway import audiences
from gateway.published import contracts
from gateway.visibility import Post, Scope, view
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


def may_see(scope: Scope, happened: Event) -> bool:
    return view(scope, happened) is not None


@pytest.mark.parametrize(
    ("kind", "content", "who"),
    [
        ("records.activity.approved", {"organisation": BRANCH}, {"member", "secretary", "dean"}),
        ("records.activity.approved", {"organisation": OTHER}, set()),
        ("evaluation.score.changed", {"organisation": COLLEGE}, {"dean"}),
        ("records.person.changed", {"organisation": BRANCH, "person": "x"}, {"secretary", "dean"}),
        ("records.person.changed", {"organisation": OTHER, "person": "p"}, {"member", "secretary", "dean"}),
        (
            "records.transfer.asked",
            {"organisation": OTHER, "destination": BRANCH, "person": "x"},
            {"secretary", "dean"},
        ),
        ("records.transfer.asked", {"organisation": OTHER, "person": "x"}, set()),
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


def test_a_restricted_task_is_seen_by_whom_it_is_confided_to_and_who_has_to_do_it() -> None:
    inspector = Scope("p", COLLEGE, DEAN.posts, DEAN.covered, confided=frozenset())
    reviewer = Scope("p", COLLEGE, DEAN.posts, DEAN.covered, confided=frozenset({BRANCH}))
    for kind in ("created", "changed", "done", "confirmed", "cancelled", "overdue", "urged"):
        task = {"organisation": BRANCH, "task": "t"}
        assert may_see(inspector, event(f"records.task.{kind}", **task))
        confided = event(f"records.task.{kind}", **task, restricted=True)
        assert not may_see(inspector, confided)
        assert may_see(reviewer, confided)
        assert may_see(inspector, event(f"records.task.{kind}", **task, restricted=True, person="p"))


def test_what_is_about_a_head_is_shown_live_to_nobody_since_no_event_names_whom_it_is_kept_from() -> None:
    said = {"organisation": COLLEGE, "mode": "named"}
    for scope, handles in ((DEAN, True), (BOTH, True), (SECRETARY, False)):
        assert may_see(scope, event("feedback.opinion.received", **said)) == handles
        assert not may_see(scope, event("feedback.opinion.received", **said, restricted=True))
    measure = {"organisation": COLLEGE, "owner": "p", "measure": "m", "restricted": True}
    assert not any(may_see(scope, event("feedback.measure.planned", **measure)) for scope in (DEAN, MEMBER))


def test_a_post_that_handles_no_opinions_sees_none() -> None:
    assert not may_see(TREASURER, event("feedback.opinion.received", organisation=BRANCH, mode="named"))


TO_BRANCH = {"organisations": [BRANCH], "roles": [], "political_statuses": []}


@pytest.mark.parametrize(
    ("content", "who"),
    [
        (TO_BRANCH, {"member", "secretary"}),
        ({**TO_BRANCH, "organisations": [ROOT]}, {"member", "secretary", "dean"}),
        ({**TO_BRANCH, "organisations": [COLLEGE], "roles": ["secretary"]}, {"secretary", "dean"}),
        ({**TO_BRANCH, "political_statuses": ["member"]}, {"member"}),
        ({**TO_BRANCH, "organisations": [OTHER]}, set()),
        ({**TO_BRANCH, "organisations": [OTHER], "open": True}, {"member", "secretary", "dean"}),
        ({**TO_BRANCH, "organisations": [OTHER], "organisation": COLLEGE}, {"dean"}),
    ],
)
@pytest.mark.parametrize(
    "kind",
    ["records.bulletin.published", "records.bulletin.corrected", "records.bulletin.withdrawn"],
)
def test_a_bulletin_arrives_at_those_it_is_addressed_to(
    kind: str, content: dict[str, Any], who: set[str]
) -> None:
    home = (ROOT, COLLEGE, BRANCH)
    scopes = {
        "member": replace(MEMBER, home=home, political_status="member"),
        "secretary": replace(SECRETARY, home=home),
        "dean": replace(DEAN, home=home[:2]),
    }
    said = {"organisation": ROOT, "open": False, **content}
    assert {name for name, scope in scopes.items() if may_see(scope, event(kind, **said))} == who


def test_a_lecture_handed_in_is_seen_by_its_author_and_who_reviews_it() -> None:
    handed_in = {"organisation": BRANCH, "person": "x", "review_at": COLLEGE}
    assert may_see(DEAN, event("records.lecture.submitted", **handed_in))
    assert not may_see(SECRETARY, event("records.lecture.submitted", **handed_in))
    assert not may_see(TREASURER, event("records.lecture.submitted", **{**handed_in, "review_at": BRANCH}))
    assert may_see(MEMBER, event("records.lecture.reviewed", **{**handed_in, "person": "p"}))
    assert shown(MEMBER, "records.lecture.published", **handed_in) == {"organisation", "person"}


def test_a_scope_follows_an_organisation_that_moves() -> None:
    founded = DEAN.moved("new", [ROOT, COLLEGE, "new"])
    assert "new" in founded.covered
    assert "new" not in founded.moved("new", [ROOT, OTHER, "new"]).covered


def test_what_is_shown_has_no_actor_and_nothing_sealed() -> None:
    told = view(
        SECRETARY, event("records.person.changed", organisation=BRANCH, person="x", phone_sealed="v1.k.s")
    )
    assert told is not None
    assert told["data"] == {"organisation": BRANCH, "person": "x"}
    assert "p-actor" not in str(told)


def shown(scope: Scope, kind: str, **content: Any) -> set[str]:
    told = view(scope, event(kind, **content))
    assert told is not None
    return set(told["data"])


def test_which_opinions_a_measure_answers_is_for_their_handlers_alone() -> None:
    planned = {"organisation": COLLEGE, "owner": "p", "measure": "m", "opinions": ["op"]}
    assert "opinions" in shown(DEAN, "feedback.measure.planned", **planned)
    assert "opinions" not in shown(MEMBER, "feedback.measure.planned", **planned)
    for scope in (MEMBER, DEAN):
        assert "opinions" not in shown(scope, "feedback.result.published", **planned)


@pytest.mark.parametrize("mode", ["anonymous", "", None])
def test_nobody_sees_an_opinion_arrive_that_was_not_said_by_name(mode: str | None) -> None:
    arrived = event("feedback.opinion.received", organisation=BRANCH, mode=mode, owner="p", person="p")
    for scope in (MEMBER, SECRETARY, DEAN, BOTH):
        assert view(scope, arrived) is None


def test_what_an_event_gains_is_not_shown_before_it_is_allowed() -> None:
    assert shown(MEMBER, "records.activity.planned", organisation=BRANCH, gained="x") == {"organisation"}


@pytest.mark.parametrize("happened", ["planned", "recorded", "approved", "announced", "cancelled", "made_up"])
def test_a_restricted_activity_is_seen_by_who_took_part_and_where_records_confides_it(happened: str) -> None:
    kind, talk = f"records.activity.{happened}", {"organisation": BRANCH, "restricted": True}
    reviewer = Scope("q", COLLEGE, DEAN.posts, DEAN.covered, frozenset({BRANCH}))
    everywhere = Scope("q", ROOT, (), frozenset(), None)
    for scope, concerned, seen in (
        (MEMBER, ["other"], False),
        (DEAN, ["other"], False),
        (MEMBER, ["p", "other"], True),
        (reviewer, ["other"], True),
        (everywhere, ["other"], True),
    ):
        assert may_see(scope, event(kind, concerned=concerned, **talk)) is seen
    assert not may_see(reviewer.moved(BRANCH, [ROOT, OTHER, BRANCH]), event(kind, **talk))
    assert may_see(MEMBER, event(kind, organisation=BRANCH))
    shown_of = shown(reviewer, kind, concerned=["x"], invitees=["x"], **talk)
    assert shown_of == {"organisation", "restricted"}


def test_what_is_shown_exists_and_what_is_kept_back_is_known() -> None:
    tables = (
        audiences.EVERYBODY,
        audiences.ADDRESSED,
        audiences.REVIEWERS,
        audiences.MEMBERS,
        audiences.POST_HOLDERS,
        audiences.CONCERNED,
        audiences.OPINION_HANDLERS,
        audiences.OWNER,
    )
    declared = {contract.type: set(contract._declared_fields) for contract in contracts().values()}
    kept_back = set()
    for table in tables:
        for kind, allowed in table.items():
            assert set(allowed) <= declared[kind]
            kept_back |= {(kind, name) for name in declared[kind] - set(allowed)}
    activities = ("planned", "recorded", "submitted", "approved", "returned", "made_up")
    activities += ("amendment_submitted", "amendment_returned")
    telling = ("concerned", "invitees", "part", "parts")
    assert kept_back == {
        *((f"records.activity.{happened}.v1", "concerned") for happened in activities),
        *(
            (f"records.activity.{happened}.v1", name)
            for happened in ("announced", "cancelled")
            for name in telling
        ),
        ("records.activity.approved.v1", "lecturers"),
        ("records.activity.approved.v1", "reported_on"),
        ("records.activity.approved.v1", "committee"),
        ("records.post.changed.v1", "committee_since"),
        ("records.person.changed.v1", "phone_sealed"),
        ("records.person.changed.v1", "number_fingerprint"),
        ("records.lecture.published.v1", "review_at"),
        ("records.lecture.withdrawn.v1", "review_at"),
        ("feedback.result.published.v1", "opinions"),
        ("feedback.measure.planned.v1", "opinions"),
        ("feedback.measure.changed.v1", "opinions"),
        ("feedback.measure.cancelled.v1", "opinions"),
        *((name, "restricted") for name in audiences.OPINION_HANDLERS),
        ("notify.message.changed.v1", "restricted"),
        *(("feedback.ballot_round.closed.v1", name) for name in ("results", "scores", "smallest_cell")),
        *(
            ("feedback.ballot_round.published.v1", name)
            for name in ("closed_on", "results", "scores", "smallest_cell")
        ),
    }
