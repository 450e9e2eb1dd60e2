"""A measure: whom it needs, and how its result closes it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.chassis.errors import Conflict, Invalid
from services.contracts.feedback_events import MeasurePlanned, ResultPublished
from services.feedback.measures.model import FURTHEST_DUE, Measure, answer_of, plan, publish
from services.feedback.opinions.model import Opinion, receive

TODAY = date(2026, 3, 4)
PATH = ("university", "faculty", "branch")


def opinion(number: int = 1, *, path=PATH, about_head: bool = False) -> Opinion:
    received, _ = receive(
        id=f"opinion-{number}",
        path=path,
        category="service",
        about_head=about_head,
        text="There are too few chairs.",
        today=TODAY,
        author=None,
        post_holders=["the-head"],
    )
    return received


def planned(**changes) -> tuple[Measure, list]:
    wanted = {
        "id": "measure-1",
        "organisation": "branch",
        "title": "More chairs",
        "owner": "person-1",
        "owner_belongs": True,
        "owner_posts": (),
        "due_on": TODAY + timedelta(days=30),
        "opinions": [opinion()],
        "today": TODAY,
    }
    return plan(**(wanted | changes))


def test_planning_says_who_does_what_until_when():
    measure, events = planned(opinions=[opinion(1), opinion(2)])
    assert measure.state == "planned"
    assert [event.contract for event in events] == [MeasurePlanned]
    assert events[0].data["opinions"] == ["opinion-1", "opinion-2"]
    assert (events[0].data["owner"], events[0].data["due_on"]) == ("person-1", measure.due_on)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"owner_belongs": False}, "measure.owner_of_another_organisation", "owner"),
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
    measure, _ = planned(organisation="faculty", opinions=[about], owner_posts=("faculty",))
    assert measure.kept_from == ("branch", "the-head")
    for owner, posts in (("person-1", ("faculty", "branch")), ("the-head", ("faculty",))):
        with pytest.raises(Invalid, match=r"measure\.owner_is_concerned"):
            planned(organisation="faculty", opinions=[about], owner=owner, owner_posts=posts)


def test_a_result_closes_the_measure_once():
    measure, _ = planned()
    published, events = publish(measure, result="Twenty chairs came.", today=TODAY)
    assert (published.state, published.result, published.published_on) == (
        "published",
        "Twenty chairs came.",
        TODAY,
    )
    assert [event.contract for event in events] == [ResultPublished]
    with pytest.raises(Conflict, match=r"measure\.is_published"):
        publish(published, result="Again.", today=TODAY)


def test_authors_learn_neither_the_owner_nor_the_other_opinions():
    measure, _ = planned(opinions=[opinion(1), opinion(2)])
    assert set(vars(answer_of(measure))) == {"measure", "title", "due_on", "result", "published_on"}
