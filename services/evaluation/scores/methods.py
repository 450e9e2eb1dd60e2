"""What each method makes of the evidence: so much of a target, with the reasons. Pure; in integers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from services.evaluation.evidence.model import Evidence, Mark
from services.evaluation.indicators.model import WHOLE, Indicator, Measure
from services.evaluation.obligations.model import FULFILLED, FULFILLED_LATE, MISSED, OVERDUE, Obligation

DECIDED = (FULFILLED, FULFILLED_LATE, OVERDUE, MISSED)
ALL = "all"


@dataclass(frozen=True)
class Material:
    """What one subject's year is scored by, each in a fixed order. ``records`` are those that count."""

    records: tuple[Evidence, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    marks: tuple[Mark, ...] = ()

    def of_kind(self, kind: str) -> Sequence[Evidence]:
        """The records of one kind of activity, or ``all``."""
        return self.records if kind == ALL else [each for each in self.records if each.kind == kind]

    def owed(self, rule: str) -> Sequence[Obligation]:
        """What is owed under one rule."""
        return [each for each in self.obligations if each.rule.id == rule]

    def given(self, measure: Measure) -> Sequence[Mark]:
        """The marks that ``measure`` counts."""
        return [
            each
            for each in self.marks
            if (each.family, each.name, each.part) == (measure.family, measure.name, measure.part)
        ]


@dataclass(frozen=True)
class Measured:
    """``reached`` of ``target``; a target of 0 is not measured yet. ``facts`` fill the text of the reason."""

    reached: int
    target: int
    facts: Mapping[str, int]
    records: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    criteria: tuple[tuple[str, int], ...] = field(default=())


@dataclass(frozen=True)
class Counted:
    """How often something is there, and what says so."""

    count: int
    records: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


def measured(indicator: Indicator, material: Material) -> Measured | None:
    """What the indicator measures; None where it does not apply to the subject at all.

    A branch without a committee is not measured by the committee's meetings.
    """
    assert indicator.measure is not None
    assert indicator.method is not None
    return _METHODS[indicator.method](indicator, indicator.measure, material)


def counted(measure: Measure, material: Material) -> Counted:
    """How often ``measure`` counts, for deductions, bonuses and vetoes."""
    if measure.family == "obligations":
        state = (MISSED,) if measure.part == "missed" else (FULFILLED_LATE,)
        found = [each for each in material.owed(measure.name) if each.state in state]
        return Counted(len(found), obligations=tuple(each.id for each in found))
    if measure.family == "records":
        records = [
            each
            for each in material.of_kind(measure.name)
            if measure.part is None
            or (measure.part == "late" and each.late)
            or (measure.part == "without_minutes" and not each.has_minutes)
        ]
        return Counted(len(records), records=tuple(each.activity for each in records))
    marks = material.given(measure)
    return Counted(len(marks), marks=tuple(each.id for each in marks))


def _ratio(indicator: Indicator, measure: Measure, material: Material) -> Measured | None:
    mine = material.owed(measure.name)
    if not mine:
        return None
    decided = [each for each in mine if each.state in DECIDED]
    on_time = sum(each.state == FULFILLED for each in decided)
    made_up = sum(each.state == FULFILLED_LATE for each in decided)
    target = len(decided) * indicator.target
    return Measured(
        reached=min(on_time * 100 + made_up * indicator.made_up, target),
        target=target,
        facts={
            "decided": len(decided),
            "on_time": on_time,
            "made_up": made_up,
            "lacking": len(decided) - on_time - made_up,
        },
        records=tuple(activity for each in decided for activity in each.taken),
        obligations=tuple(each.id for each in decided),
    )


def _capped_count(indicator: Indicator, measure: Measure, material: Material) -> Measured:
    found = counted(measure, material)
    return Measured(
        reached=min(found.count, indicator.full_at),
        target=indicator.full_at,
        facts={"count": found.count, "full_at": indicator.full_at},
        records=found.records,
    )


def _timeliness(indicator: Indicator, measure: Measure, material: Material) -> Measured:
    """The share that was entered in time; those that were not are named first."""
    records = sorted(material.of_kind(measure.name), key=lambda each: not each.late)
    late = sum(each.late for each in records)
    return Measured(
        reached=len(records) - late,
        target=len(records),
        facts={"records": len(records), "late": late},
        records=tuple(each.activity for each in records),
    )


def _attendance(indicator: Indicator, measure: Measure, material: Material) -> Measured:
    """Present of those expected and not excused, over all records; ``target`` percent are full marks."""
    records = [each for each in material.of_kind(measure.name) if each.expected > 0]
    present = sum(min(each.present, each.expected) for each in records)
    entitled = sum(max(each.expected - each.excused, min(each.present, each.expected)) for each in records)
    target = entitled * indicator.target
    return Measured(
        reached=min(present * 100, target),
        target=target,
        facts={"present": present, "entitled": entitled, "target": indicator.target},
        records=tuple(each.activity for each in records),
    )


def _manual_grade(indicator: Indicator, measure: Measure, material: Material) -> Measured:
    """The mean of what the reviewers gave, weighed by criterion; each reviewer counts once."""
    marks = material.given(measure)
    by_criterion = {
        criterion.id: [points for each in marks for id_, points in each.criteria if id_ == criterion.id]
        for criterion in indicator.criteria
    }
    reached = sum(
        criterion.weight * sum(by_criterion[criterion.id]) // (100 * len(marks))
        for criterion in indicator.criteria
        if marks
    )
    return Measured(
        reached=min(reached, WHOLE),
        target=WHOLE if marks else 0,
        facts={"grade": reached, "count": len(marks)},
        marks=tuple(each.id for each in marks),
        criteria=tuple((id_, sum(given) // len(marks)) for id_, given in by_criterion.items() if marks),
    )


def _ballot(indicator: Indicator, measure: Measure, material: Material) -> Measured:
    """The mean of the year's rounds, from what could be told of them."""
    marks = material.given(measure)
    reached = sum(each.points for each in marks) // len(marks) if marks else 0
    return Measured(
        reached=reached,
        target=WHOLE if marks else 0,
        facts={"grade": reached, "count": len(marks)},
        marks=tuple(each.id for each in marks),
    )


_METHODS: Mapping[str, Callable[[Indicator, Measure, Material], Measured | None]] = {
    "ratio": _ratio,
    "capped_count": _capped_count,
    "timeliness": _timeliness,
    "attendance": _attendance,
    "manual_grade": _manual_grade,
    "ballot": _ballot,
}
