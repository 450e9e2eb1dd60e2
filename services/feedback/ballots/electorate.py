"""Who may vote on what in a round, frozen when it opens. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.chassis.errors import Conflict, Invalid
from services.chassis.identity import derived_id

MOST_SUBJECTS = 60
MOST_CELLS = 2_000  # of the nodes and questions of one round: its result is one event


@dataclass(frozen=True)
class Elector:
    """Somebody on the roster on the day a round opens. ``standing``: their political status."""

    person: str
    organisation: str
    standing: str


@dataclass(frozen=True)
class Paper:
    """What one ballot is about: ``node`` is the cell it counts in; ``subject`` who is rated, if anybody."""

    id: str
    node: str
    part: str
    subject: str | None


@dataclass(frozen=True)
class Electorate:
    """Who may vote on what, frozen. ``nodes`` leads from each cell to the one above it."""

    papers: Mapping[str, Paper]
    electors: Mapping[str, tuple[str, ...]]
    nodes: Mapping[str, str | None]
    subjects: tuple[str, ...]
    left_out: tuple[str, ...]

    def sizes(self) -> dict[str, int]:
        """How many may vote on each paper."""
        counted = Counter(paper for papers in self.electors.values() for paper in papers)
        return {paper: counted[paper] for paper in self.papers}


def rating(
    round: str,  # noqa: A002 - the domain's word
    electors_of: Mapping[str, Collection[str]],
    subjects: Sequence[str],
    *,
    smallest: int,
    source: str,
) -> Electorate:
    """Everybody of a part rates each subject but themselves; who is in several parts votes in the first.

    ``electors_of`` names the persons of each part, in the order of the parts. Each subject has a paper, and
    so a key, of their own in each part: who rates whom differs, since nobody rates themselves. A part with
    fewer than ``smallest`` electors for somebody is left out for them, because it could never be told. No sum
    of the parts is told, so that each is told, or not, whatever the others are.
    Raises ``Conflict`` where nothing is left, ``Invalid`` for too many subjects.
    """
    if len(subjects) > MOST_SUBJECTS:
        raise Invalid("rounds.too_many_subjects", params={"most": MOST_SUBJECTS})
    part_of = {person: part for part in reversed([*electors_of]) for person in electors_of[part]}
    papers: dict[str, Paper] = {}
    electors: dict[str, list[str]] = {person: [] for person in (*part_of, *subjects)}
    nodes: dict[str, str | None] = {}
    left_out = []
    for subject in sorted(subjects):
        for part in electors_of:
            voting = [each for each, voted in part_of.items() if voted == part and each != subject]
            node = f"{subject}/{part}"
            if len(voting) < smallest:
                left_out.append(node)
                continue
            paper = Paper(derived_id("paper", round, node), node, part, subject)
            papers[paper.id], nodes[node] = paper, None
            for person in voting:
                electors[person].append(paper.id)
    _require_papers(papers, smallest, source)
    frozen = {person: tuple(each) for person, each in electors.items()}
    return Electorate(papers, frozen, nodes, tuple(sorted(subjects)), tuple(left_out))


def surveying(
    round: str,  # noqa: A002 - the domain's word
    people: Iterable[Elector],
    parents: Mapping[str, str | None],
    *,
    part: str,
    constituency: int,
    smallest: int,
    source: str,
) -> Electorate:
    """Each votes once, in the lowest organisation that has ``constituency`` electors.

    ``parents`` is the tree from the round's organisation down. What is smaller is counted with the level
    above it, as a whole. Raises ``Conflict`` where the whole round has fewer than ``smallest``.
    """
    gathered: dict[str, list[str]] = {node: [] for node in parents}
    for each in people:
        gathered[each.organisation].append(each.person)
    upwards = sorted(parents, key=lambda each: (-_depth(each, parents), each))
    for node in upwards[:-1]:
        above = parents[node]
        if above is not None and len(gathered[node]) < constituency:
            gathered[above] += gathered.pop(node)
    root = upwards[-1]
    while 0 < len(gathered[root]) < constituency and len(gathered) > 1:
        # What is left over at the top is as small a class as any: the smallest below joins it.
        joins = min((node for node in gathered if node != root), key=lambda node: (len(gathered[node]), node))
        gathered[root] += gathered.pop(joins)
    papers: dict[str, Paper] = {}
    electors: dict[str, tuple[str, ...]] = {}
    for node, persons in gathered.items():
        if persons:
            paper = Paper(derived_id("paper", round, node), node, part, None)
            papers[paper.id] = paper
            electors |= dict.fromkeys(persons, (paper.id,))
    _require_papers(papers if len(electors) >= smallest else {}, smallest, source)
    nodes: dict[str, str | None] = {}
    for paper in papers.values():
        at: str | None = paper.node
        while at is not None:  # what has no ballots at or below it is no cell
            nodes[at] = parents[at]
            at = parents[at]
    return Electorate(papers, electors, nodes, (), ())


def require_tellable(electorate: Electorate, asked: Mapping[str, Any]) -> None:
    """Raises ``Invalid`` where the result would be too large for the one event that tells it."""
    if len(electorate.nodes) * len(asked["questions"]) > MOST_CELLS:
        raise Invalid("rounds.too_many_cells", params={"most": MOST_CELLS})


def _require_papers(papers: Mapping[str, Paper], smallest: int, source: str) -> None:
    if not papers:
        raise Conflict("rounds.electorate_too_small", params={"smallest": smallest, "source": source})


def _depth(node: str, parents: Mapping[str, str | None]) -> int:
    depth, at = 0, parents[node]
    while at is not None:
        depth, at = depth + 1, parents[at]
    return depth
