"""How early and how late a step may be, each bound by the rule it is from. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from services.chassis.months import months_after
from services.records.development.history import History
from services.records.development.rulebook import Rulings

When = Callable[[str], date | None]


@dataclass(frozen=True)
class Bound:
    """A first or last day, and the parameter that sets it."""

    rule: str
    day: date


def not_before(step: str, history: History, when: When, rulings: Rulings) -> Iterator[Bound]:
    """The first days of ``step`` that are known; ``when`` tells the day of a step it counts from."""
    if step == "application" and "age" in rulings:
        yield Bound("age", months_after(history.born_on, 12 * rulings["age"].value))
    started = when("activist_decision")
    if step == "candidate_decision" and started and "cultivation" in rulings:
        yield Bound("cultivation", months_after(started, rulings["cultivation"].value))
    admitted = when("branch_meeting")
    if step == "full_meeting" and admitted and "probation" in rulings:
        yield Bound("probation", probation_ends(admitted, history, rulings))


def probation_ends(admitted: date, history: History, rulings: Rulings) -> date:
    """When the probation is full: counted from the branch meeting, with what it was extended by."""
    return months_after(admitted, rulings["probation"].value + sum(history.extensions))


def not_after(
    step: str, history: History, when: When, rulings: Rulings, *, special: bool = False
) -> Iterator[Bound]:
    """The last days of ``step``; ``special`` where an approval was put off for special reasons."""
    for subject, rule, start in _WITHIN:
        began = when(start)
        if step == subject and began and rule in rulings:
            yield Bound(rule, months_after(began, rulings[rule].value))
    met = when("branch_meeting")
    if step == "approval" and met and "approval_within" in rulings:
        months = rulings["approval_within"].value["special" if special else "usual"]
        yield Bound("approval_within", months_after(met, months))
    for subject, rule, start in CHECKS:
        last = history.last_check(subject, start) or when(start)
        if step == subject and last and rule in rulings:
            yield Bound(rule, months_after(last, rulings[rule].value))


_WITHIN = (
    ("talk", "talk_within", "application"),
    ("branch_meeting", "meeting_within", "pre_review"),
    ("oath", "oath_within", "approval"),
    ("full_approval", "full_approval_within", "full_meeting"),
)
CHECKS = (
    ("cultivation_check", "check_every", "activist_decision"),
    ("continued_check", "probation_check_every", "branch_meeting"),
)
