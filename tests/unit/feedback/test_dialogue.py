"""What is said afterwards: who may say it, how long, and that a receipt's holder is seen in batches alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.chassis.errors import Conflict
from services.contracts.feedback_events import OpinionRated, OpinionReopened, OpinionReplied
from services.feedback.clock.model import is_paused
from services.feedback.opinions import dialogue
from services.feedback.opinions.dialogue import Bounds
from services.feedback.opinions.model import NOBODY, makes_a_batch, release, speed_of
from services.feedback.opinions.steps import decline, merge, pause

from .test_opinions import TODAY, opinion

BOUNDS = Bounds(
    reopen_days=15, most_reopenings=2, most_messages=3, most_attachments=2, pack="p", article="第六条"
)
LATER = TODAY + timedelta(days=15)


def declined(**more):
    return decline(opinion(**more), reason="No.", today=TODAY)[0]


def said(given, text="More.", who="author", by="person-1", today=TODAY):
    return dialogue.reply(given, who=who, by=by, text=text, today=today, bounds=BOUNDS)


def test_a_reply_is_told_without_its_words():
    replied, events = said(opinion())
    assert [each["text"] for each in replied.messages] == ["More."]
    assert [(event.contract, event.data["who"]) for event in events] == [(OpinionReplied, "author")]
    assert "More." not in str(events[0].data)


def test_the_reply_that_was_awaited_lets_the_clock_go_on():
    asked, _ = pause(opinion(), reason="Which room?", awaiting="author", today=TODAY)
    assert is_paused(said(asked, who="handler")[0].clock)
    assert not is_paused(said(asked)[0].clock)
    other, _ = pause(opinion(), reason="Asked the office.", awaiting="others", today=TODAY)
    assert is_paused(said(other)[0].clock)


def test_a_dialogue_has_an_end_that_names_its_rule():
    full = opinion()
    for _ in range(3):
        full, _ = said(full)
    with pytest.raises(Conflict, match=r"opinion\.messages_full") as refused:
        said(full)
    assert refused.value.params == {"pack": "p", "article": "第六条", "most": 3}


def test_what_was_merged_is_spoken_of_at_the_other_one():
    merged, _ = merge(opinion(), into="opinion-2", today=TODAY)
    with pytest.raises(Conflict, match=r"opinion\.is_merged"):
        said(merged)


def test_an_author_rates_within_the_window_and_may_think_anew():
    rated, events = dialogue.rate(declined(), rating="dissatisfied", today=LATER, bounds=BOUNDS)
    assert [event.contract for event in events] == [OpinionRated]
    assert dialogue.rate(rated, rating="dissatisfied", today=LATER, bounds=BOUNDS) == (rated, [])
    again, _ = dialogue.rate(rated, rating="fair", today=LATER, bounds=BOUNDS)
    assert again.rating["rating"] == "fair"


@pytest.mark.parametrize("what", ["rate", "reopen"])
def test_before_an_answer_and_after_the_window_there_is_nothing_to_rate_or_reopen(what):
    rule, given = (
        (dialogue.rate, {"rating": "fair"}) if what == "rate" else (dialogue.reopen, {"reason": "…"})
    )
    with pytest.raises(Conflict, match=r"opinion\.not_settled"):
        rule(opinion(), today=TODAY, bounds=BOUNDS, **given)
    with pytest.raises(Conflict, match=r"opinion\.window_over") as refused:
        rule(declined(), today=LATER + timedelta(days=1), bounds=BOUNDS, **given)
    assert refused.value.params["accepted"] == LATER.isoformat()


def test_what_is_opened_again_keeps_the_earlier_answer_and_starts_its_clock_anew():
    again, events = dialogue.reopen(declined(), reason="Still none.", today=LATER, bounds=BOUNDS)
    assert (again.state, again.declined_because, again.rating) == ("triaged", None, None)
    assert (again.earlier[0]["declined_because"], again.earlier[0]["reason"]) == ("No.", "Still none.")
    assert (again.clock[-1]["what"], again.clock[-1]["on"]) == ("started", LATER.isoformat())
    assert [event.contract for event in events] == [OpinionReopened]


@pytest.mark.parametrize("speed", ["ordinary", "urgent"])
def test_what_is_opened_again_is_as_urgent_as_it_was(speed):
    again, _ = dialogue.reopen(declined(speed=speed), reason="Still burning.", today=LATER, bounds=BOUNDS)
    assert speed_of(again.clock) == speed


def test_it_is_opened_again_twice_and_no_more():
    today, given = TODAY, declined()
    for _ in range(2):
        given, _ = dialogue.reopen(given, reason="…", today=today, bounds=BOUNDS)
        given, _ = decline(given, reason="No.", today=today)
    with pytest.raises(Conflict, match=r"opinion\.reopened_enough"):
        dialogue.reopen(given, reason="…", today=today, bounds=BOUNDS)


def held(given, what, today=TODAY, **words):
    return dialogue.hold(given, what, BOUNDS, today, **words)


def anonymous():
    return release(opinion(NOBODY))[0]


def test_what_a_receipts_holder_adds_waits_for_the_batch_and_then_counts():
    waiting, events = held(anonymous(), "reply", text="Room 3.")
    assert (waiting.messages, len(waiting.held), events) == ((), 1, [])
    released, told = dialogue.release_held(waiting, bounds=BOUNDS, today=TODAY)
    assert ([each["text"] for each in released.messages], released.held) == (["Room 3."], ())
    assert [event.anonymous for event in told] == [True]
    assert dialogue.release_held(released, bounds=BOUNDS, today=TODAY) == (released, [])


def test_what_is_held_waits_for_more_of_it_as_an_opinion_does_but_not_for_longer_than_a_day():
    waiting, _ = held(anonymous(), "reply", text="Room 3.")
    waiting, _ = held(waiting, "reply", today=LATER, text="Or 4.")
    since = dialogue.held_since(waiting)
    assert since == TODAY
    assert not makes_a_batch([since], smallest=2, today=TODAY)
    assert makes_a_batch([since, since], smallest=2, today=TODAY)
    assert makes_a_batch([since], smallest=2, today=TODAY + timedelta(days=1))


def test_what_would_be_refused_is_refused_at_once_also_when_something_is_held():
    settled, _ = decline(anonymous(), reason="No.", today=TODAY)
    reopened, _ = held(settled, "reopen", reason="Still none.")
    with pytest.raises(Conflict, match=r"opinion\.not_settled"):
        held(reopened, "rate", rating="fair")
    with pytest.raises(Conflict, match=r"opinion\.is_waiting"):
        held(opinion(NOBODY), "reply", text="More.")
    full = anonymous()
    for _ in range(3):
        full, _ = held(full, "reply", text="…")
    with pytest.raises(Conflict, match=r"opinion\.messages_full"):
        held(full, "reply", text="…")


def test_of_ratings_that_are_held_the_last_one_stays_alone():
    settled, _ = decline(anonymous(), reason="No.", today=TODAY)
    for rating in ("poor", "fair", "fair"):
        settled, _ = held(settled, "rate", rating=rating)
    reopened, _ = held(settled, "reopen", reason="Still none.")
    assert [each["what"] for each in reopened.held] == ["rate", "reopen"]
    released, _ = dialogue.release_held(reopened, bounds=BOUNDS, today=TODAY)
    assert released.earlier[-1]["rating"] == "fair"


def test_no_refusal_tells_who_answers_that_something_is_held_and_none_of_it_is_lost():
    waiting, answered = anonymous(), anonymous()
    for _ in range(3):
        waiting, _ = held(waiting, "reply", text="Held.")
    for _ in range(3):
        waiting, _ = said(waiting, who="handler")
        answered, _ = said(answered, who="handler")
    for each in (waiting, answered):
        with pytest.raises(Conflict, match=r"opinion\.messages_full"):
            said(each, who="handler")
    released, _ = dialogue.release_held(waiting, bounds=BOUNDS, today=TODAY)
    assert [each["text"] for each in released.messages if each["who"] == "author"] == ["Held."] * 3


def test_what_was_said_in_time_counts_though_the_batch_comes_later():
    settled, _ = decline(anonymous(), reason="No.", today=TODAY)
    waiting, _ = held(settled, "reopen", today=LATER, reason="Still none.")
    released, _ = dialogue.release_held(waiting, bounds=BOUNDS, today=LATER + timedelta(days=1))
    assert released.state == "triaged"


def test_a_note_is_no_event():
    noted, events = dialogue.note(opinion(), by="handler", text="Ask Li.", today=TODAY, bounds=BOUNDS)
    assert (noted.notes[0]["text"], events) == ("Ask Li.", [])
    assert date.fromisoformat(noted.notes[0]["on"]) == TODAY


def merged_and_answered():
    """One of a name that was merged, and the one that stands for it, declined."""
    other, _ = decline(replace(opinion(), id="opinion-2"), reason="No.", today=TODAY)
    own, _ = merge(opinion(), into="opinion-2", today=TODAY)
    return own, other


def test_the_author_of_what_was_merged_rates_and_reopens_the_answer_of_the_other():
    own, other = merged_and_answered()
    given = {"today": LATER, "bounds": BOUNDS, "answering": other}
    rated, events = dialogue.rate(own, rating="dissatisfied", **given)
    assert (rated.rating["rating"], events[0].data["opinion"]) == ("dissatisfied", own.id)
    again, _ = dialogue.reopen(rated, reason="Still none.", **given)
    assert (again.state, again.merged_into) == ("triaged", None)
    assert (again.earlier[0]["state"], again.earlier[0]["rating"]) == ("declined", "dissatisfied")
    with pytest.raises(Conflict, match="window_over"):
        dialogue.rate(own, rating="fair", **{**given, "today": LATER + timedelta(days=1)})
    with pytest.raises(Conflict, match="not_settled"):
        dialogue.rate(own, rating="fair", **{**given, "answering": opinion()})


def test_a_measure_that_was_given_up_takes_no_reopening_from_the_author():
    back = {"state": "adopted", "reason": "…", "reopened_on": "2026-03-04"}
    settled, _ = decline(replace(opinion(), earlier=(back, back)), reason="No.", today=TODAY)
    again, _ = dialogue.reopen(settled, reason="…", today=TODAY, bounds=BOUNDS)
    assert again.state == "triaged"


def test_a_file_by_a_receipt_waits_for_its_batch_and_an_unknown_copy_waits_on():
    first, second = ({"file": each, "sha256": each} for each in "ab")
    waiting, _ = dialogue.attach(opinion(NOBODY), file=first, today=TODAY, bounds=BOUNDS)
    assert release(waiting)[0].released is False, "not copied yet"
    copy = {**first, "file": "copy"}
    released, _ = release(waiting, {"a": copy})
    assert released.attachments == (copy,)
    added, _ = dialogue.attach(released, file=second, today=TODAY, bounds=BOUNDS)
    assert dialogue.attach(added, file=second, today=TODAY, bounds=BOUNDS)[0] == added
    with pytest.raises(Conflict, match="attachments_full"):
        dialogue.attach(added, file={"file": "c", "sha256": "c"}, today=TODAY, bounds=BOUNDS)
    still, _ = dialogue.release_held(added, bounds=BOUNDS, today=TODAY)
    assert len(still.held) == 1
    told, events = dialogue.release_held(
        added, bounds=BOUNDS, today=TODAY, copies={"b": {**second, "file": "d"}}
    )
    assert [each["file"] for each in told.attachments] == ["copy", "d"]
    assert [event.anonymous for event in events] == [True]
