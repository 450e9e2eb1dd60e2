"""An opinion: who answers it, and which way it may go."""

from __future__ import annotations

from datetime import date

import pytest

from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.vault import Vault
from services.contracts.feedback_events import (
    OpinionAdopted,
    OpinionDeclined,
    OpinionDueSoon,
    OpinionMerged,
    OpinionOverdue,
    OpinionPaused,
    OpinionReassigned,
    OpinionReceived,
    OpinionResumed,
    OpinionTriaged,
)
from services.feedback.clock.model import Reading, is_paused
from services.feedback.opinions.model import (
    NOBODY,
    Answer,
    Opinion,
    Voice,
    is_kept_from,
    receive,
    release,
    speed_of,
    tell,
)
from services.feedback.opinions.reading import Voices
from services.feedback.opinions.steps import (
    absorb,
    adopt,
    conclude,
    decline,
    merge,
    pause,
    reassign,
    resume,
    triage,
)

TODAY = date(2026, 3, 4)
ANSWER = Answer(measure="measure-1", title="More chairs", due_on=date(2026, 4, 1))


HEADS = ("the-secretary", "the-deputy")


BY_NAME = Voice(mode="named", author="person-1", speaker="mark-1")
IN_CONFIDENCE = Voice(mode="confidential", speaker="mark-2", sealed_author="sealed")


def spoken(voice: Voice = BY_NAME, *, about_head: bool = False, **more):
    given = {
        "id": "opinion-1",
        "concerns": "branch",
        "organisation": "faculty" if about_head else "branch",
        "category": "service",
        "about_head": about_head,
        "text": "There are too few chairs.",
        "today": TODAY,
        "voice": voice,
        "post_holders": HEADS,
    }
    return receive(**{**given, **more})


def opinion(voice: Voice = BY_NAME, *, about_head: bool = False, **more) -> Opinion:
    return spoken(voice, about_head=about_head, **more)[0]


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


def test_receiving_declining_and_adopting_each_say_so_once():
    received, first = spoken()
    _, second = decline(received, reason="Settled last year.", today=TODAY)
    _, third = adopt(received, ANSWER, today=TODAY)
    assert [[event.contract for event in events] for events in (first, second, third)] == [
        [OpinionReceived],
        [OpinionDeclined],
        [OpinionAdopted],
    ]


def test_every_event_of_an_anonymous_opinion_is_anonymous():
    anonymous, events = release(opinion(NOBODY))
    events += [*decline(anonymous, reason="…", today=TODAY)[1], *adopt(anonymous, ANSWER, today=TODAY)[1]]
    assert all(event.anonymous for event in events)


def test_an_anonymous_opinion_is_told_of_once_when_it_is_released():
    held, said = spoken(NOBODY)
    released, events = release(held)
    assert (held.released, said) == (False, [])
    assert [event.contract for event in events] == [OpinionReceived]
    assert release(released) == (released, [])


def test_nobody_deals_with_what_is_not_released():
    held = opinion(NOBODY)
    with pytest.raises(NotFound, match=r"opinions\.not_found"):
        decline(held, reason="…", today=TODAY)
    with pytest.raises(NotFound, match=r"opinions\.not_found"):
        adopt(held, ANSWER, today=TODAY)


def test_an_event_about_a_head_does_not_tell_who_spoke():
    named = opinion(about_head=True)
    assert named.author == "person-1"
    assert all(event.anonymous for event in adopt(named, ANSWER, today=TODAY)[1])


def test_events_carry_neither_text_nor_author():
    _, received = spoken(text="secret")
    assert set(received[0].data) == {"opinion", "organisation", "category", "mode"}


def test_a_declined_opinion_keeps_its_reason_and_day():
    declined, _ = decline(opinion(), reason="Settled last year.", today=TODAY)
    assert (declined.state, declined.declined_because, declined.declined_on) == (
        "declined",
        "Settled last year.",
        TODAY,
    )


def test_only_an_open_opinion_can_be_declined_or_adopted():
    adopted, _ = adopt(opinion(), ANSWER, today=TODAY)
    declined, _ = decline(opinion(), reason="…", today=TODAY)
    answered, _ = conclude(adopted, measure="measure-1", result="Done.", today=TODAY)
    for settled in (adopted, declined, answered):
        with pytest.raises(Conflict, match=f"opinion.is_{settled.state}"):
            decline(settled, reason="…", today=TODAY)
        with pytest.raises(Conflict, match=f"opinion.is_{settled.state}"):
            adopt(settled, ANSWER, today=TODAY)


def test_only_the_measure_that_adopted_it_answers_it():
    adopted, _ = adopt(opinion(), ANSWER, today=TODAY)
    with pytest.raises(Conflict, match=r"opinion\.answered_by_another_measure"):
        conclude(adopted, measure="measure-2", result="Done.", today=TODAY)
    answered, _ = conclude(adopted, measure="measure-1", result="Done.", today=TODAY)
    assert answered.state == "answered"
    assert answered.answer is not None
    assert (answered.answer.result, answered.answer.published_on) == ("Done.", TODAY)


def test_no_event_of_a_confidential_opinion_says_who_acted_and_no_field_who_spoke():
    confided, events = spoken(IN_CONFIDENCE)
    assert confided.released
    assert confided.author is None
    for event in (*events, *decline(confided, reason="…", today=TODAY)[1]):
        assert event.anonymous
        assert not {"sealed", "mark-1"} & {str(value) for value in event.data.values()}


def test_what_somebody_says_by_name_does_not_name_them_where_they_speak_in_confidence():
    voices = Voices(Vault(bytes(32)))
    named, confidential = voices.of("person-1", "named"), voices.of("person-1", "confidential")
    assert named.speaker != confidential.speaker
    assert voices.marks("person-1") == [named.speaker, confidential.speaker]
    assert not set(voices.marks("person-1")) & set(voices.marks("person-2"))


def test_after_a_change_of_keys_an_author_is_still_the_author():
    before, after = Voices(Vault(bytes(32))), Voices(Vault(bytes([1] * 32), retired=[bytes(32)]))
    for mode in ("named", "confidential"):
        said = opinion(before.of("person-1", mode))
        assert after.is_of("person-1", said)
        assert not after.is_of("person-2", said)
    assert not after.is_of("person-1", opinion(Voice()))


def test_triage_says_what_it_is_about_once_and_may_be_changed():
    triaged, events = triage(opinion(), category="teaching", topics=["a", "b", "a"], speed=None, today=TODAY)
    assert (triaged.state, triaged.category, triaged.topics) == ("triaged", "teaching", ("a", "b"))
    assert [event.contract for event in events] == [OpinionTriaged]
    assert triage(triaged, category=None, topics=None, speed=None, today=TODAY) == (triaged, [])
    again, _ = triage(triaged, category=None, topics=["c"], speed="urgent", today=TODAY)
    assert (again.category, again.topics, speed_of(again.clock)) == ("teaching", ("c",), "urgent")


def test_what_is_handed_on_keeps_its_way_and_its_clock():
    moved, events = reassign(
        opinion(), organisation="next-door", reason="Theirs.", by="h", today=TODAY, most=3
    )
    assert (moved.organisation, moved.routes[0]["from"], moved.clock) == (
        "next-door", "branch", opinion().clock,
    )  # fmt: skip
    assert [(event.contract, event.data["before"]) for event in events] == [(OpinionReassigned, "branch")]
    with pytest.raises(Conflict, match=r"opinion\.reassigned_enough"):
        reassign(moved, organisation="branch", reason="No.", by="h", today=TODAY, most=1)


@pytest.mark.parametrize("target", ["faculty", "branch", "the-secretary"])
def test_what_is_about_a_head_is_never_handed_to_whom_it_is_kept_from(target):
    with pytest.raises(Invalid, match=r"opinion\.organisation_concerned"):
        reassign(opinion(about_head=True), organisation=target, reason="…", by="h", today=TODAY, most=3)


def test_one_opinion_stands_for_another_that_says_the_same():
    first, second = opinion(), opinion(id="opinion-2")
    standing, said = absorb(first, second)
    merged, events = merge(second, into=first.id, today=TODAY)
    assert (standing.duplicates, said) == (("opinion-2",), [])
    assert (merged.state, merged.merged_into) == ("merged", "opinion-1")
    assert [(event.contract, event.data["into"]) for event in events] == [(OpinionMerged, "opinion-1")]
    with pytest.raises(Conflict, match=r"opinion\.is_merged"):
        decline(merged, reason="…", today=TODAY)
    with pytest.raises(Conflict, match=r"opinion\.has_duplicates"):
        merge(standing, into="opinion-3", today=TODAY)


def test_what_is_about_a_head_is_merged_with_the_like_alone_and_kept_from_both():
    about = opinion(about_head=True)
    other = opinion(id="opinion-2", about_head=True, post_holders=("a-third",))
    assert set(absorb(about, other)[0].kept_from) == {"branch", *HEADS, "a-third"}
    with pytest.raises(Invalid, match=r"opinion\.not_alike"):
        absorb(opinion(organisation="faculty"), about)
    with pytest.raises(Invalid, match=r"opinion\.not_alike"):
        absorb(about, about)


def test_what_a_measure_answers_stands_for_nothing_that_is_kept_from_more_people():
    about = opinion(about_head=True)
    adopted, _ = adopt(about, ANSWER, today=TODAY)
    like = opinion(id="opinion-2", about_head=True)
    assert absorb(adopted, like)[0].kept_from == about.kept_from
    other = opinion(id="opinion-3", about_head=True, post_holders=("a-third",))
    with pytest.raises(Invalid, match=r"opinion\.not_alike"):
        absorb(adopted, other)


def test_the_clock_is_paused_and_goes_on_once_each():
    paused, first = pause(opinion(), reason="Asked the office.", awaiting="others", today=TODAY)
    resumed, second = resume(paused, today=TODAY)
    assert [event.contract for event in (*first, *second)] == [OpinionPaused, OpinionResumed]
    assert (is_paused(paused.clock), is_paused(resumed.clock)) == (True, False)
    with pytest.raises(Conflict, match=r"opinion\.is_paused"):
        pause(paused, reason="…", awaiting="others", today=TODAY)
    with pytest.raises(Conflict, match=r"opinion\.is_not_paused"):
        resume(resumed, today=TODAY)


def reading(**changes) -> Reading:
    given = {
        "state": "running", "speed": "ordinary", "limit": 5, "used": 4, "due_on": TODAY,
        "soon": False, "overdue": False, "provisional": False, "stopped_on": None,
    }  # fmt: skip
    return Reading(**{**given, **changes})


def test_that_it_is_due_soon_and_that_it_is_overdue_is_told_once_each():
    waiting = opinion()
    told, soon = tell(waiting, reading(soon=True))
    assert [event.contract for event in soon] == [OpinionDueSoon]
    assert tell(told, reading(soon=True)) == (told, [])
    late, overdue = tell(told, reading(overdue=True))
    assert [event.contract for event in overdue] == [OpinionOverdue]
    assert tell(late, reading(overdue=True)) == (late, [])
    assert tell(opinion(NOBODY), reading(overdue=True))[1] == [], "nobody knows of it yet"
    assert tell(decline(waiting, reason="…", today=TODAY)[0], reading(overdue=True))[1] == []
