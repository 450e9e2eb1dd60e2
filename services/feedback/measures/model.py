"""The rules of a measure: whom it needs, what it answers, how it goes on, and how its result closes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from services.chassis.contract import NewEvent
from services.chassis.errors import Conflict, Invalid, NotFound
from services.contracts.feedback_events import (
    MeasureCancelled,
    MeasureChanged,
    MeasurePlanned,
    ResultHandedIn,
    ResultReturned,
)
from services.feedback.opinions.model import Opinion, is_kept_from

FURTHEST_DUE = timedelta(days=3 * 366)
MOST_NODES = 20
MOST_REPORTS = 100
MOST_OPINIONS = 200
WHOLE = 100
Decided = tuple["Measure", list[NewEvent]]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What an organisation does about opinions: ``planned -> handed_in -> published``, or back to planned.
    What is planned may be ``cancelled``.

    ``kept_from``: persons, and organisations whose post holders, must see nothing of it before its result
    is public, because it answers an opinion about their head. ``result`` is what was handed in, ``links``
    the activities that are its evidence, ``shown`` those of its files that everybody reads with the result.
    ``reviews`` are the verdicts on what was handed in.
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
    nodes: tuple[Mapping[str, Any], ...] = ()
    reports: tuple[Mapping[str, Any], ...] = ()
    changes: tuple[Mapping[str, Any], ...] = ()
    result: str | None = None
    links: tuple[str, ...] = ()
    attachments: tuple[Mapping[str, Any], ...] = ()
    shown: tuple[str, ...] = ()
    handed_in_by: str | None = None
    handed_in_on: date | None = None
    reviews: tuple[Mapping[str, Any], ...] = ()
    published_on: date | None = None
    cancelled_on: date | None = None
    cancelled_because: str | None = None

    @property
    def open_files(self) -> list[Mapping[str, Any]]:
        """The files that everybody reads with the published result."""
        if self.state != "published":
            return []
        return [each for each in self.attachments if each["file"] in self.shown]

    @property
    def progress(self) -> int:
        """Whole per cent: of its nodes, rounded down; without nodes what was reported last."""
        if self.state == "published":
            return WHOLE
        if self.nodes:
            return WHOLE * sum(1 for node in self.nodes if node["done_on"]) // len(self.nodes)
        return next((int(each["progress"]) for each in reversed(self.reports)), 0)


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who shall own a measure. ``belongs``: to its organisation; ``posts`` are where they hold one."""

    person: str
    belongs: bool
    posts: Sequence[str]


def plan(
    *,
    id: str,  # noqa: A002 - it is the field's name
    organisation: str,
    title: str,
    owner: Owner,
    due_on: date,
    opinions: Sequence[Opinion],
    today: date,
    nodes: Sequence[Mapping[str, Any]] = (),
) -> Decided:
    """A measure of ``organisation`` that answers ``opinions``, due between today and three years on.

    Raises ``Invalid`` where the owner is no one of the organisation's, or one of those from whom an opinion
    is kept; where an opinion is another organisation's to answer; where a date is out of range.
    """
    if not opinions:
        raise Invalid.at("opinions", "measure.answers_nothing")
    _require_own(opinions, organisation)
    _require_due(due_on, today)
    kept_from = _kept_from((), opinions)
    _require_owner(owner, kept_from)
    for position, node in enumerate(nodes):
        if not today <= node["due_on"] <= due_on:
            raise Invalid.at(f"nodes.{position}.due_on", "measure.node_out_of_range")
    measure = Measure(
        id=id,
        state="planned",
        organisation=organisation,
        title=title,
        owner=owner.person,
        due_on=due_on,
        planned_on=today,
        opinions=tuple(opinion.id for opinion in opinions),
        kept_from=kept_from,
        nodes=tuple(
            {
                "id": f"n{number}",
                "title": node["title"],
                "due_on": node["due_on"].isoformat(),
                "done_on": None,
            }
            for number, node in enumerate(nodes, 1)
        ),
    )
    return measure, [told(MeasurePlanned, measure, opinions=list(measure.opinions))]


def answer_more(measure: Measure, opinions: Sequence[Opinion], owner: Owner) -> Decided:
    """Let it answer ``opinions`` as well, as long as no result is handed in.

    Raises ``Conflict``, and ``Invalid`` as ``plan`` does, also where the owner is one of those from whom
    one of them is kept.
    """
    must_be(measure, "planned")
    _require_own(opinions, measure.organisation)
    kept_from = _kept_from(measure.kept_from, opinions)
    if is_kept_from(kept_from, owner.person, owner.posts):
        raise Invalid.at("opinions", "measure.owner_is_concerned")
    if bool(kept_from) != bool(measure.kept_from):
        # Of the one records makes a task that others see; the other stays here.
        raise Invalid.at("opinions", "measure.about_a_head_apart")
    answered = tuple(dict.fromkeys((*measure.opinions, *(opinion.id for opinion in opinions))))
    if len(answered) > MOST_OPINIONS:
        raise Conflict("measure.full", params={"most": MOST_OPINIONS})
    more = replace(measure, opinions=answered, kept_from=kept_from)
    return more, [told(MeasureChanged, more, opinions=list(answered))]


def change(
    measure: Measure, *, owner: Owner | None, due_on: date | None, reason: str, by: str, today: date
) -> Decided:
    """Another owner or another due date, with the reason; the earlier ones stay on record.

    Raises ``Conflict`` once its result is handed in, ``Invalid`` as ``plan`` does.
    """
    must_be(measure, "planned")
    if owner is not None:
        _require_owner(owner, measure.kept_from)
    if due_on is not None:
        _require_due(due_on, today)
        latest = max((node["due_on"] for node in measure.nodes if not node["done_on"]), default="")
        if due_on.isoformat() < latest:
            raise Invalid.at("due_on", "measure.node_out_of_range")
    changed = replace(
        measure, owner=owner.person if owner else measure.owner, due_on=due_on or measure.due_on
    )
    if changed == measure:
        return measure, []
    _require_room(measure.changes)
    changed = replace(changed, changes=(*measure.changes, _as_it_was(measure, reason, by, today)))
    return changed, [told(MeasureChanged, changed, opinions=list(changed.opinions))]


def cancel(measure: Measure, *, reason: str, by: str, today: date) -> Decided:
    """Give it up, with the reason; raises ``Conflict`` once its result is handed in, or it was given up."""
    must_be(measure, "planned")
    _require_room(measure.changes)
    given_up = replace(
        measure,
        state="cancelled",
        cancelled_on=today,
        cancelled_because=reason,
        changes=(*measure.changes, _as_it_was(measure, reason, by, today)),
    )
    return given_up, [told(MeasureCancelled, given_up, opinions=list(given_up.opinions))]


def report(measure: Measure, *, text: str, progress: int | None, by: str, today: date) -> Decided:
    """How it stands, in words; ``progress`` in per cent of one without nodes. No event: it changes nothing.

    Raises ``Conflict`` once its result is handed in, ``Invalid("measure.progress_from_nodes")``.
    """
    must_be(measure, "planned")
    _require_room(measure.reports)
    if progress is not None and measure.nodes:
        raise Invalid.at("progress", "measure.progress_from_nodes")
    said = {
        "text": text,
        "progress": measure.progress if progress is None else progress,
        "by": by,
        "on": today.isoformat(),
    }
    return replace(measure, reports=(*measure.reports, said)), []


def finish_node(measure: Measure, node: str, *, today: date) -> Decided:
    """A node is reached; once more changes nothing. Raises ``NotFound("measure_node.not_found")``."""
    must_be(measure, "planned")
    if node not in {each["id"] for each in measure.nodes}:
        raise NotFound("measure_node.not_found")
    nodes = tuple(
        {**each, "done_on": each["done_on"] or today.isoformat()} if each["id"] == node else each
        for each in measure.nodes
    )
    return replace(measure, nodes=nodes), []


def told(
    contract: type[MeasurePlanned | MeasureChanged | MeasureCancelled | ResultHandedIn | ResultReturned],
    measure: Measure,
    **more: Any,
) -> NewEvent:
    # What is done about a head is told without its title, and without who acted.
    open_title: dict[str, Any] = {"restricted": True} if measure.kept_from else {"title": measure.title}
    return contract.of(
        anonymous=bool(measure.kept_from),
        measure=measure.id,
        organisation=measure.organisation,
        owner=measure.owner,
        due_on=measure.due_on,
        **open_title,
        **more,
    )


def _as_it_was(measure: Measure, reason: str, by: str, today: date) -> dict[str, Any]:
    """What ``changes`` keep of the time before one."""
    return {
        "owner": measure.owner,
        "due_on": measure.due_on.isoformat(),
        "reason": reason,
        "by": by,
        "on": today.isoformat(),
    }


def _kept_from(already: Sequence[str], opinions: Sequence[Opinion]) -> tuple[str, ...]:
    return tuple(sorted({*already, *(each for opinion in opinions for each in opinion.kept_from)}))


def _require_own(opinions: Sequence[Opinion], organisation: str) -> None:
    if any(opinion.organisation != organisation for opinion in opinions):
        raise Invalid.at("opinions", "measure.opinion_of_another_organisation")


def _require_due(due_on: date, today: date) -> None:
    if not today <= due_on <= today + FURTHEST_DUE:
        raise Invalid.at("due_on", "measure.due_out_of_range")


def _require_owner(owner: Owner, kept_from: Sequence[str]) -> None:
    if not owner.belongs:
        raise Invalid.at("owner", "measure.owner_of_another_organisation")
    if is_kept_from(kept_from, owner.person, owner.posts):
        raise Invalid.at("owner", "measure.owner_is_concerned")


def _require_room(entries: Sequence[Any]) -> None:
    if len(entries) >= MOST_REPORTS:
        raise Conflict("measure.full", params={"most": MOST_REPORTS})


def must_be(measure: Measure, state: str) -> None:
    if measure.state != state:
        raise Conflict(f"measure.is_{measure.state}")
