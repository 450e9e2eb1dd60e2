"""What a year of a unit is worth by what its standing holds, and when that is news. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from services.chassis.contract import NewEvent
from services.chassis.identity import derived_id
from services.contracts.evaluation_events import ScoreChanged
from services.evaluation.indicators.model import ORGANISATION
from services.evaluation.obligations.model import Obligation
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.projection.standing import Happened, Scored, Standing
from services.evaluation.scores.methods import Material
from services.evaluation.scores.model import Breakdown, in_points, material_of, score


def scores_of(
    standing: Standing, rulebook: Rulebook, owed: Sequence[Obligation], years: Iterable[int]
) -> tuple[dict[int, Scored], list[Happened]]:
    """The scores of ``years`` that are not as they were told, with the events where what is said differs."""
    scores: dict[int, Scored] = {}
    events: list[Happened] = []
    for year in years:
        worth = breakdown(standing, rulebook, owed, year)
        if worth is None:
            continue
        before = standing.scores.get(year)
        now = _scored(worth, before.sequence if before else 0)
        if now == before:
            continue
        if before is None or _said(now) != _said(before):
            now = replace(now, sequence=now.sequence + 1)
            events.append(
                Happened(score_id(standing.unit, year), now.sequence, _changed(standing, year, now))
            )
        scores[year] = now
    return scores, events


def breakdown(
    standing: Standing, rulebook: Rulebook, owed: Iterable[Obligation], year: int
) -> Breakdown | None:
    """The unit's score of ``year`` with its reasons; None where the unit is not scored in that year."""
    unit = standing.enrolled.get(standing.unit)
    if unit is None or year < unit.since.year:
        return None
    policy = rulebook.scoring.policy_of(ORGANISATION, unit.organisation.kind, year)
    if policy is None:
        return None
    return score(policy, material(standing, owed, year))


def material(standing: Standing, owed: Iterable[Obligation], year: int) -> Material:
    """What counts of the unit's ``year``."""
    return material_of(
        [each for each in standing.evidence.values() if each.held_on.year == year],
        [each for each in owed if each.period.first.year == year],
        [each for each in standing.marks.values() if each.given_on.year == year],
    )


def score_id(unit: str, year: int) -> str:
    """The subject of a score's events."""
    return derived_id("score", unit, str(year))


def _scored(worth: Breakdown, sequence: int) -> Scored:
    return Scored(
        worth.points,
        worth.band,
        worth.policy,
        worth.evidence,
        sequence,
        tuple((line.indicator, line.points, line.most) for line in worth.lines),
    )


def _said(scored: Scored) -> tuple[int, str, str, int]:
    return scored.points, scored.band, scored.policy, scored.evidence


def _changed(standing: Standing, year: int, now: Scored) -> NewEvent:
    return ScoreChanged.of(
        organisation=standing.unit,
        year=year,
        points=in_points(now.points),
        band=now.band,
        policy=now.policy,
        evidence=now.evidence,
    )
