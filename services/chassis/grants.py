"""Roles granted at nodes of a tree, and what they permit: a pure rule, of whatever nodes and roles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from services.chassis.errors import Forbidden


@dataclass(frozen=True)
class Node:
    """A node as it was last applied. ``path`` was stated by its owner: ids from the root down to it."""

    id: str
    parent: str | None
    path: tuple[str, ...]
    kind: str
    active: bool


@dataclass(frozen=True)
class Grant:
    """A role of a person at a node, from ``since`` to the end of ``until``."""

    id: str
    person: str
    role: str
    node: str
    since: date
    until: date | None
    active: bool

    def holds(self, today: date) -> bool:
        """Whether the grant counts on ``today``."""
        return self.active and self.held(today)

    def held(self, day: date) -> bool:
        """Whether its term covers ``day``; one that was withdrawn ends with the day on which it was."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class Member:
    """Who belongs to ``node``. ``standing`` is what their owner says they are there."""

    person: str
    node: str
    standing: str


def chain(node: str, nodes: Mapping[str, Node]) -> tuple[str, ...]:
    """The ids from the root down to ``node``; empty for an unknown one.

    Follows the parents, so that a moved subtree needs no event per descendant; where an ancestor has
    not arrived yet, the path that was stated fills in. A cycle ends where it closes.
    """
    upwards: list[str] = []
    at: str | None = node
    while at is not None and at not in upwards:
        known = nodes.get(at)
        if known is None:
            if not upwards:
                return ()
            stated = nodes[upwards[-1]].path
            above = [each for each in stated[:-1] if each not in upwards]
            return (*above, *reversed(upwards))
        upwards.append(at)
        at = known.parent
    return tuple(reversed(upwards))


def permits(
    grants: Iterable[Grant],
    roles: Collection[str],
    node: str,
    nodes: Mapping[str, Node],
    today: date,
    *,
    above: bool = False,
) -> bool:
    """Whether one of ``grants`` gives one of ``roles`` at ``node`` or at an ancestor of it.

    ``above`` asks for an ancestor: who sits at the node itself may not. A grant at an inactive node
    counts for nothing.
    """
    where = chain(node, nodes)
    reach = set(where[:-1] if above else where)
    return any(
        grant.node in reach
        and grant.role in roles
        and grant.holds(today)
        and grant.node in nodes
        and nodes[grant.node].active
        for grant in grants
    )


def denied(roles: Iterable[str], where: str) -> Forbidden:
    """``permission.denied``, which says whose it would be: one of ``roles``, and ``where`` they sit.

    That is ``here`` (at the node itself), ``here_or_above``, ``above``, or a word of the service for its own.
    """
    return Forbidden("permission.denied", params={"accepted": ", ".join(roles), "where": where})
