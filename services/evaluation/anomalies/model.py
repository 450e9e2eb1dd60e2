"""When something asks for a talk: documented statistics over what is known, and how it ends. Pure.

No rule compares persons with each other, and none looks at what anybody said. Shares are compared as whole
numbers or fractions, so that every replica finds the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import comb
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid
from services.contracts.evaluation_events import AnomalyConcluded, AnomalyRaised

RAISED, TALKED, DISMISSED = "raised", "talked", "dismissed"
State = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """The parameters of the rules, from the pack; ``talk_days``: within how many days to talk."""

    arrears_months: int
    hours_from_month: int
    hours_behind_percent: int
    reports_in_a_row: int
    attendance_recent: int
    attendance_before: int
    attendance_drop_percent: int
    attendance_sigma_tenths: int
    silent_term_days: int
    late_recent: int
    late_least: int
    late_chance_per_mille: int
    talk_days: int
    pack: str


@dataclass(frozen=True)
class Found:
    """Something that asks for a talk. ``episode``: as long as it is the same, it is asked for once."""

    rule: str
    episode: str
    facts: Mapping[str, int | str]


@dataclass(frozen=True, order=True)
class Held:
    """One counted record of an organisation: who should have been there, who was, late or not."""

    on: date
    activity: str
    entitled: int
    present: int
    late: bool


# -- of persons -----------------------------------------------------------------------------------------


def arrears(unpaid: Iterable[tuple[str, date]], limits: Limits, today: date) -> Found | None:
    """``unpaid`` bills as month and due date: ``arrears_months`` of them are past their day.

    A count and no estimate: a waived or deferred bill is not unpaid.
    """
    past = sorted(month for month, due in unpaid if due < today)
    if len(past) < limits.arrears_months:
        return None
    return Found("arrears", past[0], {"months": len(past), "since": past[0]})


def hours_behind(credited: int, needed: int, since: date, limits: Limits, today: date) -> Found | None:
    """Minutes ``credited`` this year lie further behind an even pace to ``needed`` than the pack allows.

    Asked from ``hours_from_month`` on: early in a year the pace says nothing, since training comes in blocks.
    ``since``: from when on they are owed; whoever began to owe them in the course of the year has a slower
    pace for it.
    """
    if today.month < limits.hours_from_month:
        return None
    begins, whole = max(since, date(today.year, 1, 1)), date(today.year, 12, 31).timetuple().tm_yday
    days = (today - begins).days + 1
    if credited * whole * 100 >= needed * days * (100 - limits.hours_behind_percent):
        return None
    facts = {"hours": credited // 60, "pace": needed * days // whole // 60, "needed": needed // 60}
    return Found("hours_behind", str(today.year), facts)


def reports_missing(states: Sequence[tuple[str, str]], limits: Limits) -> Found | None:
    """The last ``reports_in_a_row`` quarters that are over have no thought report.

    ``states``: period and state of each obligation, oldest first; what is open says nothing yet.
    """
    over = [(period, state) for period, state in states if state not in ("open", "due_soon", "exempted")]
    last = over[-limits.reports_in_a_row :]
    if len(last) < limits.reports_in_a_row or any(state not in ("overdue", "missed") for _, state in last):
        return None
    return Found("reports_missing", last[0][0], {"quarters": len(last), "since": last[0][0]})


# -- of organisations -----------------------------------------------------------------------------------


def attendance_falling(records: Sequence[Held], limits: Limits) -> Found | None:
    """The share present at the last records fell against the organisation's own before.

    A one-sided test of two proportions: the drop is at least ``attendance_drop_percent`` points, and its
    square at least ``attendance_sigma_tenths``/10 squared times the pooled variance.
    """
    counted = sorted(each for each in records if each.entitled > 0)
    recent = counted[-limits.attendance_recent :]
    before = counted[-limits.attendance_recent - limits.attendance_before : -limits.attendance_recent]
    if len(recent) < limits.attendance_recent or len(before) < limits.attendance_before:
        return None
    (now, of_now), (then, of_then) = _attended(recent), _attended(before)
    drop = Fraction(then, of_then) - Fraction(now, of_now)
    if drop * 100 < limits.attendance_drop_percent:
        return None
    pooled = Fraction(now + then, of_now + of_then)
    variance = pooled * (1 - pooled) * (Fraction(1, of_now) + Fraction(1, of_then))
    if drop * drop * 100 < limits.attendance_sigma_tenths**2 * variance:
        return None
    facts = {"now": now * 100 // of_now, "before": then * 100 // of_then, "records": len(recent)}
    return Found("attendance_falling", _quarter(recent[-1].on), facts)


def silent(records: Sequence[Held], term_days: int, limits: Limits) -> Found | None:
    """Nothing was recorded for ``silent_term_days`` days of term by an organisation that did before.

    ``term_days``: days of term since the last record; vacations do not count.
    """
    if not records or term_days < limits.silent_term_days:
        return None
    last = max(records)
    return Found("silent", last.activity, {"days": term_days, "last_on": last.on.isoformat()})


def late_burst(records: Sequence[Held], limits: Limits) -> Found | None:
    """Many of the last records were entered late, which by the organisation's own past would hardly happen.

    The chance of as many late ones among so many, at the share of before (one late and two records are
    added, so that a clean past is no certainty), is below ``late_chance_per_mille``.
    """
    ordered = sorted(records)
    recent, before = ordered[-limits.late_recent :], ordered[: -limits.late_recent]
    late = sum(each.late for each in recent)
    if len(recent) < limits.late_recent or len(before) < limits.late_recent or late < limits.late_least:
        return None
    share = Fraction(sum(each.late for each in before) + 1, len(before) + 2)
    count = len(recent)
    chance = sum(comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(late, count + 1))
    if chance * 1000 >= limits.late_chance_per_mille:
        return None
    return Found("late_burst", _quarter(recent[-1].on), {"late": late, "records": count})


def _attended(records: Iterable[Held]) -> tuple[int, int]:
    mine = list(records)
    return sum(min(each.present, each.entitled) for each in mine), sum(each.entitled for each in mine)


def _quarter(day: date) -> str:
    return f"{day.year}-Q{(day.month + 2) // 3}"


# -- how it ends ----------------------------------------------------------------------------------------


def episode_of(owner: str, found: Found) -> str:
    """The same on every replica and at every look: of one episode there is one question."""
    return "\x1f".join((owner, found.rule, found.episode))


def raised(
    found: Found,
    limits: Limits,
    *,
    subject: str,
    organisation: str,
    person: str | None,
    asked: str,
    asked_at: str,
    today: date,
) -> Change:
    """A question to ``asked``, who answers for ``asked_at``: would they talk to whom it is about?"""
    talk_by = today + timedelta(days=limits.talk_days)
    state = {
        "rule": found.rule,
        "episode": found.episode,
        "facts": dict(found.facts),
        "organisation": organisation,
        "person": person,
        "asked": asked,
        "asked_at": asked_at,
        "raised_on": today.isoformat(),
        "talk_by": talk_by.isoformat(),
        "pack": limits.pack,
        "state": RAISED,
        "concluded_by": None,
        "concluded_on": None,
        "reason": None,
    }
    told = AnomalyRaised.of(
        anomaly=subject, organisation=asked_at, asked=asked, raised_on=today, due_on=talk_by
    )
    return Change(state, [told])


def conclude(before: State, *, subject: str, outcome: str, reason: str, by: str, today: date) -> Change:
    """Whoever is responsible talked, or dismissed it; both say why, and nothing else follows.

    Raises ``Conflict("anomaly.state")`` where it was concluded, ``Invalid("anomaly.reason_missing")``. Whom
    it is about never comes here: to them there is no such question.
    """
    if before["state"] != RAISED:
        raise Conflict("anomaly.state", params={"state": before["state"], "accepted": RAISED})
    if not reason.strip():
        raise Invalid("anomaly.reason_missing", fields={"reason": ["anomaly.reason_missing"]})
    state = {
        **before,
        "state": outcome,
        "reason": reason,
        "concluded_by": by,
        "concluded_on": today.isoformat(),
    }
    told = AnomalyConcluded.of(
        anomaly=subject,
        organisation=before["asked_at"],
        concluded_on=today,
    )
    return Change(state, [told])
