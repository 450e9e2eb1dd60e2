"""Bursts: a week with more opinions on a topic than its own past lets expect. A documented rule, no I/O.

The rule. Weeks are taken as independent counts of one unknown rate. After ``n`` weeks with ``s`` opinions
the count of the next one follows a negative binomial distribution with ``r = s + 1/2`` and
``p = n / (n + 1)`` (the Gamma-Poisson predictive distribution under Jeffreys' prior). The week is a burst
where so many or more would come by chance in fewer than ``ALARM`` of all weeks, and where they are at least
``FEWEST``. Not knowing the rate is part of the distribution, so that a short past raises no more alarms than
a long one.

How often it is wrong is measured by ``python -m tests.bench.bursts``; the figures are in the documents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

ALARM = 0.001
FEWEST = 5
WEEKS = 26
FEWEST_WEEKS = 8


def is_burst(past: Sequence[int], count: int) -> bool:
    """Whether a week with ``count`` after the weeks ``past`` is a burst.

    None is where fewer than ``FEWEST_WEEKS`` weeks are known: nobody knows what is usual then.
    """
    return count >= FEWEST and len(past) >= FEWEST_WEEKS and chance_of(past, count) < ALARM


def chance_of(past: Sequence[int], count: int) -> float:
    """The probability of ``count`` or more in the week after ``past``."""
    weeks, seen = len(past), sum(past)
    r, p = seen + 0.5, weeks / (weeks + 1)
    below = sum(
        math.exp(
            math.lgamma(r + k) - math.lgamma(r) - math.lgamma(k + 1) + r * math.log(p) + k * math.log1p(-p)
        )
        for k in range(count)
    )
    return max(0.0, 1.0 - below)
