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

    @property
    def amount(self) -> int:
        """One record is one record, however long it lasted."""
        return 1

    @property
    def period(self) -> str:
        """None: the day on which it was held decides."""
        return ""

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


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """What reviewers or a ballot gave in one year, or what somebody found: as far as a score counts it.

    ``family`` is one of ``assessments``, ``ballots`` and ``findings``, and ``name`` which of them. ``points``
    are hundredths of a hundred points; of a finding it counts that it is there. ``criteria`` are the points
    by criterion. ``id`` names the assessment, the finding or the round.
    """

    id: str
    family: str
    name: str
    part: str | None
    subject: str
    given_on: date
    points: int
    criteria: tuple[tuple[str, int], ...] = ()

    def packed(self) -> list[Any]:
        """The compact form in which a standing keeps it; ``unpacked_mark`` is its inverse."""
        given = self.given_on.isoformat()
        return [self.family, self.name, self.part, self.subject, given, self.points, self.criteria]


def unpacked_mark(id_: str, packed: list[Any]) -> Mark:
    """The mark that ``packed`` was made of."""
    family, name, part, subject, given_on, points, criteria = packed
    pairs = tuple((criterion, value) for criterion, value in criteria)
    return Mark(id_, family, name, part, subject, date.fromisoformat(given_on), points, pairs)


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
