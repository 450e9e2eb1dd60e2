"""Evidence: what an event of an activity says, as far as evaluation counts it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """The newest word on one activity. ``counts`` is false once its approval was withdrawn."""

    activity: str
    sequence: int
    organisation: str
    kind: str
    held_on: date
    counts: bool
    late: bool
    expected: int
    present: int
    excused: int
    has_minutes: bool

    def packed(self) -> list[Any]:
        """The compact form in which a standing keeps it; ``unpacked`` is its inverse."""
        return [
            self.sequence,
            self.organisation,
            self.kind,
            self.held_on.isoformat(),
            self.counts,
            self.late,
            self.expected,
            self.present,
            self.excused,
            self.has_minutes,
        ]


def unpacked(activity: str, packed: list[Any]) -> Evidence:
    """The evidence that ``packed`` was made of."""
    sequence, organisation, kind, held_on, *rest = packed
    return Evidence(activity, sequence, organisation, kind, date.fromisoformat(held_on), *rest)


def evidence_of(data: Mapping[str, Any], *, sequence: int, counts: bool) -> Evidence:
    """What the decoded ``data`` of an activity's event says; ``counts`` if it approves the record."""
    return Evidence(
        activity=data["activity"],
        sequence=sequence,
        organisation=data["organisation"],
        kind=data["kind"],
        held_on=data["held_on"],
        counts=counts,
        late=data["late"],
        expected=data["expected"],
        present=data["present"],
        excused=data["excused"],
        has_minutes=data["has_minutes"],
    )


def newest(known: Mapping[str, Evidence], told: Iterable[Evidence]) -> dict[str, Evidence]:
    """The evidence of ``told`` that supersedes what is ``known``, by activity.

    The higher sequence wins, so neither order nor repetition changes where this ends. Two claims of one
    sequence can only come from a sender that broke its promise; the greater by value wins, on every replica.
    """
    fresh: dict[str, Evidence] = {}
    for each in told:
        before = fresh.get(each.activity) or known.get(each.activity)
        if before is None or (each.sequence, each) > (before.sequence, before):
            fresh[each.activity] = each
    return fresh
