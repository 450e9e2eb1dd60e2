"""The standing of a unit: what is known of it, who is enrolled there, what was decided and told of it. Pure.

A unit is a branch with its groups, or any other organisation by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from services.chassis.contract import NewEvent
from services.evaluation.evidence.model import Evidence, Mark
from services.evaluation.obligations.exemptions import Exempt
from services.evaluation.obligations.model import Organisation, Rule
from services.evaluation.obligations.spans import Spans, spans

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

    @property
    def last(self) -> date | None:
        """Until when it was of the unit, as far as it owed anything; None while it is."""
        ended = [span.last for known in self.spans.values() for span in known if span.last]
        return None if self.organisation.active else max(ended, default=None)


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
