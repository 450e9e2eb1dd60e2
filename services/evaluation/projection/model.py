"""How new evidence or a new day turns a standing, and what that makes of what is owed.

Pure: what a turn changes is told as data, and the same turn again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from services.evaluation.evidence.model import Evidence, Mark, newest
from services.evaluation.obligations.exemptions import covering
from services.evaluation.obligations.fulfilling import obligations
from services.evaluation.obligations.model import (
    DUE_SOON,
    EXEMPTED,
    MISSED,
    OPEN,
    OVERDUE,
    Obligation,
    Owed,
    obligation_id,
)
from services.evaluation.obligations.spans import began
from services.evaluation.obligations.telling import turned
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.projection.scoring import scores_of
from services.evaluation.projection.standing import Enrolled, Happened, Scored, Standing, Told


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
    scores, score_events = scores_of(turning, rulebook, owed, sorted(touched))
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
