"""Which cells of a tree may be told: those from which nothing follows that is hidden. Pure.

A node's cell is the sum of its own and of all below it. A cell is told only if those above it are, and for
each cell that is told, what remains of it after all told cells directly below it are taken away (the
*remainder*) is either nothing or fit to be told by itself. Every linear combination of told cells is one of
disjoint remainders, so none of them is a cell that is hidden. Where a remainder is not fit, the smallest
told cell below joins it, with all below it, until it is; the node itself always ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile

Counts = tuple[int, ...]


class Tree:
    """Nodes by the one above each; None, or one that is not among them, above a root."""

    def __init__(self, parents: Mapping[str, str | None]) -> None:
        self._children: dict[str | None, list[str]] = {}
        for node, parent in parents.items():
            self._children.setdefault(parent if parent in parents else None, []).append(node)

    def is_root(self, node: str) -> bool:
        """Whether there is none above ``node``."""
        return node in self.below(None)

    def below(self, node: str | None) -> list[str]:
        """The nodes directly below; the roots for None."""
        return self._children.get(node, [])

    def summed(self, own: Mapping[str, Counts]) -> dict[str, Counts]:
        """Each node's counts with those of all below it."""
        width = len(next(iter(own.values()), ()))
        sums = {node: own.get(node, (0,) * width) for node in self._downwards()}
        for node in reversed(self._downwards()):
            for child in self.below(node):
                sums[node] = _plus(sums[node], sums[child])
        return sums

    def told(
        self,
        sums: Mapping[str, Counts],
        fit: Callable[[Counts], bool],
        *,
        within: set[str] | None = None,
    ) -> set[str]:
        """The nodes whose sums may be told, of those ``within`` where it is given.

        Who knows the rule also learns from what is hidden. So cells are told from the largest to the first
        that is unfit, and no further: were a smaller one told, it would be known why the larger one is not.
        """
        allowed = {node for node, cell in sums.items() if fit(cell) and (within is None or node in within)}
        found = {node for node in self.below(None) if node in allowed}
        waiting = sorted(found)
        while waiting:
            node = waiting.pop()
            by_size = sorted(self.below(node), key=lambda child: (-sum(sums[child]), child))
            children = list(takewhile(allowed.__contains__, by_size))
            while children and not self._remainder_is_fit(node, children, sums, fit):
                children.pop()  # the smallest joins what is left over
            found.update(children)
            waiting.extend(children)
        return found

    def _downwards(self) -> list[str]:
        """Every node after the one above it."""
        found = list(self.below(None))
        for node in found:
            found.extend(self.below(node))
        return found

    def _remainder_is_fit(
        self, node: str, told: Sequence[str], sums: Mapping[str, Counts], fit: Callable[[Counts], bool]
    ) -> bool:
        rest = sums[node]
        for child in told:
            rest = tuple(one - other for one, other in zip(rest, sums[child], strict=True))
        if len(told) == len(self.below(node)) and not any(rest):
            return True  # nothing is hidden directly below, and the node has no counts of its own
        return fit(rest)


def _plus(one: Counts, other: Counts) -> Counts:
    return tuple(a + b for a, b in zip(one, other, strict=True))
