"""How often the rules of anomalies ask for a talk where nothing is wrong, and where something is.

``python -m tests.bench.alarms`` prints the table of docs/evaluation.md: a synthetic campus drawn from a fixed
seed, looked at on the last day of every month of a year. What is normal and what is wrong is said by the
generators below; the figures are worth as much as these resemble a campus.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

import services.evaluation
from services.chassis.policies import load_all
from services.contracts.kinds import ANOMALY_RULES
from services.evaluation.anomalies import model
from services.evaluation.anomalies.model import Found, Held, Limits
from services.evaluation.anomalies.packs import limits_of
from services.evaluation.obligations.calendar import Calendar, Usual

YEAR = 2026
LOOKS = [date(YEAR + (month == 12), month % 12 + 1, 1) - timedelta(days=1) for month in range(1, 13)]
TERMS = Calendar(usual=[Usual(1, (9, 1), (1, 15)), Usual(2, (2, 24), (7, 5))])
Look = Callable[[date], Found | None]
POLICIES = Path(services.evaluation.__file__).parent / "policies"
TALKS = load_all(POLICIES.parents[1] / "contracts" / "policies", "talks-*.yaml")


@dataclass(frozen=True)
class Rate:
    """Of ``subjects`` watched for a year, how many were asked about."""

    subjects: int
    asked: int

    @property
    def percent(self) -> float:
        return 100 * self.asked / self.subjects


def limits() -> Limits:
    """The shipped ones."""
    return limits_of(load_all(POLICIES, "anomalies-*.yaml"), date(YEAR, 1, 1), TALKS)


def measured(rule: str, wrong: bool, subjects: int = 2000, seed: int = 1921) -> Rate:
    """Of ``subjects`` drawn as normal, or as ``wrong``, how many are asked about at least once in a year."""
    chance, given = Random(f"{seed} {rule} {wrong}"), limits()
    asked = 0
    for _ in range(subjects):
        look = _DRAWN[rule](chance, wrong, given)
        asked += any(look(day) is not None for day in LOOKS)
    return Rate(subjects, asked)


def _arrears(chance: Random, wrong: bool, given: Limits) -> Look:
    """Normal: each month is paid within some 40 days, one in fifty within 75; wrong: from some month not."""
    stops = chance.randint(1, 8) if wrong else 13
    bills = []
    for month in range(1, 13):
        due = LOOKS[month - 1]
        delay = chance.randint(0, 75) if chance.random() < 0.02 else max(0, int(chance.gauss(5, 12)))
        paid = date.max if month >= stops else due + timedelta(days=delay - 10)
        bills.append((f"{YEAR}-{month:02}", due, paid))
    return lambda day: model.arrears([(m, due) for m, due, paid in bills if paid > day], given, day)


def _hours(chance: Random, wrong: bool, given: Limits) -> Look:
    """Normal: 32 to 60 hours in blocks of 2 to 8, fewer in vacations; wrong: a quarter of that."""
    whole = chance.randint(32, 60) * 60
    blocks: list[tuple[date, int]] = []
    while sum(minutes for _, minutes in blocks) < (whole // 4 if wrong else whole):
        day = date(YEAR, 1, 1) + timedelta(days=chance.randrange(365))
        if TERMS.term_of(day) is not None or chance.random() < 0.2:
            blocks.append((day, chance.choice([120, 240, 480])))
    return lambda day: model.hours_behind(
        sum(m for on, m in blocks if on <= day), 1920, date(YEAR - 3, 1, 1), given, day
    )


def _reports(chance: Random, wrong: bool, given: Limits) -> Look:
    """Normal: one report in twenty-five is missing, by itself; wrong: none comes from some quarter on."""
    stops = chance.randint(1, 2) if wrong else 5
    missing = [quarter >= stops or chance.random() < 0.04 for quarter in range(1, 5)]

    def look(day: date) -> Found | None:
        over = (day.month - 1) // 3
        states = [(f"{YEAR}-Q{q + 1}", "missed" if missing[q] else "fulfilled") for q in range(over)]
        return model.reports_missing(states, given)

    return look


def _records(chance: Random, wrong: str, days_between: float = 12.0) -> list[Held]:
    members, share = chance.randint(8, 40), chance.uniform(0.75, 0.97)
    turns = date(YEAR, 1, 1) + timedelta(days=chance.randint(100, 270))
    lateness = chance.uniform(0.0, 0.15)
    found, day = [], date(YEAR - 1, 9, 1)
    while day <= LOOKS[-1]:
        day += timedelta(days=max(2, round(chance.gauss(days_between, 5))))
        if TERMS.term_of(day) is None and chance.random() < 0.7:
            continue
        after = bool(wrong) and day >= turns
        if wrong == "silent" and after:
            continue
        p = share - 0.3 if wrong == "attendance" and after else min(1.0, share * chance.uniform(0.93, 1.05))
        q = 0.85 if wrong == "late" and after else lateness
        present = sum(chance.random() < p for _ in range(members))
        found.append(Held(day, f"a{len(found):03}", members, present, chance.random() < q))
    return found


def _attendance(chance: Random, wrong: bool, given: Limits) -> Look:
    """Normal: everybody comes with the branch's own share, meetings differ a little; wrong: 30 less."""
    records = _records(chance, "attendance" if wrong else "")
    return lambda day: model.attendance_falling([each for each in records if each.on <= day], given)


def _late(chance: Random, wrong: bool, given: Limits) -> Look:
    """Normal: up to 15 % are entered late, by themselves; wrong: from some day on 85 %."""
    records = _records(chance, "late" if wrong else "")
    return lambda day: model.late_burst([each for each in records if each.on <= day], given)


def _silent(chance: Random, wrong: bool, given: Limits) -> Look:
    """Normal: a record every 12 days or so in term; wrong: from some day on none."""
    records = _records(chance, "silent" if wrong else "")

    def look(day: date) -> Found | None:
        known = [each for each in records if each.on <= day]
        last = max((each.on for each in known), default=day)
        days = (last + timedelta(days=n) for n in range(1, (day - last).days + 1))
        return model.silent(known, sum(TERMS.term_of(each) is not None for each in days), given)

    return look


_DRAWN: dict[str, Callable[[Random, bool, Limits], Look]] = {
    "arrears": _arrears,
    "hours_behind": _hours,
    "reports_missing": _reports,
    "attendance_falling": _attendance,
    "silent": _silent,
    "late_burst": _late,
}


def main() -> None:
    print("| rule | asked though nothing is wrong | asked where something is |\n|---|---|---|")
    for rule in ANOMALY_RULES:
        false, true = measured(rule, wrong=False), measured(rule, wrong=True)
        print(f"| `{rule}` | {false.percent:.2f} % | {true.percent:.1f} % |")


if __name__ == "__main__":
    main()
