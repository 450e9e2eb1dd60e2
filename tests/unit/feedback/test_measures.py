"""A measure: whom it needs, and how its result closes it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.contracts.feedback_events import (
    MeasureCancelled,
    MeasureChanged,
    MeasurePlanned,
    ResultHandedIn,
    ResultPublished,
    ResultReturned,
)
from services.feedback.measures.model import (
    FURTHEST_DUE,
    MOST_OPINIONS,
    Measure,
    Owner,
    answer_more,
    cancel,
    change,
    finish_node,
    plan,
    report,
)
from services.feedback.measures.results import answer_of, hand_in, review
from services.feedback.opinions.steps import adopt, give_back

from .test_opinions import TODAY, opinion

SOON = TODAY + timedelta(days=30)
NODES = [{"title": "Ask", "due_on": TODAY}, {"title": "Buy", "due_on": SOON}]


def owner(person: str = "person-1", *, belongs: bool = True, posts=()) -> Owner:
    return Owner(person=person, belongs=belongs, posts=posts)


def planned(**changes) -> tuple[Measure, list]:
    wanted = {
        "id": "measure-1",
        "organisation": "branch",
        "title": "More chairs",
        "owner": owner(),
        "due_on": SOON,
        "opinions": [opinion()],
        "today": TODAY,
    }
    return plan(**(wanted | changes))


def handed_in(measure: Measure | None = None) -> Measure:
    given = measure or planned()[0]
    return hand_in(given, result="Twenty chairs came.", links=["activity-1"], by="person-1", today=TODAY)[0]


def test_planning_says_who_does_what_until_when():
    measure, events = planned(opinions=[opinion(), opinion(id="opinion-2")])
    assert measure.state == "planned"
    assert [event.contract for event in events] == [MeasurePlanned]
    assert events[0].data["opinions"] == ["opinion-1", "opinion-2"]
    assert (events[0].data["owner"], events[0].data["due_on"]) == ("person-1", measure.due_on)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"owner": owner(belongs=False)}, "measure.owner_of_another_organisation", "owner"),
        ({"opinions": []}, "measure.answers_nothing", "opinions"),
        ({"organisation": "faculty"}, "measure.opinion_of_another_organisation", "opinions"),
        ({"due_on": TODAY - timedelta(days=1)}, "measure.due_out_of_range", "due_on"),
        ({"due_on": TODAY + FURTHEST_DUE + timedelta(days=1)}, "measure.due_out_of_range", "due_on"),
    ],
)
def test_a_measure_without_what_it_needs_is_refused_by_field(changes, code, field):
    with pytest.raises(Invalid) as refused:
        planned(**changes)
    assert refused.value.code == code
    assert refused.value.fields == {field: [code]}


@pytest.mark.parametrize("days", [0, 1, FURTHEST_DUE.days])
def test_a_measure_may_be_due_from_today_to_the_furthest_day(days):
    assert planned(due_on=TODAY + timedelta(days=days))[0].due_on == TODAY + timedelta(days=days)


def test_who_is_spoken_about_neither_owns_nor_sees_the_measure():
    about = opinion(about_head=True)
    measure, _ = planned(organisation="faculty", opinions=[about], owner=owner(posts=("faculty",)))
    assert measure.kept_from == ("branch", "the-deputy", "the-secretary")
    for person, posts in (("person-1", ("faculty", "branch")), ("the-secretary", ("faculty",))):
        with pytest.raises(Invalid, match=r"measure\.owner_is_concerned"):
            planned(organisation="faculty", opinions=[about], owner=owner(person, posts=posts))


def test_what_is_done_about_a_head_is_told_without_its_title_and_without_who_acts():
    (open_one,), (apart,) = (
        planned()[1],
        planned(organisation="faculty", opinions=[opinion(about_head=True)])[1],
    )
    assert (open_one.data.get("title"), open_one.anonymous) == ("More chairs", False)
    assert (apart.data.get("title"), apart.anonymous) == (None, True)


def test_a_result_is_public_after_somebody_else_has_reviewed_it_and_then_for_good():
    handed = handed_in()
    assert answer_of(handed).result is None, "not before it is reviewed"
    with pytest.raises(Forbidden, match=r"measure\.own_result"):
        review(handed, accepted=True, reason=None, by="person-1", today=TODAY)
    published, events = review(handed, accepted=True, reason=None, by="secretary", today=TODAY)
    assert (published.state, answer_of(published).result, published.progress) == (
        "published", "Twenty chairs came.", 100,
    )  # fmt: skip
    assert [event.contract for event in events] == [ResultPublished]
    for again in (
        lambda: hand_in(published, result="Again.", links=[], by="person-1", today=TODAY),
        lambda: review(published, accepted=False, reason="No.", by="secretary", today=TODAY),
    ):
        with pytest.raises(Conflict, match=r"measure\.is_published"):
            again()


def test_a_result_given_back_with_a_reason_is_handed_in_anew():
    with pytest.raises(Invalid, match=r"measure\.reason_missing"):
        review(handed_in(), accepted=False, reason=None, by="secretary", today=TODAY)
    returned, events = review(handed_in(), accepted=False, reason="Photos?", by="secretary", today=TODAY)
    assert (returned.state, returned.reviews[0]["reason"]) == ("planned", "Photos?")
    assert [event.contract for event in events] == [ResultReturned]
    again, more = hand_in(returned, result="Here.", links=[], by="person-1", today=TODAY)
    assert (again.state, [event.contract for event in more]) == ("handed_in", [ResultHandedIn])


def test_progress_follows_from_nodes_and_a_result_waits_for_all_of_them():
    measure, _ = planned(nodes=NODES)
    with pytest.raises(Conflict, match=r"measure\.nodes_open") as refused:
        handed_in(measure)
    assert refused.value.params == {"count": 2}
    half, events = finish_node(measure, "n1", today=TODAY)
    assert (half.progress, events) == (50, [])
    assert finish_node(half, "n1", today=SOON)[0] == half, "the first day stays"
    with pytest.raises(Invalid, match=r"measure\.progress_from_nodes"):
        report(half, text="…", progress=70, by="person-1", today=TODAY)
    assert report(half, text="…", progress=None, by="person-1", today=TODAY)[0].reports[0]["progress"] == 50
    with pytest.raises(NotFound, match=r"measure_node\.not_found"):
        finish_node(measure, "n9", today=TODAY)
    assert handed_in(finish_node(half, "n2", today=TODAY)[0]).state == "handed_in"


def test_without_nodes_progress_is_what_was_said_last():
    measure, _ = planned()
    assert measure.progress == 0
    said, _ = report(measure, text="Ordered.", progress=40, by="person-1", today=TODAY)
    assert report(said, text="On the way.", progress=None, by="person-1", today=TODAY)[0].progress == 40


def test_a_node_is_due_within_the_measure():
    late = [{"title": "Too late", "due_on": SOON + timedelta(days=1)}]
    with pytest.raises(Invalid) as refused:
        planned(nodes=late)
    assert list(refused.value.fields) == ["nodes.0.due_on"]


def test_another_owner_or_day_needs_a_reason_and_leaves_the_earlier_ones_on_record():
    measure, _ = planned(nodes=NODES)
    later = SOON + timedelta(days=9)
    given = {"reason": "The dealer is late.", "by": "secretary", "today": TODAY}
    changed, events = change(measure, owner=owner("person-2"), due_on=later, **given)
    assert (changed.owner, changed.due_on) == ("person-2", later)
    assert (changed.changes[0]["owner"], changed.changes[0]["due_on"]) == ("person-1", SOON.isoformat())
    assert [event.contract for event in events] == [MeasureChanged]
    assert change(changed, owner=owner("person-2"), due_on=later, **given) == (changed, [])
    with pytest.raises(Invalid, match=r"measure\.node_out_of_range"):
        change(measure, owner=None, due_on=TODAY, **given)
    with pytest.raises(Invalid, match=r"measure\.owner_of_another_organisation"):
        change(measure, owner=owner("x", belongs=False), due_on=None, **given)


def test_one_measure_answers_more_opinions_as_they_come():
    more, events = answer_more(planned()[0], [opinion(id="opinion-2")], owner())
    assert more.opinions == ("opinion-1", "opinion-2")
    assert events[0].data["opinions"] == ["opinion-1", "opinion-2"]
    with pytest.raises(Conflict, match=r"measure\.full"):
        answer_more(more, [opinion(id=f"o-{each}") for each in range(MOST_OPINIONS)], owner())
    with pytest.raises(Conflict, match=r"measure\.is_handed_in"):
        answer_more(handed_in(), [opinion(id="opinion-2")], owner())


def test_what_is_about_a_head_gets_a_measure_of_its_own():
    other, _ = planned(organisation="faculty", opinions=[opinion(organisation="faculty")])
    with pytest.raises(Invalid, match=r"measure\.about_a_head_apart"):
        answer_more(other, [opinion(id="opinion-2", about_head=True)], owner())
    with pytest.raises(Invalid, match=r"measure\.owner_is_concerned"):
        answer_more(other, [opinion(id="opinion-2", about_head=True)], owner("the-deputy"))


def test_authors_learn_neither_the_owner_nor_the_other_opinions():
    measure, _ = planned(opinions=[opinion(), opinion(id="opinion-2")])
    told = {"measure", "title", "due_on", "result", "files", "published_on"}
    assert set(vars(answer_of(measure))) == told


def test_a_measure_is_given_up_with_a_reason_and_what_it_answers_is_open_again():
    measure, _ = planned()
    adopted, _ = adopt(opinion(), answer_of(measure), today=TODAY)
    given_up, events = cancel(measure, reason="No money.", by="secretary", today=SOON)
    assert (given_up.state, given_up.cancelled_because, given_up.cancelled_on) == (
        "cancelled",
        "No money.",
        SOON,
    )
    assert [(each.contract, each.data["opinions"]) for each in events] == [(MeasureCancelled, ["opinion-1"])]
    assert "reason" not in events[0].data
    again, told = give_back(adopted, measure=measure.id, reason="No money.", today=SOON)
    assert (again.state, again.answer, told) == ("triaged", None, [])
    assert (again.earlier[0]["state"], again.earlier[0]["reason"]) == ("adopted", "No money.")
    assert again.clock[-1]["what"] == "taken_up"
    with pytest.raises(Conflict, match="is_cancelled"):
        cancel(given_up, reason="…", by="secretary", today=SOON)
    with pytest.raises(Conflict, match="is_handed_in"):
        cancel(handed_in(), reason="…", by="secretary", today=SOON)
