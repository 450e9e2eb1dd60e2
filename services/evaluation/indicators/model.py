"""A scoring policy: a tree of weighted indicators, with deductions, bonuses, vetoes, bands and caps.

Points are whole hundredths throughout: the whole of a policy is 10 000. What a policy may say is checked in
``schemas`` and ``reading``; what it is worth is reckoned in ``scores``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

WHOLE = 10_000
ORGANISATION, SECRETARY, MEMBER = "organisation", "secretary", "member"
SUBJECTS = (ORGANISATION, SECRETARY, MEMBER)
# Whom the appraisal of members is of: the Party's, also those on probation (支部工作条例(试行), 2018).
APPRAISED = ("member", "probationary")
RENORMALISE, ZERO = "renormalise", "zero"
WEIGHED = ("ratio", "capped_count", "timeliness", "attendance", "manual_grade", "ballot")
METHODS = (*WEIGHED, "deduction", "bonus")

Title = Mapping[str, str]


@dataclass(frozen=True)
class Measure:
    """What is counted: ``family`` says of what kind, ``name`` which of them, ``part`` narrows it further.

    Written ``obligations.theme_day``, ``obligations.theme_day.missed``, ``ballots.work_report.peer``.
    """

    family: str
    name: str
    part: str | None = None

    def __str__(self) -> str:
        return ".".join(filter(None, (self.family, self.name, self.part)))


@dataclass(frozen=True)
class Criterion:
    """One of the things that a reviewer grades; ``weight`` is its percent of the grade."""

    id: str
    title: Title
    weight: int


@dataclass(frozen=True)
class Indicator:
    """A node of the tree. ``weight`` and all amounts are hundredths of points.

    A group has ``parts`` whose weights add up to its own, and no method. A leaf has a method and a measure.
    ``each`` and ``at_most`` are of a deduction or a bonus, ``target`` is the percent that earns full marks,
    ``full_at`` the count that does, ``made_up`` the percent that something made up late is worth.
    """

    id: str
    title: Title
    article: str
    weight: int = 0
    method: str | None = None
    measure: Measure | None = None
    missing: str = RENORMALISE
    target: int = 100
    made_up: int = 50
    full_at: int = 1
    each: int = 0
    at_most: int = 0
    criteria: tuple[Criterion, ...] = ()
    parts: tuple[Indicator, ...] = ()

    def leaves(self) -> Iterator[Indicator]:
        """The indicators that measure something: itself, or those below it in their order."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True)
class Veto:
    """Where ``measure`` counts ``at_least`` that often, the band is below ``keeps_below``."""

    id: str
    title: Title
    article: str
    measure: Measure
    at_least: int
    keeps_below: str


@dataclass(frozen=True)
class Band:
    """A grade and the least points that it takes, in hundredths."""

    name: str
    title: Title
    least: int


@dataclass(frozen=True)
class Cap:
    """Of those rated at most ``share`` of every ``of_every`` get ``band`` or a better one.

    A tie at the limit: nobody of it gets the band, unless a reviewer decides with a reason.
    """

    band: str
    share: int
    of_every: int
    article: str

    def most(self, rated: int) -> int:
        """How many of ``rated`` may have it; compared in integers, never rounded up."""
        return rated * self.share // self.of_every


@dataclass(frozen=True)
class Policy:
    """How the year of one kind of subject is scored. ``bands`` come best first, and the last begins at 0.

    ``kinds`` are the kinds of organisation that are scored, or to which scored persons belong.
    ``ungraded``: political statuses of members who take part without a grade of their own.
    """

    id: str
    title: str
    issuer: str
    level: str
    confidence: str
    effective_from: date
    subject: str
    kinds: tuple[str, ...]
    indicators: tuple[Indicator, ...]
    bands: tuple[Band, ...]
    document_number: str | None = None
    effective_to: date | None = None
    sample: bool = False
    deductions: tuple[Indicator, ...] = ()
    bonuses: tuple[Indicator, ...] = ()
    vetoes: tuple[Veto, ...] = ()
    caps: tuple[Cap, ...] = ()
    ungraded: tuple[str, ...] = ()
    missing: str = RENORMALISE
    article: str = field(default="全文")

    def grades(self, status: str | None) -> bool:
        """Whether a person of that political status gets a grade; of whom it is not known (None) nobody does.

        Source: members are appraised, and those on probation take part (支部工作条例(试行), 2018).
        """
        return status in APPRAISED and status not in self.ungraded

    def covers(self, day: date) -> bool:
        """Whether the policy is in force on ``day``; both its ends count."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)

    @property
    def lasts(self) -> bool:
        """Whether it was in force for a day at all: another may have taken its place on its first."""
        return self.effective_to is None or self.effective_from <= self.effective_to

    def leaves(self) -> Iterator[Indicator]:
        """Every indicator that measures something, deductions and bonuses included."""
        for each in (*self.indicators, *self.deductions, *self.bonuses):
            yield from each.leaves()

    def indicator(self, id_: str) -> Indicator | None:
        """The indicator of that id, at whatever depth."""
        return next(
            (each for each in nodes((*self.indicators, *self.deductions, *self.bonuses)) if each.id == id_),
            None,
        )

    def band(self, name: str) -> Band | None:
        """The band of that name."""
        return next((each for each in self.bands if each.name == name), None)

    def rank(self, band: str) -> int:
        """The place of a band, the best being 0; raises ``ValueError`` for one that the policy lacks."""
        return [each.name for each in self.bands].index(band)


def nodes(indicators: Iterable[Indicator]) -> Iterator[Indicator]:
    """Every node of the trees, groups before their parts."""
    for each in indicators:
        yield each
        yield from nodes(each.parts)


def subjects_of(policy: Policy) -> frozenset[tuple[str, str]]:
    """Whom the policy scores: pairs of what is scored and the kind of organisation."""
    return frozenset((policy.subject, kind) for kind in policy.kinds)


def collisions(policies: Sequence[Policy]) -> list[tuple[Policy, Policy, str]]:
    """Every two policies that are in force on one day for one subject, and for which kind."""
    found = []
    for at, first in enumerate(policies):
        for second in policies[at + 1 :]:
            shared = sorted(subjects_of(first) & subjects_of(second))
            if shared and _meet(first, second):
                found.append((first, second, " of ".join(shared[0])))
    return found


def _meet(first: Policy, second: Policy) -> bool:
    starts = max(first.effective_from, second.effective_from)
    return first.covers(starts) and second.covers(starts)


@dataclass(frozen=True)
class InForce:
    """The policies of a service: at most one for each subject and day."""

    policies: tuple[Policy, ...] = ()

    def policy_of(self, subject: str, kind: str, year: int) -> Policy | None:
        """The policy of new year's day or, where there was none, the first that came into force that year.

        So one policy governs a whole year, and what comes into force within it governs the next.
        """
        first, last = date(year, 1, 1), date(year, 12, 31)
        mine = [each for each in self.policies if (subject, kind) in subjects_of(each) and each.lasts]
        for each in mine:
            if each.covers(first):
                return each
        later = sorted((each.effective_from, each.id) for each in mine if first < each.effective_from <= last)
        return next((each for each in mine if later and each.id == later[0][1]), None)

    def by_id(self, id_: str) -> Policy | None:
        """The policy of that id, in force or not."""
        return next((each for each in self.policies if each.id == id_), None)
