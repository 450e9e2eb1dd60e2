"""Why an obligation stands as it does: what it took, what not and why, what would fulfil it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.evaluation.obligations.calendar import Calendar
from services.evaluation.obligations.model import (
    CASE,
    EXEMPTED,
    FULFILLED,
    FULFILLED_LATE,
    MISSED,
    NEVER,
    Counted,
    Obligation,
)

_NEAR = timedelta(days=45)  # records further away than this from a period say nothing about it
WITHDRAWN, NO_COMMITTEE, NO_MEMBER, FOR_ANOTHER, TOO_FEW, ELSEWHERE, TOO_EARLY, TOO_LATE, SURPLUS = (
    "withdrawn",
    "met_no_committee",
    "met_no_member",
    "for_another",
    "too_few",
    "elsewhere",
    "too_early",
    "too_late",
    "surplus",
)
REASONS = (
    WITHDRAWN,
    NO_COMMITTEE,
    NO_MEMBER,
    FOR_ANOTHER,
    TOO_FEW,
    ELSEWHERE,
    TOO_EARLY,
    TOO_LATE,
    SURPLUS,
)
FLAVOURS = ("records", "minutes", "case", "class")


@dataclass(frozen=True)
class Uncounted:
    """A record that was not taken for an obligation, why, and the period that took it or that it was for."""

    record: Counted
    reason: str
    period: str | None = None


def uncounted(
    obligation: Obligation, others: Iterable[Obligation], records: Iterable[Counted]
) -> list[Uncounted]:
    """Of ``records`` those near ``obligation`` that it did not take, by day, each with one reason.

    ``others``: what else is owed under the same rule, which may have taken them.
    """
    elsewhere = {activity: each.period.label for each in others for activity in each.taken}
    kind, owner = obligation.rule.fulfilled_by, obligation.owner
    first, last = obligation.period.first - _NEAR, obligation.period.last + _NEAR
    if obligation.rule.make_up_days < NEVER:
        last = max(last, obligation.make_up_until)
    near = [
        each
        for each in records
        if each.kind == kind
        and each.organisation == owner
        and first <= each.held_on <= last
        and each.activity not in obligation.taken
    ]
    near.sort(key=lambda each: (each.held_on, each.activity))
    return [Uncounted(each, *_why_not(obligation, each, elsewhere.get(each.activity))) for each in near]


def _why_not(obligation: Obligation, record: Counted, elsewhere: str | None) -> tuple[str, str | None]:
    if not record.counts:
        return getattr(record, "barred", "") or WITHDRAWN, None
    if elsewhere is not None and elsewhere != obligation.period.label:
        return ELSEWHERE, elsewhere
    if record.period not in ("", obligation.period.label):
        return FOR_ANOTHER, record.period
    if not obligation.rule.quorate(record):
        return TOO_FEW, None
    if record.held_on < obligation.period.first:
        return TOO_EARLY, None
    if record.held_on > obligation.make_up_until:
        return TOO_LATE, None
    return SURPLUS, None


def flavour(obligation: Obligation) -> str:
    """How it is counted: in records, in minutes, or as one case (or class) that is done or not."""
    if obligation.rule.every == CASE:
        return "class" if obligation.rule.months else "case"
    return "minutes" if obligation.rule.fulfilled_by == "training_minutes" else "records"


def wants(obligation: Obligation) -> str | None:
    """The text of what would fulfil it; None where nothing is wanted any more."""
    if obligation.state in (FULFILLED, FULFILLED_LATE, EXEMPTED):
        return None
    return MISSED if obligation.state == MISSED else flavour(obligation)


def taken(obligation: Obligation, records: Sequence[Counted]) -> list[Counted]:
    """Those of ``records`` that it took, each as what it was taken for: one may be of several kinds."""
    kind = obligation.rule.fulfilled_by
    return [each for each in records if each.activity in obligation.taken and each.kind == kind]


def amount(obligation: Obligation, records: Sequence[Counted]) -> int:
    """How much of what is needed was taken: records, or minutes."""
    return sum(each.amount for each in taken(obligation, records))


def early(obligation: Obligation) -> bool:
    """Whether it was held before the month from which it generally is: it counts all the same."""
    done, month = obligation.fulfilled_on, obligation.rule.from_month
    return bool(done and month and done.year == obligation.period.first.year and done.month < month)


def provisional(obligation: Obligation) -> bool:
    """Whether its days depend on terms or working days that are not announced yet."""
    period, until = obligation.period, obligation.due_on
    return not obligation.calendar.certain(period, until, working=obligation.rule.working)


def term_of(calendar: Calendar, day: date) -> str | None:
    """The term that ``day`` is in; None in a vacation."""
    term = calendar.term_of(day)
    return term.label if term else None
