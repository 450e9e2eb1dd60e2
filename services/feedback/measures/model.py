"""The rules of a measure: whom it needs, what it answers, and how its result closes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.chassis.contract import NewEvent
from services.chassis.errors import Conflict, Invalid
from services.contracts.feedback_events import MeasurePlanned, ResultPublished
from services.feedback.opinions.model import Answer, Opinion, is_kept_from

FURTHEST_DUE = timedelta(days=3 * 366)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What an organisation does about opinions: ``planned -> published``.

    ``kept_from``: persons, and organisations whose post holders, must see nothing of it before its result
    is public, because it answers an opinion about their head.
    """

    id: str
    state: str
    organisation: str
    title: str
    owner: str
    due_on: date
    planned_on: date
    opinions: tuple[str, ...]
    kept_from: tuple[str, ...] = ()
    result: str | None = None
    published_on: date | None = None


def plan(
    *,
    id: str,  # noqa: A002 - it is the field's name
    organisation: str,
    title: str,
    owner: str,
    owner_belongs: bool,
    owner_posts: Sequence[str],
    due_on: date,
    opinions: Sequence[Opinion],
    today: date,
) -> tuple[Measure, list[NewEvent]]:
    """A measure of ``organisation`` that answers ``opinions``, due between today and three years on.

    Raises ``Invalid`` where the owner is no one of the organisation's, or one of those from whom an opinion
    is kept; where an opinion is another organisation's to answer; where the date is out of range.
    """
    if not opinions:
        raise Invalid("measure.answers_nothing", fields={"opinions": ["measure.answers_nothing"]})
    if any(opinion.organisation != organisation for opinion in opinions):
        code = "measure.opinion_of_another_organisation"
        raise Invalid(code, fields={"opinions": [code]})
    if not today <= due_on <= today + FURTHEST_DUE:
        raise Invalid("measure.due_out_of_range", fields={"due_on": ["measure.due_out_of_range"]})
    if not owner_belongs:
        code = "measure.owner_of_another_organisation"
        raise Invalid(code, fields={"owner": [code]})
    kept_from = tuple(sorted({each for opinion in opinions for each in opinion.kept_from}))
    if is_kept_from(kept_from, owner, owner_posts):
        raise Invalid("measure.owner_is_concerned", fields={"owner": ["measure.owner_is_concerned"]})
    measure = Measure(
        id=id,
        state="planned",
        organisation=organisation,
        title=title,
        owner=owner,
        due_on=due_on,
        planned_on=today,
        opinions=tuple(opinion.id for opinion in opinions),
        kept_from=kept_from,
    )
    planned = MeasurePlanned.of(
        measure=id, organisation=organisation, owner=owner, due_on=due_on, opinions=list(measure.opinions)
    )
    return measure, [planned]


def publish(measure: Measure, *, result: str, today: date) -> tuple[Measure, list[NewEvent]]:
    """Make the result public; raises ``Conflict`` once it is."""
    if measure.state != "planned":
        raise Conflict("measure.is_published")
    published = replace(measure, state="published", result=result, published_on=today)
    event = ResultPublished.of(
        measure=measure.id,
        organisation=measure.organisation,
        published_on=today,
        opinions=list(measure.opinions),
    )
    return published, [event]


def answer_of(measure: Measure) -> Answer:
    """What the authors of its opinions see of it: neither its owner nor the other opinions."""
    return Answer(
        measure=measure.id,
        title=measure.title,
        due_on=measure.due_on,
        result=measure.result,
        published_on=measure.published_on,
    )
