"""How often the rule of bursts is wrong: false alarms and bursts found on synthetic series, as a table.

``python -m tests.bench.bursts`` prints the table that the documents show; the same seed gives the same.
"""

from __future__ import annotations

import random

from services.feedback.trends.bursts import WEEKS, is_burst

SERIES = 20_000
SEED = 20260101
RATES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def poisson(rate: float, chance: random.Random) -> int:
    """One week, by Knuth's product of uniforms: rates are small."""
    count, product, floor = 0, chance.random(), 2.718281828459045**-rate
    while product > floor:
        count += 1
        product *= chance.random()
    return count


def overdispersed(rate: float, chance: random.Random) -> int:
    """One week whose rate itself wanders: its variance is one and a half times its mean."""
    return poisson(chance.gammavariate(2 * rate, 0.5), chance)


def seasonal(rate: float, week: int, chance: random.Random) -> int:
    """One week of a term (16 weeks at one and a half times the rate) or a holiday (10 weeks at a fifth)."""
    return poisson(rate * (1.5 if week % 26 < 16 else 0.2), chance)


def share(rate: float, kind: str, chance: random.Random, *, factor: float = 1.0, weeks: int = WEEKS) -> float:
    """The share of series whose last week, at ``factor`` times the rate, is called a burst."""
    called = 0
    for _ in range(SERIES):
        begun = chance.randrange(26)
        if kind == "steady":
            series = [poisson(rate, chance) for _ in range(weeks)]
            last = poisson(rate * factor, chance)
        elif kind == "wandering":
            series = [overdispersed(rate, chance) for _ in range(weeks)]
            last = overdispersed(rate * factor, chance)
        else:
            series = [seasonal(rate, begun + each, chance) for each in range(weeks)]
            last = seasonal(rate * factor, begun + weeks, chance)
        called += is_burst(series, last)
    return called / SERIES


def rows() -> list[tuple[float, ...]]:
    """By rate: false alarms on steady, short, wandering and seasonal series, and found at four times."""
    chance = random.Random(SEED)
    return [
        (
            rate,
            share(rate, "steady", chance),
            share(rate, "steady", chance, weeks=8),
            share(rate, "wandering", chance),
            share(rate, "seasonal", chance),
            share(rate, "steady", chance, factor=4),
        )
        for rate in RATES
    ]


def main() -> None:
    """Print the table."""
    print("| a week | steady | after 8 weeks | wandering | seasonal | found at four times |")
    print("|---|---|---|---|---|---|")
    for rate, *shares in rows():
        print(f"| {rate:g} | " + " | ".join(f"{each:.2%}" for each in shares) + " |")


if __name__ == "__main__":
    main()
