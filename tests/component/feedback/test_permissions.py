"""Who is refused, and what about a head never reaches them or theirs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.chassis.errors import Forbidden, Invalid, NotFound, Unauthenticated
from services.chassis.said import grant_said

STRANGERS = ["neighbour", "publicist", "nobody-we-know"]


@pytest.fixture
def said(box) -> str:
    return box.say()["id"]


@pytest.mark.parametrize("person", STRANGERS)
def test_who_holds_no_handling_post_above_it_may_not_know_of_an_opinion(box, said, person):
    for method, request in (
        ("get_opinion", {"opinion": said}),
        ("decline_opinion", {"opinion": said, "reason": "No."}),
    ):
        with pytest.raises(NotFound):
            box.call(person, method, **request)
    for organisation in ({}, {"organisation": "branch"}):
        if person == "neighbour" and not organisation:
            assert box.call(person, "list_opinions")["items"] == []
            continue
        with pytest.raises(Forbidden):
            box.call(person, "list_opinions", **organisation)
    with pytest.raises(Forbidden):
        box.answer(said, person=person)


def test_the_author_reads_but_does_not_handle(box, said):
    assert box.call("member", "get_opinion", opinion=said)["id"] == said
    assert [each["id"] for each in box.call("member", "list_opinions", mine=True)["items"]] == [said]
    with pytest.raises(Forbidden):
        box.call("member", "decline_opinion", opinion=said, reason="No.")
    with pytest.raises(Forbidden):
        box.answer(said, person="member")


def test_the_inspector_reads_but_does_not_handle(box, said):
    assert box.call("inspector", "get_opinion", opinion=said)["author"] == "member"
    with pytest.raises(Forbidden):
        box.call("inspector", "decline_opinion", opinion=said, reason="No.")
    with pytest.raises(Forbidden):
        box.answer(said, person="inspector")


def test_levels_above_handle_what_their_branches_are_told(box, said):
    assert box.call("dean", "decline_opinion", opinion=said, reason="No.")["state"] == "declined"


NEEDS_A_SESSION = {
    "submit_opinion": {"organisation": "branch", "category": "other", "text": "…"},
    "list_opinions": {},
    "get_opinion": {"opinion": "any"},
    "decline_opinion": {"opinion": "any", "reason": "No."},
    "plan_measure": {
        "opinions": ["any"],
        "organisation": "branch",
        "title": "…",
        "owner": "dean",
        "due_on": "2026-04-01",
    },
    "get_measure": {"measure": "any"},
    "list_measures": {},
    "hand_in_result": {"measure": "any", "text": "…"},
    "review_result": {"measure": "any", "accepted": True},
    "triage_opinion": {"opinion": "any"},
    "reassign_opinion": {"opinion": "any", "organisation": "branch", "reason": "…"},
    "merge_opinion": {"opinion": "any", "into": "other"},
    "pause_opinion": {"opinion": "any", "reason": "…"},
    "resume_opinion": {"opinion": "any"},
    "note_opinion": {"opinion": "any", "text": "…"},
    "reply_to_opinion": {"opinion": "any", "text": "…"},
    "rate_opinion": {"opinion": "any", "rating": "fair"},
    "reopen_opinion": {"opinion": "any", "reason": "…"},
    "name_author": {"opinion": "any", "reason": "…"},
    "suggest_topics": {"opinion": "any"},
}


def test_without_a_session_there_is_only_the_anonymous_form_its_receipt_and_the_open_view(box, subtests):
    for method, request in NEEDS_A_SESSION.items():
        with subtests.test(method=method), pytest.raises(Unauthenticated):
            box.call(None, method, **request)


def test_what_is_said_about_a_head_reaches_only_the_level_above(box):
    about = box.say(about_head=True)
    assert (about["organisation"], about["concerns"]) == ("faculty", "branch")
    # "both" is deputy secretary of the faculty and holds a post in the branch spoken about.
    for person in ("secretary", "publicist", "both"):
        with pytest.raises(NotFound):
            box.call(person, "get_opinion", opinion=about["id"])
        with pytest.raises(NotFound):
            box.call(person, "decline_opinion", opinion=about["id"], reason="No.")
    for person in ("secretary", "both"):
        assert box.call(person, "list_opinions")["items"] == []
    with pytest.raises(NotFound):
        box.answer(about["id"], person="both", organisation="faculty", owner="dean")
    assert [each["id"] for each in box.call("dean", "list_opinions")["items"]] == [about["id"]]


def test_the_measure_about_a_head_is_kept_from_them_until_its_result_is_public(box):
    about = box.say(None, about_head=True)
    box.release()
    assert about["organisation"] == "faculty"
    opinion = box.only_opinion()
    with pytest.raises(Invalid, match=r"measure\.owner_is_concerned"):
        box.answer(opinion, person="dean", organisation="faculty", owner="secretary")
    measure = box.answer(opinion, person="dean", organisation="faculty", owner="dean")["id"]
    for person in ("secretary", "both"):
        with pytest.raises(NotFound):
            box.call(person, "get_measure", measure=measure)
        assert box.call(person, "list_measures")["items"] == []
        with pytest.raises(NotFound):
            box.call(person, "hand_in_result", measure=measure, text="Nothing to see.")
    box.call("dean", "hand_in_result", measure=measure, text="A talk was held.")
    box.call("disciplinarian", "review_result", measure=measure, accepted=True)
    assert len(box.call(None, "public_measures", organisation="faculty")["items"]) == 1


def promote(box, person: str) -> None:
    """From head of the branch to deputy secretary of the faculty, as records would tell it."""
    begun, today = date(2025, 9, 1), box.clock.today()
    authority = box.application.authority
    authority.apply(
        [
            grant_said(
                f"post-{person}", person=person, role="secretary", node="branch", since=begun, active=False
            )
        ]
    )
    authority.apply(
        [grant_said("post-new", person=person, role="deputy_secretary", node="faculty", since=today)]
    )
    assert authority.may(person, ["deputy_secretary"], "branch")


def test_what_was_said_about_a_head_never_reaches_them_even_when_they_are_promoted(box):
    about = box.say(about_head=True)["id"]
    box.clock.advance(timedelta(days=1))
    promote(box, "secretary")
    assert box.call("secretary", "list_opinions")["items"] == []
    assert box.call("secretary", "list_opinions", organisation="faculty")["items"] == []
    with pytest.raises(NotFound):
        box.call("secretary", "get_opinion", opinion=about)
    with pytest.raises(NotFound):
        box.call("secretary", "decline_opinion", opinion=about, reason="No.")
    with pytest.raises(NotFound):
        box.answer(about, person="secretary", organisation="faculty", owner="dean")
    with pytest.raises(Invalid, match=r"measure\.owner_is_concerned"):
        box.answer(about, person="dean", organisation="faculty", owner="secretary")

    measure = box.answer(about, person="dean", organisation="faculty", owner="dean")["id"]
    with pytest.raises(NotFound):
        box.call("secretary", "get_measure", measure=measure)
    with pytest.raises(NotFound):
        box.call("secretary", "review_result", measure=measure, accepted=True)
    assert box.call("secretary", "list_measures")["items"] == []
    other = box.say()["id"]
    assert [each["id"] for each in box.call("secretary", "list_opinions")["items"]] == [other]

    assert [each["id"] for each in box.call("dean", "list_measures", mine=True)["items"]] == [measure]
    box.application.authority.apply(
        [grant_said("post-dean-2", person="dean", role="group_leader", node="branch", since=date(2025, 9, 1))]
    )
    with pytest.raises(NotFound):
        box.call("dean", "get_measure", measure=measure)
    assert box.call("dean", "list_measures", mine=True)["items"] == []


def test_what_was_said_about_a_head_stays_kept_when_their_term_runs_out(box):
    box.application.authority.apply(
        [
            grant_said(
                "post-both-2",
                person="both",
                role="group_leader",
                node="branch",
                since=date(2025, 9, 1),
                until=box.clock.today(),
            )
        ]
    )
    about = box.say(about_head=True)["id"]
    box.clock.advance(timedelta(days=1))
    assert box.application.access.posts_at("both") == ["faculty"]
    with pytest.raises(NotFound):
        box.call("both", "get_opinion", opinion=about)
    assert box.call("both", "list_opinions")["items"] == []


def test_the_owner_sees_the_measure_without_the_opinions_behind_it(box, said):
    measure = box.answer(said)["id"]
    assert box.call("publicist", "get_measure", measure=measure)["opinions"] == []
    (mine,) = box.call("publicist", "list_measures", mine=True)["items"]
    assert (mine["id"], mine["opinions"]) == (measure, [])
    with pytest.raises(Forbidden):
        box.call("publicist", "review_result", measure=measure, accepted=True)
    with pytest.raises(NotFound):
        box.call("publicist", "get_opinion", opinion=said)


@pytest.mark.parametrize("person", ["member", "neighbour", "nobody-we-know"])
def test_a_measure_is_its_handlers_and_its_owners(box, said, person):
    measure = box.answer(said)["id"]
    with pytest.raises(NotFound):
        box.call(person, "get_measure", measure=measure)
    with pytest.raises(NotFound):
        box.call(person, "hand_in_result", measure=measure, text="Done.")


def test_a_measure_belongs_to_the_organisation_that_has_to_answer(box, said):
    with pytest.raises(Invalid, match=r"measure\.owner_of_another_organisation"):
        box.answer(said, owner="neighbour")
    with pytest.raises(Invalid, match=r"measure\.opinion_of_another_organisation"):
        box.answer(said, person="dean", organisation="faculty", owner="dean")


def test_who_opens_somebody_elses_named_opinion_is_on_record(box, said):
    box.call("member", "get_opinion", opinion=said)
    box.call("dean", "get_opinion", opinion=said)
    box.say(None, text="Nobody said this.")
    box.release()
    anonymous = next(
        each["id"] for each in box.call("dean", "list_opinions")["items"] if each["mode"] == "anonymous"
    )
    box.call("dean", "get_opinion", opinion=anonymous)
    entries = box.application.audit.read()
    assert [(each.action, each.actor, each.object_id) for each in entries] == [("opinion.read", "dean", said)]
    assert box.application.audit.verify() is None
