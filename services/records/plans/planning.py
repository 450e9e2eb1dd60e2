"""The life of a plan: draft, submitted, approved or returned, closed. Pure rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.chassis.contract import Change, EventContract
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.contracts.kinds import TASK_STATES
from services.contracts.records_events import (
    PlanApproved,
    PlanChanged,
    PlanClosed,
    PlanDrafted,
    PlanReturned,
    PlanSubmitted,
    PlanTemplateMade,
    PlanTemplateWithdrawn,
)
from services.records.plans import model as tasks
from services.records.plans.nodes import numbered

State = Mapping[str, Any]
YEARS_BACK, YEARS_AHEAD = 1, 1


def draft(subject: str, given: State, *, today: date) -> Change:
    """A plan is begun, for this year, the next, or the one before.

    Raises ``Invalid("plan.year_unfit")`` with the years that are accepted.
    """
    first, last = today.year - YEARS_BACK, today.year + YEARS_AHEAD
    if not first <= given["year"] <= last:
        raise Invalid.at("year", "plan.year_unfit", accepted=f"{first} … {last}")
    state = {
        **{name: given[name] for name in ("organisation", "year", "title", "goals")},
        "state": "draft",
        "submitted_by": None,
        "reviews": [],
        "published": False,
        "summary": None,
        "closed_on": None,
        "outcome": None,
    }
    return _happened(PlanDrafted, subject, state)


def change(subject: str, before: State, given: State) -> Change | None:
    """Other goals; ``Conflict("plan.state")`` while the level above has it, and from its approval on."""
    _expect(before, "draft", "returned")
    state = {**before, "title": given["title"], "goals": list(given["goals"])}
    return None if state == before else _happened(PlanChanged, subject, state)


def submit(subject: str, before: State, *, by: str) -> Change:
    """To the level above; raises ``Conflict("plan.state")``, ``Invalid("plan.goals_missing")``."""
    _expect(before, "draft", "returned")
    if not before["goals"]:
        raise Invalid.at("goals", "plan.goals_missing", accepted="1 …")
    return _happened(PlanSubmitted, subject, {**before, "state": "submitted", "submitted_by": by})


def review(subject: str, before: State, *, verdict: str, comment: str | None, by: str, today: date) -> Change:
    """The level above approves, or returns with a comment.

    Raises ``Conflict("plan.state")``, ``Forbidden("plan.own_plan")`` to who submitted it,
    ``Invalid("review.comment_missing")``.
    """
    _expect(before, "submitted")
    if by == before["submitted_by"]:
        raise Forbidden("plan.own_plan")
    if verdict == "return" and not comment:
        raise Invalid.at("comment", "review.comment_missing", accepted="1 …")
    said = {"verdict": verdict, "comment": comment or None, "by": by, "on": today.isoformat()}
    state = {**before, "reviews": [*before["reviews"], said]}
    if verdict == "approve":
        return _happened(PlanApproved, subject, {**state, "state": "approved"})
    return _happened(PlanReturned, subject, {**state, "state": "returned"})


def publish(subject: str, before: State, *, published: bool, names: Iterable[str] = ()) -> Change | None:
    """Into the open view, or out of it.

    Raises ``Conflict("plan.state")`` before it was approved, and ``Invalid("plan.names_a_person")`` where
    one of ``names`` stands in what everybody would read.
    """
    _expect(before, "approved", "closed")
    if before["published"] == published:
        return None
    state = {**before, "published": published}
    _check_words(state, names)
    return _happened(PlanChanged, subject, state)


def close(
    subject: str, before: State, *, summary: str, standing: State, today: date, names: Iterable[str] = ()
) -> Change:
    """The end of an approved plan, with how its tasks stand (see ``outcome``); nothing changes that later.

    Raises ``Conflict("plan.state")``, ``Invalid("plan.names_a_person")`` as ``publish``.
    """
    _expect(before, "approved")
    state = {
        **before,
        "state": "closed",
        "summary": summary,
        "closed_on": today.isoformat(),
        "outcome": dict(standing),
    }
    _check_words(state, names)
    counted = sum(standing[name] for name in TASK_STATES)
    return Change(
        state,
        [PlanClosed.of(**_facts(subject, state), tasks=counted, confirmed=standing["confirmed"])],
    )


def outcome(states: Iterable[State]) -> dict[str, int]:
    """Tasks by state, and the mean progress of those that were not cancelled, rounded down; 0 of none."""
    found = list(states)
    counted = Counter(each["state"] for each in found)
    going = [tasks.progress(each) for each in found if each["state"] != "cancelled"]
    mean = sum(going) // len(going) if going else 0
    return {**{name: counted[name] for name in TASK_STATES}, "progress": mean}


def make_template(subject: str, given: State, *, today: date) -> Change:
    """A task to be pushed down; it is never changed, so that all who get it get the same.

    Raises ``Invalid``: ``task.due_date_unfit``, ``task.node_after_due``, ``task.target_unclear``.
    """
    due_on: date = given["due_on"]
    tasks.check_due(due_on, today)
    numbered([], given["nodes"], due_on)
    state = {
        **{name: given[name] for name in ("organisation", "title", "due_on", "required")},
        "description": given.get("description") or None,
        "target": tasks.target(given.get("target")),
        "nodes": [{"title": node["title"], "due_on": node["due_on"]} for node in given["nodes"]],
        "made_on": today,
        "withdrawn_on": None,
        "withdrawn_because": None,
    }
    told = {name: given[name] for name in ("organisation", "due_on", "required")}
    return Change(state, [PlanTemplateMade.of(template=subject, **told)])


def withdraw_template(subject: str, before: State, *, reason: str, today: date) -> Change | None:
    """Nobody gets it from now on; None where it was withdrawn before."""
    if before["withdrawn_on"] is not None:
        return None
    state = {**before, "withdrawn_on": today, "withdrawn_because": reason}
    told = PlanTemplateWithdrawn.of(template=subject, organisation=before["organisation"], withdrawn_on=today)
    return Change(state, [told])


def check_in_use(template: State) -> None:
    """Raises ``Conflict("template.withdrawn")`` for a template that nobody gets any more."""
    if template["withdrawn_on"] is not None:
        raise Conflict("template.withdrawn", params={"on": template["withdrawn_on"]})


def _check_words(state: State, names: Iterable[str]) -> None:
    """Raises ``Invalid("plan.names_a_person")`` at every place of a published plan that says a name."""
    if not state["published"]:
        return
    known, said = list(names), {"title": state["title"], "summary": state["summary"]}
    said |= {f"goals.{position}": goal for position, goal in enumerate(state["goals"])}
    wrong = [place for place, words in said.items() if tasks.names_somebody([words], known)]
    if wrong:
        raise Invalid("plan.names_a_person", fields={place: ["plan.names_a_person"] for place in wrong})


def _expect(before: State, *states: str) -> None:
    if before["state"] not in states:
        raise Conflict("plan.state", params={"state": before["state"], "accepted": ", ".join(states)})


def _facts(subject: str, state: State) -> dict[str, Any]:
    return {
        "plan": subject,
        **{name: state[name] for name in ("organisation", "year", "state", "published")},
    }


def _happened(contract: type[EventContract], subject: str, state: State) -> Change:
    return Change(state, [contract.of(**_facts(subject, state))])
