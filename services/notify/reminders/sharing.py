"""How much one person gets in a day: what goes alone, what a digest says instead, what waits. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """A message that may go out now. ``mergeable``: a digest may say it instead."""

    id: str
    priority: int
    since: str
    mergeable: bool = True


@dataclass(frozen=True)
class Shares:
    """What goes out as it is, what one digest says instead, and what waits for another day."""

    alone: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    deferred: tuple[str, ...] = ()


def share_out(held: Sequence[Held], *, used: int, most: int | None) -> Shares:
    """What becomes of what one person may be sent today: at most ``most`` messages with the ``used`` ones.

    The digest is one of them. ``most`` None: no limit. Every message is in exactly one share.
    """
    order = sorted(held, key=lambda each: (each.priority, each.since, each.id))
    free = len(order) if most is None else max(most - used, 0)
    if len(order) <= free:
        return Shares(alone=tuple(each.id for each in order))
    if not free:
        return Shares(deferred=tuple(each.id for each in order))
    alone = order[: free - 1]
    rest = order[free - 1 :]
    merged = [each for each in rest if each.mergeable]
    left = [each for each in rest if not each.mergeable]
    if len(merged) < 2:  # a digest of one would say less in as much room
        alone, left, merged = order[:free], order[free:], []
    return Shares(
        tuple(each.id for each in alone), tuple(each.id for each in merged), tuple(each.id for each in left)
    )


def covering(paths: Sequence[Sequence[str]]) -> str | None:
    """The lowest organisation at or above all whose ids from the root are ``paths``; None where none is."""
    found: str | None = None
    for level in zip(*paths, strict=False):
        if len(set(level)) > 1:
            break
        found = level[0]
    return found
