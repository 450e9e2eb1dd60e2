"""What is in force when: the rules of each period, the scoring policy of each year. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.evaluation.obligations.model import Rule
from services.evaluation.scores.model import Policy


@dataclass(frozen=True)
class Rulebook:
    """What is in force from which day on, oldest first: the rules of frequency, and the scoring policy.

    A period is governed by the rules of its first day, a year by the policy of its first day: what comes
    into force later changes neither.
    """

    rules: Sequence[tuple[date, Sequence[Rule]]]
    policies: Sequence[tuple[date, Policy | None]]

    def rules_on(self, day: date) -> Sequence[Rule]:
        """The rules in force on ``day``; none before the first."""
        at = bisect_right(self.rules, day, key=_from) - 1
        return self.rules[at][1] if at >= 0 else ()

    def policy_of(self, year: int) -> Policy | None:
        """The policy of new year's day or, where there was none, the first that came into force that year."""
        first = date(year, 1, 1)
        at = max(bisect_right(self.policies, first, key=_from) - 1, 0)
        found = (policy for day, policy in self.policies[at:] if policy and day.year <= year)
        return next(found, None)


def _from(in_force: tuple[date, Any]) -> date:
    return in_force[0]
