"""How a task begins: entered, pushed down, decided by an activity, or a measure of feedback. Pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid
from services.contracts.kinds import DIFFICULTY_CATEGORIES
from services.contracts.records_events import TaskCreated
from services.records.plans.model import OPEN, changed, check_due, chosen, expect, facts, target
from services.records.plans.nodes import numbered

State = Mapping[str, Any]

TITLE = 200
_NOTHING_YET: Mapping[str, Any] = {
    "description": None,
    "plan": None,
    "responsible": None,
    "target": None,
    "category": None,
    "raised_by": None,
    "required": False,
    "taken_up_on": None,
    "stated": 0,
    "done_on": None,
    "completed_by": None,
    "result": None,
    "reason": None,
    "due_dates": [],
    "reports": [],
    "reviews": [],
    "published": False,
    "told_overdue": False,
    "entered_by": None,
}


def enter(subject: str, given: State, *, by: str, today: date) -> Change:
    """A task or a difficulty that somebody enters for an organisation.

    Raises ``Invalid``: ``task.due_date_unfit`` (before today, or more than five years ahead),
    ``task.node_after_due``, ``task.target_unclear``, ``task.category_missing`` of a difficulty,
    ``task.not_a_difficulty`` where what only a difficulty has is said of another.
    """
    due_on: date = given["due_on"]
    check_due(due_on, today)
    difficult = given["kind"] == "difficulty"
    if difficult and not given.get("category"):
        raise Invalid.at("category", "task.category_missing", accepted=", ".join(DIFFICULTY_CATEGORIES))
    for name in ("category", "raised_by"):
        if not difficult and given.get(name):
            raise Invalid.at(name, "task.not_a_difficulty", accepted="null")
    state = {
        **_NOTHING_YET,
        **chosen(given, "organisation", "kind", "title", "plan", "responsible", "category", "raised_by"),
        "description": given.get("description") or None,
        "target": target(given.get("target")),
        "due_on": due_on.isoformat(),
        "nodes": numbered([], given["nodes"], due_on),
        "state": "open",
        "audience": given["organisation"] if difficult else OPEN,
        "origin": _origin("entered"),
        "template": None,
        "entered_by": by,
        "entered_on": today.isoformat(),
    }
    return _created(subject, state)


def pushed(subject: str, template: str, made: State, organisation: str, *, today: date) -> Change:
    """The task that ``organisation`` gets by the template ``made``: offered, or open where it is required."""
    state = {
        **_NOTHING_YET,
        **chosen(made, "title", "description", "target", "required", "due_on"),
        "organisation": organisation,
        "kind": "work",
        "nodes": numbered([], made["nodes"], date.fromisoformat(made["due_on"])),
        "state": "open" if made["required"] else "offered",
        "audience": OPEN,
        "origin": _origin("template", template=template),
        "template": template,
        "entered_on": today.isoformat(),
    }
    return _created(subject, state)


def decided(
    subject: str, decision: State, activity: str, held: State, *, confined: bool, today: date
) -> Change:
    """The task that a decision with a due date is: ``text``, ``due_on``, ``responsible`` where named.

    It is due when it was decided that it be, also where that day had passed before the record was approved.
    """
    text = str(decision["text"])
    state = {
        **_NOTHING_YET,
        "organisation": held["organisation"],
        "kind": "decision",
        "title": text[:TITLE],
        "description": text if len(text) > TITLE else None,
        "responsible": decision.get("responsible"),
        "due_on": decision["due_on"],
        "nodes": [],
        "state": "open",
        "audience": held["organisation"] if confined else OPEN,
        "origin": _origin("decision", activity=activity),
        "template": None,
        "entered_on": today.isoformat(),
    }
    return _created(subject, state)


def measured(subject: str, told: State, *, today: date) -> Change:
    """The task that a measure of feedback is: ``title``, ``owner``, ``due_on``, ``organisation``."""
    state = {
        **_NOTHING_YET,
        "organisation": told["organisation"],
        "kind": "measure",
        "title": told["title"],
        "responsible": told["owner"],
        "due_on": told["due_on"].isoformat(),
        "nodes": [],
        "state": "open",
        "audience": OPEN,
        "origin": _origin("measure", measure=told["measure"]),
        "template": None,
        "entered_on": today.isoformat(),
    }
    return _created(subject, state)


def take_up(subject: str, before: State, *, responsible: str, today: date) -> Change:
    """The organisation takes up what was pushed down, once; ``Conflict("task.not_offered")`` of any other."""
    if before["template"] is None or before["taken_up_on"] is not None:
        raise Conflict("task.not_offered")
    expect(before, "offered", "open")
    taken = {"state": "open", "responsible": responsible, "taken_up_on": today.isoformat()}
    return changed(subject, {**before, **taken})


def _origin(kind: str, **more: str) -> dict[str, Any]:
    return {"kind": kind, "template": None, "activity": None, "measure": None, **more}


def _created(subject: str, state: State) -> Change:
    told = {name: state["origin"][name] for name in ("template", "activity")}
    return Change(state, [TaskCreated.of(**facts(subject, state), **told, required=state["required"])])
