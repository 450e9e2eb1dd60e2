"""The life of a task from its beginning on: open, done, confirmed or cancelled. No I/O.

Progress is a whole per cent that follows from the nodes; of a task without nodes it is what was said last.
States are as the store keeps them: dates are ISO texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.contracts.records_events import (
    TaskCancelled,
    TaskChanged,
    TaskConfirmed,
    TaskDone,
    TaskOverdue,
)
from services.records.plans.nodes import WHOLE, earliest_end, per_cent

State = Mapping[str, Any]

MOST_AHEAD = timedelta(days=5 * 366)
MOST_REPORTS = 200
MOST_DUE_DATES = 100
# By whom a task is found: all who read the organisation's, or those alone to whom it is confided.
OPEN = "open"


# -- while it is open ------------------------------------------------------------------------------


def change(subject: str, before: State, given: State) -> Change | None:
    """Other words, another plan, person or target; what was pushed down keeps its title and target.

    Raises ``Conflict``: ``task.state``, ``task.pushed_down``; None where nothing is new.
    """
    expect(before, "open")
    said = chosen(given, "title", "plan", "responsible")
    if "description" in given:
        said["description"] = given["description"] or None
    if "target" in given:
        said["target"] = target(given["target"])
    state = {**before, **said}
    if state == before:
        return None
    if before["template"] is not None and (state["title"], state["target"]) != (
        before["title"],
        before["target"],
    ):
        raise Conflict("task.pushed_down")
    return changed(subject, state)


def reschedule(
    subject: str, before: State, due_on: date, *, reason: str, by: str, today: date
) -> Change | None:
    """Another due date; the earlier one stays with the reason. It is told anew when that passes.

    Raises ``Conflict``: ``task.state``, ``task.full``; ``Invalid("task.due_date_unfit")`` before today,
    before a node that is open, or too far ahead. None where it is due then already.
    """
    expect(before, "offered", "open")
    if due_on.isoformat() == before["due_on"]:
        return None
    check_due(due_on, today, earliest=earliest_end(before["nodes"]))
    earlier = moved(before["due_dates"], None, before["due_on"], reason=reason, by=by, today=today)
    state = {**before, "due_on": due_on.isoformat(), "due_dates": earlier, "told_overdue": False}
    return changed(subject, state)


def moved(
    due_dates: Sequence[State], node: str | None, due_on: str, *, reason: str, by: str, today: date
) -> list[State]:
    """The earlier due dates, with ``due_on`` as the newest; raises ``Conflict("task.full")``."""
    _check_room(due_dates, MOST_DUE_DATES)
    entry = {"node": node, "due_on": due_on, "reason": reason, "by": by, "on": today.isoformat()}
    return [*due_dates, entry]


def report(subject: str, before: State, given: State, *, by: str, today: date) -> Change:
    """How a task stands, in words; ``progress`` of one without nodes.

    Raises ``Conflict``: ``task.state``, ``task.full``; ``Invalid("task.progress_from_nodes")``.
    """
    expect(before, "open")
    _check_room(before["reports"], MOST_REPORTS)
    if "progress" in given and per_cent(before["nodes"]) is not None:
        raise Invalid.at("progress", "task.progress_from_nodes", accepted="null")
    state = {**before, "stated": given.get("progress", before["stated"])}
    said = {
        "text": given["text"],
        "progress": progress(state),
        "activity": given.get("activity"),
        "attachments": list(given.get("attachments") or ()),
        "by": by,
        "on": today.isoformat(),
    }
    return changed(subject, {**state, "reports": [*before["reports"], said]})


def with_nodes(subject: str, before: State, nodes: Sequence[State], due_dates: Sequence[State]) -> Change:
    """An open task with its nodes as they are now. Raises ``Conflict("task.state")``."""
    expect(before, "open")
    return changed(subject, {**before, "nodes": list(nodes), "due_dates": list(due_dates)})


def publish(subject: str, before: State, *, published: bool) -> Change | None:
    """Into the open view, or out of it.

    Raises ``Conflict``: ``task.state`` as long as it is merely offered, ``task.confided`` of what an activity
    decided whose record is not for everybody who knows of it.
    """
    if before["state"] == "offered":
        expect(before, "open", "done", "confirmed", "cancelled")
    if published and before["origin"]["kind"] == "decision" and before["audience"] != OPEN:
        raise Conflict("task.confided", params={"accepted": "open"})
    if before["published"] == published:
        return None
    return changed(subject, {**before, "published": published})


def tell_overdue(subject: str, before: State, today: date) -> Change | None:
    """That its due date has passed, once for each that it had; None where there is nothing to tell."""
    if before["told_overdue"] or not overdue(before, today):
        return None
    state = {**before, "told_overdue": True}
    return Change(state, [TaskOverdue.of(**facts(subject, state))])


# -- how it ends -----------------------------------------------------------------------------------


def complete(subject: str, before: State, *, result: str, done_on: date, by: str, today: date) -> Change:
    """A task is done; it waits for somebody else to confirm it.

    Raises ``Conflict``: ``task.state``, ``task.nodes_open`` with how many;
    ``Invalid("task.done_in_future")``.
    """
    expect(before, "open")
    if done_on > today:
        raise Invalid.at("done_on", "task.done_in_future", accepted=today.isoformat())
    waiting = sum(1 for node in before["nodes"] if node["done_on"] is None and node["dropped"] is None)
    if waiting:
        raise Conflict("task.nodes_open", params={"count": waiting})
    state = {
        **before,
        "state": "done",
        "result": result,
        "done_on": done_on.isoformat(),
        "completed_by": by,
    }
    late = state["done_on"] > before["due_on"]
    return Change(state, [TaskDone.of(**facts(subject, state), done_on=done_on, late=late)])


def confirm(
    subject: str, before: State, *, verdict: str, comment: str | None, by: str, today: date
) -> Change:
    """Somebody who did not do it confirms, or returns it with a comment: it is open again.

    Raises ``Conflict("task.state")``, ``Forbidden("task.own_work")`` to whoever is responsible or said
    that it is done, ``Invalid("review.comment_missing")``.
    """
    expect(before, "done")
    if by in (before["completed_by"], before["responsible"]):
        raise Forbidden("task.own_work")
    if verdict == "return" and not comment:
        raise Invalid.at("comment", "review.comment_missing", accepted="1 …")
    said = {"verdict": verdict, "comment": comment or None, "by": by, "on": today.isoformat()}
    state = {**before, "reviews": [*before["reviews"], said]}
    if verdict == "approve":
        state["state"] = "confirmed"
        return Change(state, [TaskConfirmed.of(**facts(subject, state))])
    _check_room(before["reviews"], MOST_REPORTS)
    reopened = {"state": "open", "result": None, "done_on": None, "completed_by": None}
    return changed(subject, {**state, **reopened})


def confirmed_elsewhere(subject: str, before: State, *, on: str) -> Change:
    """What it came to was reviewed where the task comes from, on the day ``on``."""
    done_on = before["done_on"] or on
    state = {**before, "state": "confirmed", "done_on": done_on, "told_overdue": True}
    return Change(state, [TaskConfirmed.of(**facts(subject, state))])


def cancel(subject: str, before: State, *, reason: str) -> Change:
    """It need not be done; ``Conflict("task.state")`` once it is confirmed or was cancelled."""
    expect(before, "offered", "open", "done")
    state = {**before, "state": "cancelled", "reason": reason}
    return Change(state, [TaskCancelled.of(**facts(subject, state))])


def withdraw(subject: str, before: State, *, reason: str) -> Change | None:
    """What was pushed down is taken back, as long as nobody began it; None of what was cancelled before.

    Raises ``Conflict("task.begun")``.
    """
    if before["state"] == "cancelled":
        return None
    if begun(before):
        raise Conflict("task.begun")
    return cancel(subject, before, reason=reason)


# -- what follows from a state ---------------------------------------------------------------------


def progress(state: State) -> int:
    """Whole per cent: all of it once it is done, else of the nodes that count, else as it was said."""
    if state["state"] in ("done", "confirmed"):
        return WHOLE
    counted = per_cent(state["nodes"])
    return int(state["stated"]) if counted is None else counted


def begun(state: State) -> bool:
    """Whether somebody took it up or answers for it, said how it goes, reached a node, or did it."""
    if state["state"] in ("done", "confirmed"):
        return True
    taken = state["taken_up_on"] or state["responsible"]
    return bool(taken or state["reports"] or state["reviews"]) or any(
        node["done_on"] is not None for node in state["nodes"]
    )


def evidence(state: State) -> set[str]:
    """The files that its nodes and reports hold."""
    holders = (*state["nodes"], *state["reports"])
    return {each["file"] for holder in holders for each in holder["attachments"]}


def overdue(state: State, today: date) -> bool:
    """Whether it is open and its due date, which counts to its end, has passed."""
    return bool(state["state"] == "open" and state["due_on"] < today.isoformat())


def names_somebody(words: Iterable[str | None], names: Iterable[str]) -> bool:
    """Whether one of ``names`` stands in what is to be published. Names of one character are no evidence."""
    said = "\n".join(word for word in words if word)
    return any(len(name) > 1 and name in said for name in names)


def target(given: State | None) -> dict[str, Any] | None:
    """Words, or a number with its unit; raises ``Invalid("task.target_unclear")`` for anything between."""
    if given is None:
        return None
    text, number, unit = (given.get(name) for name in ("text", "number", "unit"))
    if (text is None) == (number is None) or (number is None) != (unit is None):
        raise Invalid.at("target", "task.target_unclear", accepted="text | number, unit")
    return {"text": text, "number": number, "unit": unit}


def check_due(due_on: date, today: date, *, earliest: str | None = None) -> None:
    """Raises ``Invalid("task.due_date_unfit")`` before today, before ``earliest``, or too far ahead."""
    first = max(today.isoformat(), earliest or "")
    latest = (today + MOST_AHEAD).isoformat()
    if not first <= due_on.isoformat() <= latest:
        raise Invalid.at("due_on", "task.due_date_unfit", accepted=f"{first} … {latest}")


def _check_room(kept: Sequence[State], most: int) -> None:
    if len(kept) >= most:
        raise Conflict("task.full", params={"most": most})


def expect(before: State, *states: str) -> None:
    """Raises ``Conflict("task.state")`` unless the task is in one of ``states``."""
    if before["state"] not in states:
        raise Conflict("task.state", params={"state": before["state"], "accepted": ", ".join(states)})


def chosen(given: State, *names: str) -> dict[str, Any]:
    """What ``given`` says of ``names``."""
    return {name: given[name] for name in names if name in given}


def facts(subject: str, state: State) -> dict[str, Any]:
    """What every event of a task carries."""
    return {
        "task": subject,
        "organisation": state["organisation"],
        "kind": state["kind"],
        "person": state["responsible"],
        "due_on": date.fromisoformat(state["due_on"]),
        "state": state["state"],
        "progress": progress(state),
        "origin": state["origin"]["kind"],
        "plan": state["plan"],
        "published": state["published"],
        **marked(state),
    }


def marked(state: State) -> dict[str, bool]:
    """That a task is confided, as its events say it; nothing of one that all read."""
    return {} if state["audience"] == OPEN else {"restricted": True}


def changed(subject: str, state: State) -> Change:
    """A task that is as ``state`` says from now on."""
    return Change(state, [TaskChanged.of(**facts(subject, state))])
