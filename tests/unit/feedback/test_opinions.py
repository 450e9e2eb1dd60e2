"""An opinion: who answers it, and which way it may go."""

from __future__ import annotations

from datetime import date

import pytest

from services.chassis.errors import Conflict, Invalid, NotFound
from services.contracts.feedback_events import OpinionAdopted, OpinionDeclined, OpinionReceived
from services.feedback.opinions.model import (
    Answer,
    Opinion,
    adopt,
    conclude,
    decline,
    is_kept_from,
    receive,
    release,
    responsible,
)

TODAY = date(2026, 3, 4)
PATH = ("university", "faculty", "branch")
ANSWER = Answer(measure="measure-1", title="More chairs", due_on=date(2026, 4, 1))


HEADS = ("the-secretary", "the-deputy")


def opinion(*, author: str | None = "person-1", about_head: bool = False) -> Opinion:
    received, _ = receive(
        id="opinion-1",
        path=PATH,
        category="service",
        about_head=about_head,
        text="There are too few chairs.",
        today=TODAY,
        author=author,
        post_holders=HEADS,
    )
    return received


def test_an_opinion_goes_to_the_organisation_it_names():
    assert opinion().organisation == "branch"


def test_an_opinion_about_a_head_goes_to_the_level_above():
    about = opinion(about_head=True)
    assert (about.organisation, about.concerns) == ("faculty", "branch")


def test_an_opinion_about_a_head_is_kept_from_every_post_holder_there():
    about = opinion(about_head=True)
    assert is_kept_from(about.kept_from, "a-successor", ["branch"])
    assert is_kept_from(about.kept_from, "a-successor", ["faculty", "branch"]), (
        "whatever post they hold above"
    )
    assert not is_kept_from(about.kept_from, "the-dean", ["faculty", "university"])


def test_an_opinion_about_a_head_stays_kept_from_who_held_a_post_there_that_day():
    about = opinion(about_head=True)
    for head in HEADS:
        assert is_kept_from(about.kept_from, head, ["faculty"]), "promoted"
        assert is_kept_from(about.kept_from, head, []), "the term has run out"


def test_any_other_opinion_is_kept_from_no_post_holder():
    assert not is_kept_from(opinion().kept_from, "the-secretary", ["branch", "faculty"])


def test_nobody_stands_above_the_root_to_answer_for_its_head():
    with pytest.raises(Invalid) as refused:
        responsible(["university"], about_head=True)
    assert refused.value.code == "opinion.no_level_above"


def test_receiving_declining_and_adopting_each_say_so_once():
    received, first = receive(
        id="o", path=PATH, category="other", about_head=False, text="…", today=TODAY, author="person-1"
    )
    _, second = decline(received, reason="Settled last year.", today=TODAY)
    _, third = adopt(received, ANSWER)
    assert [[event.contract for event in events] for events in (first, second, third)] == [
        [OpinionReceived],
        [OpinionDeclined],
        [OpinionAdopted],
    ]


def test_every_event_of_an_anonymous_opinion_is_anonymous():
    anonymous, events = release(opinion(author=None))
    events += [*decline(anonymous, reason="…", today=TODAY)[1], *adopt(anonymous, ANSWER)[1]]
    assert all(event.anonymous for event in events)


def test_an_anonymous_opinion_is_told_of_once_when_it_is_released():
    held, said = receive(
        id="o", path=PATH, category="other", about_head=False, text="…", today=TODAY, author=None
    )
    released, events = release(held)
    assert (held.released, said) == (False, [])
    assert [event.contract for event in events] == [OpinionReceived]
    assert release(released) == (released, [])


def test_nobody_deals_with_what_is_not_released():
    held = opinion(author=None)
    with pytest.raises(NotFound, match=r"opinions\.not_found"):
        decline(held, reason="…", today=TODAY)
    with pytest.raises(NotFound, match=r"opinions\.not_found"):
        adopt(held, ANSWER)


def test_an_event_about_a_head_does_not_tell_who_spoke():
    named = opinion(about_head=True)
    assert named.author == "person-1"
    assert all(event.anonymous for event in adopt(named, ANSWER)[1])


def test_events_carry_neither_text_nor_author():
    _, received = receive(
        id="o", path=PATH, category="other", about_head=False, text="secret", today=TODAY, author="person-1"
    )
    assert set(received[0].data) == {"opinion", "organisation", "category", "mode"}


def test_a_declined_opinion_keeps_its_reason_and_day():
    declined, _ = decline(opinion(), reason="Settled last year.", today=TODAY)
    assert (declined.state, declined.declined_because, declined.declined_on) == (
        "declined",
        "Settled last year.",
        TODAY,
    )


def test_only_a_received_opinion_can_be_declined_or_adopted():
    adopted, _ = adopt(opinion(), ANSWER)
    declined, _ = decline(opinion(), reason="…", today=TODAY)
    answered, _ = conclude(adopted, measure="measure-1", result="Done.", today=TODAY)
    for settled in (adopted, declined, answered):
        with pytest.raises(Conflict, match=f"opinion.is_{settled.state}"):
            decline(settled, reason="…", today=TODAY)
        with pytest.raises(Conflict, match=f"opinion.is_{settled.state}"):
            adopt(settled, ANSWER)


def test_only_the_measure_that_adopted_it_answers_it():
    adopted, _ = adopt(opinion(), ANSWER)
    with pytest.raises(Conflict, match=r"opinion\.answered_by_another_measure"):
        conclude(adopted, measure="measure-2", result="Done.", today=TODAY)
    answered, _ = conclude(adopted, measure="measure-1", result="Done.", today=TODAY)
    assert answered.state == "answered"
    assert answered.answer is not None
    assert (answered.answer.result, answered.answer.published_on) == ("Done.", TODAY)
