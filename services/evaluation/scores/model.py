"""The score of a year: a pure function of the policy and the evidence, with the reason for every point.

Points are whole hundredths throughout, so that the same input gives the same bytes everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter

from services.evaluation.evidence.model import Evidence, Mark
from services.evaluation.indicators.model import WHOLE, ZERO, Indicator, Policy
from services.evaluation.obligations.model import Obligation
from services.evaluation.scores.methods import Material, Measured, counted, measured

UNRATED = "unrated"


@dataclass(frozen=True)
class Line:
    """Why ``points`` of at most ``most`` hundredths were given; ``facts`` fill the text of the reason.

    ``within`` are the ids of the groups above it, from the top.
    """

    indicator: str
    method: str
    points: int
    most: int
    facts: Mapping[str, int] = field(default_factory=dict)
    records: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    criteria: tuple[tuple[str, int], ...] = ()
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vetoed:
    """A veto that holds, the band it keeps below, and what it rests on."""

    veto: str
    keeps_below: str
    count: int
    obligations: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Breakdown:
    """A score with the reason for every point: the points of ``lines`` add up to ``points``."""

    policy: str
    points: int
    band: str
    evidence: int
    lines: tuple[Line, ...]
    vetoes: tuple[Vetoed, ...] = ()


def in_points(hundredths: int) -> Decimal:
    """Hundredths as points with two decimals: 8750 is 87.50."""
    return Decimal(hundredths).scaleb(-2).quantize(Decimal("0.01"))


def material_of(
    evidence: Iterable[Evidence] = (), obligations: Iterable[Obligation] = (), marks: Iterable[Mark] = ()
) -> Material:
    """What counts of one year, in a fixed order whichever order it came in."""
    return Material(
        records=tuple(sorted((each for each in evidence if each.counts), key=attrgetter("activity"))),
        obligations=tuple(
            sorted(obligations, key=lambda each: (each.rule.id, each.organisation, each.period.first))
        ),
        marks=tuple(sorted(marks, key=lambda each: (each.id, each.part or ""))),
    )


def score(policy: Policy, material: Material) -> Breakdown:
    """What one year is worth under ``policy``.

    Only obligations that are decided count: what is still open neither earns nor costs. Bonuses never lead
    beyond a hundred points, deductions never below none.
    """
    found = {each.id: measured(each, material) for top in policy.indicators for each in top.leaves()}
    lines = list(_shared(policy.indicators, WHOLE, found, ()))
    points = sum(line.points for line in lines)
    for each in policy.bonuses:
        lines += (line := _counted(each, material, room=WHOLE - points))
        points += sum(added.points for added in line)
    for each in policy.deductions:
        lines += (line := _counted(each, material, room=points))
        points += sum(added.points for added in line)
    vetoes = tuple(_vetoes(policy, material))
    band = _band(policy, points, vetoes) if lines else UNRATED
    return Breakdown(policy.id, points, band, len(material.records), tuple(lines), vetoes)


def _shared(
    indicators: Sequence[Indicator], most: int, found: Mapping[str, Measured | None], within: tuple[str, ...]
) -> Iterator[Line]:
    """``most`` shared by weight among what can be measured, from the top down.

    What cannot be measured yet is left out, and its weight spread over its siblings; or it counts as nothing
    where the policy says ``zero``.
    """
    counting = [each for each in indicators if any(_counts(leaf, found) for leaf in each.leaves())]
    mosts = shares(most, [each.weight for each in counting])
    for each, share in zip(counting, mosts, strict=True):
        if each.parts:
            yield from _shared(each.parts, share, found, (*within, each.id))
            continue
        what = found[each.id]
        assert what is not None
        yield Line(
            indicator=each.id,
            method=str(each.method),
            points=share * what.reached // what.target if what.target else 0,
            most=share,
            facts=what.facts,
            records=what.records,
            obligations=what.obligations,
            marks=what.marks,
            criteria=what.criteria,
            within=within,
        )


def _counts(leaf: Indicator, found: Mapping[str, Measured | None]) -> bool:
    what = found[leaf.id]
    return what is not None and bool(what.target or leaf.missing == ZERO)


def _counted(indicator: Indicator, material: Material, *, room: int) -> list[Line]:
    """A deduction, or a bonus, of at most ``room``; nothing where there is nothing to count."""
    assert indicator.measure is not None
    found = counted(indicator.measure, material)
    if not found.count:
        return []
    amount = min(found.count * indicator.each, indicator.at_most, room)
    facts = {"count": found.count, "each": indicator.each, "at_most": indicator.at_most}
    signed = amount if indicator.method == "bonus" else -amount
    basis = (found.records, found.obligations, found.marks)
    return [Line(indicator.id, str(indicator.method), signed, 0, facts, *basis)]


def shares(whole: int, weights: Sequence[int]) -> list[int]:
    """``whole`` divided by ``weights`` without a rest: the largest remainders get what is left over."""
    total = sum(weights)
    if not total:
        return [0 for _ in weights]
    parts = [whole * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
    for i in by_remainder[: whole - sum(parts)]:
        parts[i] += 1
    return parts


def _vetoes(policy: Policy, material: Material) -> Iterator[Vetoed]:
    for each in policy.vetoes:
        found = counted(each.measure, material)
        if found.count >= each.at_least:
            yield Vetoed(each.id, each.keeps_below, found.count, found.obligations, found.marks)


def _band(policy: Policy, points: int, vetoes: Sequence[Vetoed]) -> str:
    rank = next(
        at for at, band in enumerate(policy.bands) if points >= band.least or band is policy.bands[-1]
    )
    for each in vetoes:
        rank = max(rank, policy.rank(each.keeps_below) + 1)
    return policy.bands[rank].name
