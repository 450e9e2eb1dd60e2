"""The standing of a unit: its evidence, obligations and scores, and how new evidence or a new day turns it.

A unit is a branch with its groups, or any other organisation by itself. Pure: what a turn changes is
told as data, and the same turn again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from services.chassis.contract import NewEvent
from services.chassis.identity import derived_id
from services.contracts.evaluation_events import ScoreChanged
from services.evaluation.evidence.model import Evidence, Mark, newest
from services.evaluation.indicators.model import ORGANISATION
from services.evaluation.obligations.exemptions import Exempt, covering
from services.evaluation.obligations.model import (
    DUE_SOON,
    EXEMPTED,
    MISSED,
    OPEN,
    OVERDUE,
    Obligation,
    Organisation,
    Owed,
    Rule,
    obligation_id,
    obligations,
)
from services.evaluation.obligations.spans import Spans, began, spans
from services.evaluation.obligations.telling import turned
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.scores.methods import Material
from services.evaluation.scores.model import Breakdown, in_points, material_of, score

MONTHS_BACK = 6


@dataclass(frozen=True)
class Enrolled:
    """An organisation of a unit, measured from ``since`` on; ``spans`` say when it owes as what.

    ``sequence`` is of the event that last told of it.
    """

    organisation: Organisation
    since: date
    spans: Spans = field(default_factory=dict)
    sequence: int = 0


@dataclass(frozen=True)
class Told:
    """What was last told of an obligation: its state, the sequence of its last event, its records.

    ``rule`` is the one under which it was opened: no pack that comes later changes it.
    """

    state: str
    sequence: int
    rule: Rule
    taken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scored:
    """What was last told of a year's score, in hundredths of points."""

    points: int
    band: str
    policy: str
    evidence: int
    sequence: int
    indicators: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True)
class Standing:
    """All that is known of a unit. ``settled``: what it has not done yet may be said."""

    unit: str
    as_of: date
    settled: bool = False
    enrolled: Mapping[str, Enrolled] = field(default_factory=dict)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    marks: Mapping[str, Mark] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)  # by obligation id
    scores: Mapping[int, Scored] = field(default_factory=dict)  # by year
    exemptions: Mapping[str, Exempt] = field(default_factory=dict)


@dataclass(frozen=True)
class Happened:
    """An event of one subject, and its sequence there."""

    subject: str
    sequence: int
    event: NewEvent


@dataclass(frozen=True)
class Turn:
    """What changes: ``after`` is the standing then, ``owed`` all obligations; the rest is what differs."""

    after: Standing
    owed: Sequence[Obligation] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    obligations: Sequence[Obligation] = ()
    told: Mapping[str, Told] = field(default_factory=dict)
    scores: Mapping[int, Scored] = field(default_factory=dict)
    events: Sequence[Happened] = ()
    withdrawn: Sequence[str] = ()


def first_day_owed(today: date) -> date:
    """From when a newly known organisation is measured: this year, or half a year back if that is more."""
    months = today.year * 12 + today.month - 1 - MONTHS_BACK
    return min(date(today.year, 1, 1), date(months // 12, months % 12 + 1, 1))


def enrolled(
    standing: Standing, organisation: Organisation, sequence: int, *, today: date, moved: bool = False
) -> Standing:
    """``standing`` with what the event ``sequence`` tells of ``organisation``; an older one changes nothing.

    What the organisation begins to owe later, by a committee or by being opened again, it owes from today
    on: what was not owed in the past is not owed for it. Whoever moved in from another unit owes from
    tomorrow's periods on: the running ones are still told of where they were.
    """
    known = standing.enrolled.get(organisation.id)
    if known is not None and known.sequence > sequence:
        return standing
    if moved:
        begins = today + timedelta(days=1)
    elif known is not None:
        begins = today
    else:
        begins = max(first_day_owed(today), organisation.founded_on)
    owing = spans(known.spans if known else {}, organisation, begins=begins, today=today)
    entry = Enrolled(organisation, known.since if known else begins, owing, sequence)
    return replace(standing, enrolled={**standing.enrolled, organisation.id: entry})


def left(standing: Standing, organisation: str, sequence: int, *, today: date) -> Standing:
    """``standing`` after ``organisation`` went to another unit: here it owes nothing more."""
    known = standing.enrolled.get(organisation)
    if known is None:
        return standing
    return enrolled(standing, replace(known.organisation, active=False), sequence, today=today)


def exempted(standing: Standing, exemption: Exempt) -> Standing:
    """``standing`` with what was last decided of ``exemption``; an older word changes nothing."""
    known = standing.exemptions.get(exemption.id)
    if known is not None and known.sequence >= exemption.sequence:
        return standing
    return replace(standing, exemptions={**standing.exemptions, exemption.id: exemption})


def turn(
    standing: Standing,
    rulebook: Rulebook,
    *,
    today: date,
    evidence: Iterable[Evidence] = (),
    marks: Mapping[str, Mark] | None = None,
    settle: bool = False,
    anew: bool = False,
) -> Turn:
    """Fold ``evidence`` into ``standing`` and bring it to ``today`` (never back).

    ``anew`` begins from a standing without evidence, and trusts nothing that was computed before. Kept are
    only what the ledger does not tell: who is enrolled, and what was told and under which rule, so that
    what was told wrongly is told again.

    Idempotent, and independent of the order of the evidence: the events differ with the way, the
    standing it ends in does not. ``marks``: all that reviewers and ballots gave, where it was read anew.
    """
    known = {} if anew else standing.evidence
    fresh = newest(known, evidence)
    day = max(today, standing.as_of)
    turning = replace(
        standing,
        as_of=day,
        settled=standing.settled or settle,
        evidence={**known, **fresh},
        marks=standing.marks if marks is None else marks,
    )
    owed = owed_by(turning, rulebook)
    changed: list[Obligation] = []
    told: dict[str, Told] = {}
    events: list[Happened] = []
    for each in owed:
        before = standing.told.get(each.id)
        if not anew and before is not None and (before.state, before.taken) == (each.state, each.taken):
            continue
        sequence = before.sequence if before else 0
        for event in turned(before.state if before else None, each):
            sequence += 1
            events.append(Happened(each.id, sequence, event))
        told[each.id] = Told(each.state, sequence, each.rule, each.taken)
        changed.append(each)
    touched = {each.held_on.year for each in fresh.values()}
    # An amended record may be of another year than before: that year has lost it.
    touched |= {known[activity].held_on.year for activity in fresh.keys() & known.keys()}
    touched |= {each.period.first.year for each in changed} | {day.year}
    if turning.marks != standing.marks:
        given = (*turning.marks.values(), *standing.marks.values())
        touched |= {each.given_on.year for each in given}
    if anew:
        touched |= standing.scores.keys()
    scores, score_events = _scores(turning, rulebook, owed, sorted(touched))
    after = replace(turning, told={**standing.told, **told}, scores={**standing.scores, **scores})
    return Turn(after, owed, fresh, changed, told, scores, [*events, *score_events])


def owed_by(standing: Standing, rulebook: Rulebook) -> list[Obligation]:
    """Every obligation of the unit as of the standing's day, recomputed from its evidence."""
    by_owner: dict[tuple[str, str], list[Evidence]] = {}
    for each in standing.evidence.values():
        by_owner.setdefault((each.organisation, each.kind), []).append(each)
    return [
        obligation
        for enrolled in standing.enrolled.values()
        for owed in _owed(standing, enrolled, rulebook).values()
        for obligation in _worth_telling(
            standing,
            enrolled,
            owed,
            by_owner.get((enrolled.organisation.id, owed[-1].rule.fulfilled_by), ()),
        )
    ]


def _owed(standing: Standing, enrolled: Enrolled, rulebook: Rulebook) -> dict[str, list[Owed]]:
    """What the organisation owes, by the id of the rule, oldest first."""
    by_rule: dict[str, list[Owed]] = {}
    organisation = enrolled.organisation.id
    exemptions = [each for each in standing.exemptions.values() if each.owner == organisation]
    calendar = rulebook.calendar
    periods = sorted(began(enrolled.spans, standing.as_of, calendar), key=lambda each: each[1].first)
    for owner, period, released in periods:
        for rule in rulebook.owed_as(owner, period.every, period.first):
            told = standing.told.get(obligation_id(organisation, rule.id, period.label))
            exemption = covering(exemptions, rule.id, period) if exemptions else None
            owed = Owed(told.rule if told else rule, period, released, exemption, calendar)
            by_rule.setdefault(rule.id, []).append(owed)
    return {rule: by_rule[rule] for rule in sorted(by_rule)}


def _worth_telling(
    standing: Standing, enrolled: Enrolled, owed: Sequence[Owed], evidence: Iterable[Evidence]
) -> Iterator[Obligation]:
    found = obligations(owed, enrolled.organisation.id, today=standing.as_of, evidence=evidence)
    for each, obligation in zip(owed, found, strict=True):
        told = standing.told.get(obligation.id)
        # Of a newly known organisation the history may still be on its way: no reminder and no reproach
        # before it settled, whatever day it is by then; what is over and was not told waits for that. What
        # was released before it was told is not worth telling.
        undone = obligation.state == DUE_SOON or (told is not None and obligation.state in (OVERDUE, MISSED))
        if not standing.settled and undone:
            obligation = replace(obligation, state=OPEN)
        quiet = obligation.state in (OVERDUE, MISSED, EXEMPTED)
        known = told is not None or obligation.exemption is not None
        if known or not quiet or (standing.settled and each.released is None):
            yield obligation


def _scores(
    standing: Standing, rulebook: Rulebook, owed: Sequence[Obligation], years: Iterable[int]
) -> tuple[dict[int, Scored], list[Happened]]:
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
