"""Which counts of a page may be shown, so that no page above or beside it gives a small one away. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from services.feedback.cells import Counts, Tree

FEWEST = 5


@dataclass(frozen=True)
class Cells:
    """What was counted at ``organisation`` and below in one period, by mark; ``below`` for each below it."""

    organisation: str
    counts: Mapping[str, int] = field(default_factory=dict)
    below: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


# From an organisation up to the root, as they stood above each other then. Empty where nothing was said.
Lineage = Sequence[Cells]


def count_of(lineage: Lineage, mark: str) -> int:
    """How many were counted at the organisation itself and below."""
    return lineage[0].counts.get(mark, 0) if lineage else 0


def shown(lineage: Lineage, mark: str) -> int | None:
    """The count as it may be shown; None where it is of fewer than ``FEWEST``, or would tell one that is.

    Whoever reads a page above reads all below it, and subtracts. A difference that is nothing tells nothing
    of anybody. Where an organisation was moved within the period what it counts is not what the one above
    it counts of it: then it is not shown.
    """
    count = count_of(lineage, mark)
    if count < FEWEST:
        return None
    parents: dict[str, str | None] = {}
    sums: dict[str, Counts] = {}
    for at, cells in enumerate(lineage):
        parents[cells.organisation] = lineage[at + 1].organisation if at + 1 < len(lineage) else None
        sums[cells.organisation] = (cells.counts.get(mark, 0),)
    for lower, upper in pairwise(lineage):
        if upper.below.get(lower.organisation, {}).get(mark, 0) != lower.counts.get(mark, 0):
            return None
        for child, counts in upper.below.items():
            parents.setdefault(child, upper.organisation)
            sums.setdefault(child, (counts.get(mark, 0),))
    return count if lineage[0].organisation in Tree(parents).told(sums, _fit) else None


def below(lineage: Lineage) -> list[Lineage]:
    """The lineages of what is directly below, in a fixed order."""
    if not lineage:
        return []
    return [[Cells(child, counts), *lineage] for child, counts in sorted(lineage[0].below.items())]


def _fit(cell: Counts) -> bool:
    return sum(cell) == 0 or sum(cell) >= FEWEST
