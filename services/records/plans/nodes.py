"""Nodes 节点 within a task: reached, dropped, and what per cent of the way they are. Pure rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.errors import Conflict, Invalid, NotFound
from services.contracts.records_rpc.tasks import MOST_NODES

State = Mapping[str, Any]
Nodes = list[dict[str, Any]]

WHOLE = 100


def numbered(before: Sequence[State], given: Sequence[State], due_on: date) -> Nodes:
    """``before`` and the nodes ``given`` after it, each numbered once and for all.

    Raises ``Invalid("task.node_after_due")`` for one due later than the task, ``Conflict("task.full")`` for
    more than a task can have.
    """
    if len(before) + len(given) > MOST_NODES:
        raise Conflict("task.full", params={"most": MOST_NODES})
    nodes = [dict(node) for node in before]
    for position, node in enumerate(given):
        day = str(node["due_on"])
        _check_due(f"nodes.{position}.due_on", day, due_on)
        nodes.append(
            {
                "id": f"n{len(nodes) + 1}",
                "title": node["title"],
                "due_on": day,
                "done_on": None,
                "note": None,
                "activity": None,
                "attachments": [],
                "dropped": None,
            }
        )
    return nodes


def per_cent(nodes: Sequence[State]) -> int | None:
    """How many of the nodes that count are reached, in whole per cent rounded down; None without such."""
    counting = [node for node in nodes if node["dropped"] is None]
    if not counting:
        return None
    return WHOLE * sum(1 for node in counting if node["done_on"] is not None) // len(counting)


def earliest_end(nodes: Sequence[State]) -> str | None:
    """The day before which a task with these nodes cannot be due; None where it can be any."""
    days = [node["due_on"] for node in nodes if node["dropped"] is None and node["done_on"] is None]
    return max(days, default=None)


def finish(nodes: Sequence[State], node: str, given: State, *, done_on: date, today: date) -> Nodes:
    """``node`` was reached on ``done_on``.

    Raises ``NotFound("task_node.not_found")``, ``Conflict("task.node_state")`` unless it is open,
    ``Invalid("task.done_in_future")``.
    """
    if done_on > today:
        raise Invalid.at("done_on", "task.done_in_future", accepted=today.isoformat())
    reached = {
        "note": given.get("note") or None,
        "activity": given.get("activity"),
        "attachments": list(given.get("attachments") or ()),
    }
    return _with(nodes, node, _open, {"done_on": done_on.isoformat(), **reached})


def reopen(nodes: Sequence[State], node: str, reason: str) -> Nodes:
    """``node`` was not reached after all; ``Conflict("task.node_state")`` unless it was."""
    return _with(
        nodes, node, _reached, {"done_on": None, "note": reason, "activity": None, "attachments": []}
    )


def drop(nodes: Sequence[State], node: str, reason: str) -> Nodes:
    """``node`` counts no more; ``Conflict("task.node_state")`` unless it is open."""
    return _with(nodes, node, _open, {"dropped": reason})


def move(nodes: Sequence[State], node: str, day: date, due_on: date) -> Nodes:
    """``node`` is due on ``day``, not after its task; ``Conflict("task.node_state")`` unless it is open."""
    _check_due("due_on", day.isoformat(), due_on)
    return _with(nodes, node, _open, {"due_on": day.isoformat()})


def found(nodes: Sequence[State], node: str) -> State:
    """The node; raises ``NotFound("task_node.not_found")``."""
    for each in nodes:
        if each["id"] == node:
            return each
    raise NotFound("task_node.not_found")


def _with(nodes: Sequence[State], node: str, fits: Callable[[State], bool], changed: State) -> Nodes:
    if not fits(found(nodes, node)):
        raise Conflict("task.node_state")
    return [{**each, **changed} if each["id"] == node else dict(each) for each in nodes]


def _open(node: State) -> bool:
    return node["done_on"] is None and node["dropped"] is None


def _reached(node: State) -> bool:
    return node["done_on"] is not None


def _check_due(field: str, day: str, due_on: date) -> None:
    if day > due_on.isoformat():
        raise Invalid.at(field, "task.node_after_due", accepted=f"… {due_on.isoformat()}")
