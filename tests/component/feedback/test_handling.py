"""From triage to an answer that its author takes: who may do what, and who learns what."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from services.chassis.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from services.chassis.testing import wait_for
from services.feedback.measures import store as plans
from services.feedback.opinions import store

from .test_anonymity import feed  # noqa: F401 - a fixture

HANDLERS_ONLY = ("triage_opinion", "reassign_opinion", "merge_opinion", "pause_opinion", "note_opinion")
ASKED = {
    "triage_opinion": {"speed": "urgent"},
    "reassign_opinion": {"organisation": "faculty", "reason": "Theirs."},
    "merge_opinion": {"into": "another"},
    "pause_opinion": {"reason": "…"},
    "note_opinion": {"text": "…"},
}


def test_who_spoke_in_confidence_is_told_to_one_role_alone_and_each_look_is_on_record(box, feed):  # noqa: F811
    said = box.say(mode="confidential", text="In confidence.")["id"]
    assert said in [each["id"] for each in box.call("member", "list_opinions", mine=True)["items"]]
    assert box.call("secretary", "get_opinion", opinion=said)["author"] is None
    box.call("member", "reply_to_opinion", opinion=said, text="Room 3.")
    for person in ("secretary", "dean", "inspector", "both"):
        with pytest.raises(Forbidden):
            box.call(person, "name_author", opinion=said, reason="Curious.")
    for person in ("neighbour", "publicist", "nobody-we-know"):
        with pytest.raises(NotFound):
            box.call(person, "name_author", opinion=said, reason="Curious.")
    found = box.call("disciplinarian", "name_author", opinion=said, reason="To ask back.")
    assert found == {"author": "member"}
    looks = [each for each in box.application.audit.read() if each.action == "opinion.author"]
    assert [(each.actor, each.object_id, each.reason) for each in looks] == [
        ("disciplinarian", said, "To ask back.")
    ]
    # Neither what is kept nor what is told says it.
    kept = {**box.application.opinions.collection.find_one({"_id": said})}
    assert "member" not in [kept.get("author"), kept["speaker"], kept["sealed_author"]]
    assert "member" not in json.dumps(kept["messages"])
    wait_for(lambda: len(feed.read()) == 2)
    assert not any("actor" in each["body"] for each in feed.messages)
    assert UUID(said).version != 7, "it would tell the instant"
    by_name = box.application.opinions.collection.find_one({"_id": box.say()["id"]})
    assert kept["speaker"] != by_name["speaker"], "what they say by name would name them here"


def test_only_handlers_handle_and_a_secretary_elsewhere_knows_of_nothing(box):
    said = box.say()["id"]
    for method in HANDLERS_ONLY:
        for person, refused in (("member", Forbidden), ("inspector", Forbidden), ("neighbour", NotFound)):
            with pytest.raises(refused):
                box.call(person, method, opinion=said, **ASKED[method])
    for method, more in (("rate_opinion", {"rating": "fair"}), ("reopen_opinion", {"reason": "…"})):
        with pytest.raises(NotFound):
            box.call("secretary", method, opinion=said, **more)


def test_what_is_about_a_head_is_never_handed_back_to_them(box):
    about = box.say(about_head=True)["id"]
    for target in ("branch", "faculty"):
        with pytest.raises(Invalid, match=r"opinion\.organisation_concerned"):
            box.call("dean", "reassign_opinion", opinion=about, organisation=target, reason="…")
    for method in HANDLERS_ONLY:
        with pytest.raises(NotFound):
            box.call("secretary", method, opinion=about, **ASKED[method])
    moved = box.call("dean", "reassign_opinion", opinion=about, organisation="university", reason="Higher.")
    assert moved["organisation"] == "university"
    with pytest.raises(NotFound):
        box.call("dean", "get_opinion", opinion=about)
    assert box.call("disciplinarian", "get_opinion", opinion=about)["routes"][0]["reason"] == "Higher."


def test_triage_sets_the_clock_and_refuses_what_no_pack_has(box):
    said = box.say()["id"]
    for wrong in ({"category": "weather"}, {"topics": ["weather"]}):
        with pytest.raises(Invalid) as refused:
            box.call("secretary", "triage_opinion", opinion=said, **wrong)
        assert "canteen" in refused.value.params["accepted"] or "service" in refused.value.params["accepted"]
        assert refused.value.params["pack"] == "opinion-categories-default"
    triaged = box.call("secretary", "triage_opinion", opinion=said, topics=["canteen"], speed="urgent")
    assert (triaged["clock"]["limit"], triaged["clock"]["due_on"]) == (3, "2026-03-13")
    box.call("secretary", "pause_opinion", opinion=said, reason="Which one?", awaiting="author")
    assert box.call("member", "get_opinion", opinion=said)["clock"]["paused_because"] == "Which one?"
    answered = box.call("member", "reply_to_opinion", opinion=said, text="The east one.")
    assert (answered["clock"]["state"], answered["notes"]) == ("running", [])


def test_what_is_overdue_is_told_once_however_often_the_day_turns(box, feed):  # noqa: F811
    said = box.say()["id"]
    box.clock.advance(timedelta(days=12))
    for _ in range(2):
        box.application.ticking.turn_the_day()
    box.call("secretary", "decline_opinion", opinion=said, reason="Ordered.")
    wait_for(lambda: len(feed.read()) == 3)
    assert [each["body"]["type"].split(".")[2] for each in feed.messages] == [
        "received",
        "overdue",
        "declined",
    ]


def test_a_duplicate_is_answered_by_what_becomes_of_the_other_one(box):
    first, second = box.say()["id"], box.say("dean")["id"]
    box.call("secretary", "merge_opinion", opinion=second, into=first)
    box.publish(box.answer(first)["id"])
    merged = box.call("dean", "list_opinions", mine=True)["items"][0]
    assert merged["state"] == "merged"
    told = box.call("dean", "get_opinion", opinion=second)
    assert (told["answer"]["result"], told["duplicates"], told["merged_into"]) == (
        "Twenty chairs came.",
        [],
        None,
    )
    assert told["may_reopen_until"] is not None
    assert box.call("dean", "rate_opinion", opinion=second, rating="fair")["rating"] == "fair"
    assert box.call("dean", "reopen_opinion", opinion=second, reason="None here.")["state"] == "triaged"
    assert box.call("member", "get_opinion", opinion=first)["state"] == "answered"


def test_a_measure_that_is_given_up_leaves_its_opinions_open_and_its_task_cancelled(box, feed):  # noqa: F811
    said = box.say()["id"]
    measure = box.answer(said)["id"]
    box.call("secretary", "cancel_measure", measure=measure, reason="No money.")
    back = box.call("member", "get_opinion", opinion=said)
    assert (back["state"], back["answer"], back["earlier"][0]["reason"]) == ("triaged", None, "No money.")
    with pytest.raises(Conflict, match="is_cancelled"):
        box.call("publicist", "hand_in_result", measure=measure, text="Done.")
    assert box.call("secretary", "list_measures", state="cancelled")["items"][0]["id"] == measure
    box.answer(said)
    wait_for(lambda: any(each["body"]["type"].endswith("measure.cancelled.v1") for each in feed.read()))


def test_an_author_rates_reopens_and_is_answered_anew_until_the_window_ends(box):
    said = box.say()["id"]
    box.call("secretary", "decline_opinion", opinion=said, reason="No money.")
    box.call("member", "rate_opinion", opinion=said, rating="dissatisfied")
    again = box.call("member", "reopen_opinion", opinion=said, reason="There is money now.")
    assert (again["state"], again["earlier"][0]["rating"]) == ("triaged", "dissatisfied")
    box.call("secretary", "decline_opinion", opinion=said, reason="No money.")
    box.clock.advance(timedelta(days=16))
    with pytest.raises(Conflict, match=r"opinion\.window_over"):
        box.call("member", "reopen_opinion", opinion=said, reason="…")


def test_what_a_receipts_holder_adds_is_seen_with_the_batch_and_the_receipt_ends(box, feed):  # noqa: F811
    receipt = box.say(None)["receipt"]
    with pytest.raises(Conflict, match=r"opinion\.is_waiting"):
        box.call(None, "reply_by_receipt", code=receipt, text="Room 3.")
    box.release()
    opinion = box.only_opinion()
    before = (
        box.call("secretary", "get_opinion", opinion=opinion),
        box.call("secretary", "list_opinions")["items"],
    )
    assert box.call(None, "reply_by_receipt", code=receipt, text="Room 3.")["held"] == 1
    content = base64.b64encode(b"Room 3, by the window.").decode()
    attached = box.call(None, "attach_by_receipt", code=receipt, filename="a.txt", content=content)
    assert (attached["held"], attached["attached"]) == (2, 1)
    # Nothing that a handler can read or do differs by what is held: not even the version.
    assert before == (
        box.call("secretary", "get_opinion", opinion=opinion),
        box.call("secretary", "list_opinions")["items"],
    )
    version = before[0]["version"]
    box.call("secretary", "triage_opinion", opinion=opinion, topics=["repairs"], version=version)
    with pytest.raises(Conflict, match=r"version\.stale"):
        box.call("secretary", "triage_opinion", opinion=opinion, topics=[], version=version)
    box.application.talking.release_held()
    seen = box.call("secretary", "get_opinion", opinion=opinion)
    assert (seen["messages"][0]["text"], seen["version"]) == ("Room 3.", version + 2)
    box.call("secretary", "decline_opinion", opinion=opinion, reason="No.")
    wait_for(lambda: len(feed.read()) == 5)
    assert not any("actor" in each["body"] for each in feed.messages)
    assert len({each["body"]["time"] for each in feed.messages}) == 1, "the day alone"
    box.clock.advance(timedelta(days=731))
    with pytest.raises(Gone, match=r"receipts\.expired"):
        box.call(None, "follow_receipt", code=receipt)
    for code in ("", "0" * 65):
        with pytest.raises(Invalid):
            box.call(None, "follow_receipt", code=code)


def test_opinions_are_found_by_the_activity_they_are_about(box):
    box.know("activity-1")
    about = box.say(activity="activity-1")["id"]
    box.say()
    found = box.call("secretary", "list_opinions", activity="activity-1")["items"]
    assert [each["id"] for each in found] == [about]
    assert box.call("neighbour", "list_opinions", activity="activity-1")["items"] == []
    with pytest.raises(Invalid, match=r"subject\.unknown"):
        box.say(activity="activity-2")


def test_lists_leave_no_gap_where_something_is_kept_back(box):
    for number in range(6):
        box.say(about_head=number % 2 == 0, organisation="next-door")
    page = box.call("both", "list_opinions", organisation="faculty", limit=2)
    assert (len(page["items"]), page["next"] is not None) == (2, True)
    hidden = box.say(about_head=True)["id"]
    seen = [each["id"] for each in box.call("both", "list_opinions", limit=100)["items"]]
    assert (len(seen), hidden in seen) == (6, False)


def test_trends_show_a_topic_of_five_once_its_month_is_settled_and_never_change_it(box, monkeypatch):
    said = [box.say()["id"] for _ in range(5)]
    for _ in range(6):
        box.say(about_head=True, category="conduct")
    sorted_as = [["canteen", "library"]] * 4 + [["canteen"]]
    for each, topics in zip(said, sorted_as, strict=True):
        box.call("secretary", "triage_opinion", opinion=each, topics=topics)

    def rows(person="secretary"):
        return {each["id"]: each for each in box.call(person, "get_trends", organisation="branch")["rows"]}

    entries = box.application.database["trend_entries"]
    wait_for(lambda: entries.count_documents({"topics": "canteen"}) == 5)
    assert rows() == {}, "the month goes on"
    box.clock.advance(timedelta(days=32))  # to the eleventh of the next month
    told = rows()
    assert (told["service"]["counts"][-1], told["canteen"]["counts"][-1], set(told)) == (
        5,
        5,
        {"service", "canteen"},
    )
    # What is sorted anew is not counted in a month that was told, and is in one that was not.
    box.call("secretary", "triage_opinion", opinion=said[4], topics=["library"])
    later = box.say()["id"]
    box.call("secretary", "triage_opinion", opinion=later, topics=["library"])
    wait_for(lambda: entries.count_documents({"_id": later, "topics": "library"}) == 1)
    assert rows() == told
    at_the_faculty = box.call("both", "get_trends", organisation="faculty")["rows"]
    assert "conduct" not in {each["id"] for each in at_the_faculty}, "some is kept from them"
    for person in ("member", "neighbour"):
        with pytest.raises(Forbidden):
            rows(person)
    # A page is read from its cells by id, two questions a level at most; from no opinion, however many.
    trends, asked = box.application.trends, []
    cells = trends._cells

    def find(wanted):
        asked.append(wanted)
        return cells.find(wanted)

    with monkeypatch.context() as patched:
        patched.setattr(trends, "_cells", SimpleNamespace(find=find))
        for other in ("_entries", "_opinions"):
            patched.setattr(trends, other, None)
        assert rows()["canteen"]["total"] == 5
    levels = box.application.authority.path("branch")
    assert len(levels) < len(asked) <= 2 * len(levels), "months and weeks"
    assert all(list(each) == ["_id"] for each in asked)
    suggested = box.call("secretary", "suggest_topics", opinion=box.say(text="食堂饭菜太贵。")["id"])
    assert suggested["items"][0]["topic"] == "canteen"


def test_every_list_is_one_walk_along_an_index(box):
    box.know("a-1")
    said = box.say(activity="a-1")["id"]
    measure = box.answer(said, owner="publicist")["id"]
    box.call("publicist", "hand_in_result", measure=measure, text="Done.", activities=["a-1"])
    marks = box.application.opinion_reading.voices.marks("member")
    opinions, measures = box.application.opinions, box.application.measures
    newest, latest = [("received_on", -1), ("_id", -1)], [("due_on", -1), ("_id", -1)]
    asked = [
        *((opinions, store.found_by(["branch", "faculty"], state), newest, None) for state in (None, "x")),
        *((opinions, store.said_by(marks, state), newest, 1) for state in (None, "adopted")),
        *((opinions, store.said_about("a-1", state), newest, 1) for state in (None, "adopted")),
        *((measures, plans.found_by(["branch"], state), latest, 1) for state in (None, "handed_in")),
        *((measures, plans.owned_by("publicist", state), latest, 1) for state in (None, "handed_in")),
        *((measures, plans.shown_by("a-1", state), latest, 1) for state in (None, "handed_in")),
        (measures, plans.public_at(None), [("published_on", -1), ("_id", -1)], 0),
        (measures, plans.public_at(["branch"]), [("published_on", -1), ("_id", -1)], 0),
    ]
    for documents, wanted, order, count in asked:
        found = documents.collection.find(wanted).sort(order)
        assert "IXSCAN" in str(found.explain()["queryPlanner"]["winningPlan"]), wanted
        assert count is None or len(list(documents.collection.find(wanted))) == count, wanted
    assert box.call("member", "list_opinions", mine=True, state="adopted")["items"][0]["id"] == said
    assert box.call("member", "list_opinions", mine=True, state="received")["items"] == []
    assert box.call("publicist", "list_measures", mine=True, state="handed_in")["items"]
    # From the activity to what it is evidence of, and for those alone who may read that.
    shown = box.call("secretary", "list_measures", activity="a-1")["items"]
    assert [(each["id"], each["result"]["activities"]) for each in shown] == [(measure, ["a-1"])]
    assert box.call("neighbour", "list_measures", activity="a-1")["items"] == []
