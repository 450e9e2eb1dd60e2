"""Who was to read a mandatory bulletin and who has: counted exactly, told once when it is overdue. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.chassis.contract import Change
from services.contracts import audience as audiences
from services.contracts.records_events import BulletinReadOverdue

State = Mapping[str, Any]


@dataclass(frozen=True)
class Reader:
    """A person on one day: ``home`` leads from the root to where they belonged; ``unit`` is the organisation
    with which they are counted; ``posts`` are roles with the paths of their organisations."""

    person: str
    home: Sequence[str]
    unit: str
    political_status: str
    posts: Sequence[tuple[str, Sequence[str]]] = ()


def addressed(audience: State, readers: Iterable[Reader]) -> dict[str, list[str]]:
    """By unit, the persons among ``readers`` whom ``audience`` reaches; each person once, sorted."""
    wanted = set(audiences.marks(audience))
    found: dict[str, set[str]] = {}
    for each in readers:
        if not wanted.isdisjoint(audiences.marks_of_reader(each.home, each.political_status, each.posts)):
            found.setdefault(each.unit, set()).add(each.person)
    return {unit: sorted(people) for unit, people in sorted(found.items())}


def expect(bulletin: State, organisation: str, people: Sequence[str]) -> dict[str, Any]:
    """What is kept of those of one organisation who are to read ``bulletin``."""
    return {
        "bulletin": bulletin["bulletin"],
        "organisation": organisation,
        "expected": list(people),
        "read_by": bulletin["read_by"].isoformat(),
        "state": "open",
    }


def counted(expected: Sequence[str], readers: Collection[str]) -> dict[str, int]:
    """How many of ``expected`` are among ``readers``; who came later reads and is not counted."""
    read = sum(1 for person in expected if person in readers)
    return {"expected": len(expected), "read": read, "unread": len(expected) - read}


def close(before: State, readers: Collection[str], *, withdrawn: bool, today: date) -> Change | None:
    """The day after the last one: told once where somebody has not read, and never of one taken down.

    None where it was closed before or the last day is not over.
    """
    if before["state"] != "open" or today.isoformat() <= before["read_by"]:
        return None
    counts = counted(before["expected"], readers)
    if withdrawn or not counts["unread"]:
        return Change({**before, "state": "withdrawn" if withdrawn else "complete"})
    told = BulletinReadOverdue.of(
        bulletin=before["bulletin"],
        organisation=before["organisation"],
        read_by=date.fromisoformat(before["read_by"]),
        **counts,
    )
    return Change({**before, "state": "overdue"}, [told])
