"""What of a round's counts may be told: pure, over a tree of cells.

Ballots are counted in leaves; a node's cell is the sum of all leaves below it. Two things would tell how
somebody voted: a cell of few ballots, and a cell in which nearly all said the same. Neither may be told,
nor be what is left over when those that are told are subtracted from one another.

The rule that sees to it is that of ``services.feedback.cells``: remainders are nothing, or fit to be told.

Who knows the rule also learns from what is hidden. So cells are told from the largest to the first that is
unfit, and no further: were a smaller one told, the larger one would be known to be nearly unanimous. Of
nearly unanimous answers a bound is told, and of a root alone, since bounds add up: where 12 of 15 above and
3 of 5 below said A, and the 10 beside those 5 are seen not to be near, all 5 said A.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.feedback.cells import Counts, Tree

_LEAST_MARGIN = 2  # one dissenter knows their own vote: with a second, nobody knows all others'


@dataclass(frozen=True)
class AtLeast:
    """All that is told of a root's nearly unanimous answers: so many ballots at least chose ``choice``."""

    choice: int
    ballots: int


@dataclass(frozen=True)
class Told:
    """What is told of one cell: ``ballots`` (None where hidden), and by question counts, a bound, or None."""

    ballots: int | None
    answers: tuple[Counts | AtLeast | None, ...] = field(default=())


def margin(ballots: int) -> int:
    """How many ballots may differ in what still counts as nearly unanimous: a fifth, and 2 at least."""
    return max(_LEAST_MARGIN, ballots // 5)


def nearly_unanimous(counts: Counts) -> bool:
    """Whether all but ``margin`` chose the same.

    Told exactly, a unanimous cell tells everybody's vote. If only those were left vague, to be vague would
    tell it as well: so all that are near are left vague alike.
    """
    return sum(counts) - max(counts) <= margin(sum(counts))


def suppress(
    leaves: Mapping[str, Sequence[Counts]], parents: Mapping[str, str | None], *, smallest: int
) -> dict[str, Told]:
    """What may be told of each node.

    ``leaves`` counts the ballots of a node itself (not of those below it), by question and choice; all
    questions of one node have as many ballots. ``parents`` leads from each node to the one above it, None
    from a root. Nodes without ballots of their own need not be in ``leaves``. A cell of fewer than
    ``smallest`` ballots is hidden, one without any included.
    """
    questions = max((len(each) for each in leaves.values()), default=0)
    tree = Tree(parents)
    sums = [tree.summed({node: each[at] for node, each in leaves.items()}) for at in range(questions)]
    sizes = {node: sum(sums[0].get(node, ())) if sums else 0 for node in parents}

    counted = tree.told({node: (size,) for node, size in sizes.items()}, lambda cell: sum(cell) >= smallest)
    exact = [
        tree.told(each, lambda cell: sum(cell) >= smallest and not nearly_unanimous(cell), within=counted)
        for each in sums
    ]
    return {
        node: Told(
            sizes[node] if node in counted else None,
            tuple(
                _answer(
                    sums[at][node], exact=node in exact[at], bounded=node in counted and tree.is_root(node)
                )
                for at in range(questions)
            ),
        )
        for node in parents
    }


def _answer(counts: Counts, *, exact: bool, bounded: bool) -> Counts | AtLeast | None:
    if exact:
        return counts
    if bounded and nearly_unanimous(counts):
        # The same for every cell of this size that is near, whatever it is exactly.
        return AtLeast(counts.index(max(counts)), sum(counts) - margin(sum(counts)))
    return None
