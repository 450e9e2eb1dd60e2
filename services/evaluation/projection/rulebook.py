"""What is in force when: the rules of each period, the scoring policies of each year. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.evaluation.indicators.model import InForce
from services.evaluation.obligations.model import Rule


@dataclass(frozen=True)
class Rulebook:
    """What is in force from which day on, oldest first: the rules of frequency; and the scoring policies.

    A period is governed by the rules of its first day, a year by the policy of its first day: what comes
    into force later changes neither.
    """

    rules: Sequence[tuple[date, Sequence[Rule]]]
    scoring: InForce

    def rules_on(self, day: date) -> Sequence[Rule]:
        """The rules in force on ``day``; none before the first."""
        at = bisect_right(self.rules, day, key=_from) - 1
        return self.rules[at][1] if at >= 0 else ()


def _from(in_force: tuple[date, Any]) -> date:
    return in_force[0]
