"""The score of a branch's year: a pure function of the policy, the evidence and the obligations.

Points are whole hundredths throughout, so that the same input gives the same bytes everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter

from services.evaluation.evidence.model import Evidence
from services.evaluation.obligations.model import (
    FULFILLED,
    FULFILLED_LATE,
    MISSED,
    OVERDUE,
    Obligation,
)

UNRATED = "unrated"
DECIDED = (FULFILLED, FULFILLED_LATE, OVERDUE, MISSED)


@dataclass(frozen=True)
class Policy:
    """How much each indicator is worth. All amounts of points are hundredths.

    ``frequency`` names a weight per rule. An indicator with nothing to measure yet is left out and its
    weight spread over the others (``renormalise``), or counts as zero. Deductions never take more than
    was earned.
    """

    id: str
    frequency: Mapping[str, int]
    made_up_percent: int
    attendance: int
    attendance_target_percent: int
    timeliness: int
    minutes_deduction: int
    minutes_deduction_most: int
    renormalise: bool
    bands: Sequence[tuple[str, int]]  # name and its least points, best first


@dataclass(frozen=True)
class Line:
    """Why ``points`` of at most ``most`` hundredths were given; ``facts`` fill the text of the reason."""

    indicator: str
    points: int
    most: int
    facts: Mapping[str, int] = field(default_factory=dict)
    records: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Breakdown:
    """A score with the reason for every point: the points of ``lines`` add up to ``points``."""

    policy: str
    points: int
    band: str
    evidence: int
    lines: tuple[Line, ...]


def in_points(hundredths: int) -> Decimal:
    """Hundredths as points with two decimals: 8750 is 87.50."""
    return Decimal(hundredths).scaleb(-2).quantize(Decimal("0.01"))


def score(policy: Policy, evidence: Iterable[Evidence], obligations: Iterable[Obligation]) -> Breakdown:
    """What one year is worth under ``policy``.

    ``evidence`` is the year's, ``obligations`` those of the year's periods; the order of neither matters.
    Only obligations that are decided count: what is still open neither earns nor costs.
    """
    records = sorted((each for each in evidence if each.counts), key=attrgetter("activity"))
    owed = sorted(obligations, key=lambda each: (each.rule.id, each.organisation, each.period.first))
    measures = [
        *(_frequency(policy, rule, owed) for rule in sorted(policy.frequency)),
        _attendance(policy, records),
        _timeliness(policy, records),
    ]
    lines = _weighed(policy, [each for each in measures if each is not None])
    earned = sum(line.points for line in lines)
    deduction = _minutes(policy, records, earned)
    if deduction is not None:
        lines.append(deduction)
    points = sum(line.points for line in lines)
    return Breakdown(policy.id, points, _band(policy, points, lines), len(records), tuple(lines))


@dataclass(frozen=True)
class _Measure:
    """One indicator before weighing: ``reached`` out of ``target``; a target of 0 is not measured."""

    indicator: str
    weight: int
    reached: int
    target: int
    facts: Mapping[str, int]
    records: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()


def _frequency(policy: Policy, rule: str, owed: Sequence[Obligation]) -> _Measure | None:
    """None where the rule owes nothing: a branch without a committee is not measured by its meetings."""
    mine = [each for each in owed if each.rule.id == rule]
    if not mine:
        return None
    decided = [each for each in mine if each.state in DECIDED]
    on_time = sum(each.state == FULFILLED for each in decided)
    made_up = sum(each.state == FULFILLED_LATE for each in decided)
    return _Measure(
        indicator=f"frequency.{rule}",
        weight=policy.frequency[rule],
        reached=on_time * 100 + made_up * policy.made_up_percent,
        target=len(decided) * 100,
        facts={
            "decided": len(decided),
            "on_time": on_time,
            "made_up": made_up,
            "lacking": len(decided) - on_time - made_up,
        },
        records=tuple(activity for each in decided for activity in each.taken),
        obligations=tuple(each.id for each in decided),
    )


def _attendance(policy: Policy, records: Sequence[Evidence]) -> _Measure:
    """Present of those expected and not excused, over all records; the target is full marks."""
    counted = [each for each in records if each.expected > 0]
    present = sum(min(each.present, each.expected) for each in counted)
    entitled = sum(max(each.expected - each.excused, min(each.present, each.expected)) for each in counted)
    target = entitled * policy.attendance_target_percent
    return _Measure(
        indicator="attendance",
        weight=policy.attendance,
        reached=min(present * 100, target),
        target=target,
        facts={"present": present, "entitled": entitled, "target": policy.attendance_target_percent},
        records=tuple(each.activity for each in counted),
    )


def _timeliness(policy: Policy, records: Sequence[Evidence]) -> _Measure:
    late = tuple(each.activity for each in records if each.late)
    return _Measure(
        indicator="timeliness",
        weight=policy.timeliness,
        reached=len(records) - len(late),
        target=len(records),
        facts={"records": len(records), "late": len(late)},
        records=late,
    )


def _weighed(policy: Policy, measures: Sequence[_Measure]) -> list[Line]:
    measured = [each for each in measures if each.target or not policy.renormalise]
    whole = sum(policy.frequency.values()) + policy.attendance + policy.timeliness
    mosts = shares(whole, [each.weight for each in measured])
    return [
        Line(
            indicator=each.indicator,
            points=most * each.reached // each.target if each.target else 0,
            most=most,
            facts=each.facts,
            records=each.records,
            obligations=each.obligations,
        )
        for each, most in zip(measured, mosts, strict=True)
    ]


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


def _minutes(policy: Policy, records: Sequence[Evidence], earned: int) -> Line | None:
    lacking = tuple(each.activity for each in records if not each.has_minutes)
    if not lacking or not policy.minutes_deduction:
        return None
    deduction = min(len(lacking) * policy.minutes_deduction, policy.minutes_deduction_most, earned)
    return Line("minutes", -deduction, 0, {"records": len(lacking)}, lacking)


def _band(policy: Policy, points: int, lines: Sequence[Line]) -> str:
    if not lines:
        return UNRATED
    return next((name for name, least in policy.bands if points >= least), policy.bands[-1][0])
