"""What many do at once comes out as if one had done it after the other."""

from __future__ import annotations

import eventlet
import pytest

from services.chassis.errors import Conflict, Refusal

TOGETHER = 8


def at_once(*calls):
    """The answers or refusals of ``calls``, begun together."""

    def outcome(call):
        try:
            return call()
        except Refusal as refusal:
            return refusal

    threads = [eventlet.spawn(outcome, call) for call in calls]
    return [thread.wait() for thread in threads]


def test_of_measures_that_race_for_an_opinion_one_has_it(box):
    opinion = box.say()["id"]
    outcomes = at_once(
        *[lambda number=number: box.answer(opinion, title=f"Measure {number}") for number in range(TOGETHER)]
    )
    planned = [each for each in outcomes if isinstance(each, dict)]
    assert len(planned) == 1
    assert all(isinstance(each, Conflict) for each in outcomes if each is not planned[0]), outcomes
    assert [each.id for each in box.application.measures.find()] == [planned[0]["id"]]
    assert box.call("member", "get_opinion", opinion=opinion)["answer"]["measure"] == planned[0]["id"]


@pytest.mark.parametrize("person", ["member", None])
def test_one_command_sent_many_times_at_once_is_one_opinion(box, person):
    given = {} if person else {"ticket": box.ticket()}
    outcomes = at_once(*[lambda: box.say(person, key="one-form", **given)] * TOGETHER)
    assert all(each == outcomes[0] for each in outcomes), outcomes
    box.only_opinion()


def test_of_many_words_under_one_ticket_at_once_one_is_taken(box):
    ticket = box.ticket()
    outcomes = at_once(
        *[lambda number=number: box.say(None, ticket=ticket, text=f"{number}") for number in range(TOGETHER)]
    )
    taken = [each for each in outcomes if isinstance(each, dict)]
    assert len(taken) == 1
    assert {str(each) for each in outcomes if each is not taken[0]} == {"ticket.spent"}
    box.only_opinion()


def test_one_measure_planned_many_times_at_once_is_one_measure(box):
    opinion = box.say()["id"]
    outcomes = at_once(*[lambda: box.answer(opinion, key="one-form")] * TOGETHER)
    assert len(box.application.measures.find()) == 1
    assert all(each == outcomes[0] for each in outcomes), outcomes


def test_declining_and_adopting_at_once_leaves_one_of_the_two(box):
    opinion = box.say()["id"]
    at_once(
        lambda: box.answer(opinion),
        lambda: box.call("dean", "decline_opinion", opinion=opinion, reason="Ordered last week."),
    )
    state = box.call("member", "get_opinion", opinion=opinion)["state"]
    assert len(box.application.measures.find()) == (1 if state == "adopted" else 0)
    assert state in {"adopted", "declined"}
