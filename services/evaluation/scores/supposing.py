"""A standing as it was at the end of a month, or as it would be with more records. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from services.evaluation.evidence.model import Evidence
from services.evaluation.projection.model import owed_by
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.projection.scoring import breakdown
from services.evaluation.projection.standing import Standing
from services.evaluation.scores.model import Breakdown


@dataclass(frozen=True)
class Month:
    """What the year was worth on the last day of a month, or today in the running one."""

    label: str
    as_of: date
    worth: Breakdown


def at(standing: Standing, day: date) -> Standing:
    """The standing as of ``day``, from what had been held and given by then, whenever it was entered."""
    return replace(
        standing,
        as_of=day,
        evidence={id_: each for id_, each in standing.evidence.items() if each.held_on <= day},
        marks={id_: each for id_, each in standing.marks.items() if each.given_on <= day},
    )


def with_records(standing: Standing, records: Sequence[Mapping[str, Any]]) -> Standing:
    """The standing as if ``records`` had been approved as well."""
    more = {
        f"supposed-{number}": Evidence(
            activity=f"supposed-{number}",
            sequence=1,
            organisation=each.get("organisation") or standing.unit,
            kind=each["kind"],
            held_on=each["held_on"],
            counts=True,
            late=each["late"],
            expected=each["expected"],
            present=each["present"],
            excused=each["excused"],
            has_minutes=each["has_minutes"],
        )
        for number, each in enumerate(records, 1)
    }
    return replace(standing, evidence={**standing.evidence, **more})


def worth(standing: Standing, rulebook: Rulebook, year: int) -> Breakdown | None:
    """The score of ``year``; None where the unit is not scored in it."""
    return breakdown(standing, rulebook, owed_by(standing, rulebook), year)


def months(standing: Standing, rulebook: Rulebook, year: int, today: date) -> Iterator[Month]:
    """The months of ``year`` that have begun by ``today``, oldest first."""
    for number in range(1, 13):
        first = date(year, number, 1)
        if first > today:
            return
        last = (date(year + number // 12, number % 12 + 1, 1)) - timedelta(days=1)
        day = min(last, today)
        found = worth(at(standing, day), rulebook, year)
        if found is not None:
            yield Month(f"{year}-{number:02}", day, found)
