"""What fulfils what is owed: which record is taken for which period, and the state that it leaves. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from services.evaluation.obligations.model import (
    DUE_SOON,
    EXEMPTED,
    FULFILLED,
    FULFILLED_LATE,
    MISSED,
    OPEN,
    OVERDUE,
    Counted,
    Obligation,
    Owed,
    Rule,
)


def obligations(
    owed: Sequence[Owed], organisation: str, *, today: date, evidence: Iterable[Counted]
) -> list[Obligation]:
    """What became by ``today`` of what ``organisation`` owes under one rule's id, in the order of ``owed``.

    A pure function of its arguments; the order of ``evidence`` does not matter. Each record is taken
    once: by the period it was held in, else by an older one within its grace days, else to make up for
    the oldest period that lacks one. Where a period has a choice, it leaves the one before what still
    counts there on time. What could still be held on the day of release is exempted, and stays so.
    """
    kinds = {each.rule.fulfilled_by for each in owed}
    records = sorted(
        (
            each
            for each in evidence
            if each.counts and each.kind in kinds and each.organisation == organisation
        ),
        key=_by_day,
    )
    taken = _allocate(owed, records)
    return [_obligation(each, organisation, taken[each.period.label], today) for each in owed]


def _allocate(owed: Sequence[Owed], records: Sequence[Counted]) -> Mapping[str, list[Counted]]:
    free = list(records)
    taken: dict[str, list[Counted]] = {each.period.label: [] for each in owed}

    def lacks(each: Owed) -> bool:
        return sum(record.amount for record in taken[each.period.label]) < each.rule.needed

    def take(each: Owed, after: date, until: date) -> None:
        if not free or not lacks(each):
            return
        for record in [one for one in free if after < one.held_on <= until and each.rule.quorate(one)]:
            if not lacks(each):
                return
            taken[each.period.label].append(record)
            free.remove(record)

    for each in owed:
        before = each.period.first - timedelta(days=1)
        grace = before + timedelta(days=each.rule.grace_days)
        take(each, grace, each.period.last)
        take(each, before, min(grace, each.period.last))
    lacking = [each for each in owed if lacks(each)] if free else []
    for each in lacking:
        take(each, each.period.last, each.due_on)
    for each in lacking:
        take(each, each.due_on, each.make_up_until)
    return {label: sorted(mine, key=_by_day) for label, mine in taken.items()}


def _by_day(record: Counted) -> tuple[date, str]:
    return record.held_on, record.activity


def _obligation(owed: Owed, organisation: str, taken: Sequence[Counted], today: date) -> Obligation:
    rule = owed.rule
    done_on = fulfilling_day(rule, taken)
    state = state_of(owed, done_on, today)
    if done_on is None:
        released = owed.released is not None and owed.released <= owed.make_up_until
        state = EXEMPTED if owed.exemption or released else state
    return Obligation(
        rule,
        organisation,
        owed.period,
        state,
        tuple(each.activity for each in taken),
        done_on,
        exemption=owed.exemption if state == EXEMPTED else None,
        calendar=owed.calendar,
    )


def fulfilling_day(rule: Rule, taken: Iterable[Counted]) -> date | None:
    """The day of the record with which enough was there; None where it is not. ``taken``: oldest first."""
    so_far = 0
    for each in taken:
        so_far += each.amount
        if so_far >= rule.needed:
            return each.held_on
    return None


def state_of(owed: Owed, done_on: date | None, today: date) -> str:
    """The state, as of ``today``, of what was done on ``done_on``, or was not.

    The day of the activity decides what is late, not the day of its approval.
    """
    due = owed.due_on
    if done_on is not None:
        return FULFILLED if done_on <= due else FULFILLED_LATE
    if today > owed.make_up_until:
        return MISSED
    if today > due:
        return OVERDUE
    if today > due - timedelta(days=owed.rule.due_soon_days):
        return DUE_SOON
    return OPEN
