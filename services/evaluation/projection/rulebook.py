"""What is in force when: the rules of each period, the scoring policies of each year. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.evaluation.indicators.model import InForce
from services.evaluation.obligations.calendar import PLAIN, Calendar
from services.evaluation.obligations.model import CASE, Rule


@dataclass(frozen=True)
class Rulebook:
    """What is in force from which day on, oldest first: the rules of frequency; and the scoring policies.

    A period is governed by the rules of its first day, a year by the policy of its first day: what comes
    into force later changes neither.
    """

    rules: Sequence[tuple[date, Sequence[Rule]]]
    scoring: InForce
    calendar: Calendar = PLAIN
    _owed: dict[tuple[int, str, str], tuple[Rule, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def rules_on(self, day: date) -> Sequence[Rule]:
        """The rules in force on ``day``; none before the first."""
        at = bisect_right(self.rules, day, key=_from) - 1
        return self.rules[at][1] if at >= 0 else ()

    def owed_as(self, owner: str, every: str, day: date) -> tuple[Rule, ...]:
        """The rules in force on ``day`` of what ``owner`` owes in periods of that length."""
        at = bisect_right(self.rules, day, key=_from) - 1
        key = (at, owner, every)
        if key not in self._owed:  # asked for every period of every owner, at every turn
            rules = self.rules[at][1] if at >= 0 else ()
            self._owed[key] = tuple(each for each in rules if (each.owed_by, each.every) == (owner, every))
        return self._owed[key]

    def case(self, kind: str, day: date) -> Rule | None:
        """The rule in force on ``day`` for what has a due date of its own and is of that kind."""
        return next((each for each in self.rules_on(day) if (each.every, each.id) == (CASE, kind)), None)


def _from(in_force: tuple[date, Any]) -> date:
    return in_force[0]
