"""The rules of trends: what is counted, what is shown of it, and what comes again and again. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.feedback.trends.bursts import ALARM, WEEKS, Burst, burst, chance_of
from services.feedback.trends.lineage import FEWEST, Lineage, count_of, shown, together

RECURRING_OF, RECURRING_IN = 6, 3
Pages = Mapping[str, Lineage]  # by period
Shown = dict[str, Sequence[int | None]]  # by mark, in the order of the periods


@dataclass(frozen=True)
class Counted:
    """What one opinion counts for: its category and its topics."""

    category: str
    topics: tuple[str, ...] = ()

    def marks(self) -> frozenset[str]:
        """The rows that it is counted in."""
        return frozenset({f"category:{self.category}", *(f"topic:{each}" for each in self.topics)})


@dataclass(frozen=True)
class Row:
    """One row of the table: ``counts`` by period, None where they may not be shown, were it none at all.

    ``total`` and ``recurring`` are of those that are shown, so that neither tells of what is not.
    """

    mark: str
    counts: tuple[int | None, ...]
    total: int
    recurring: bool
    burst: Burst | None


def difference(before: Counted | None, after: Counted) -> dict[str, int]:
    """By how much each row changes where an opinion counted for ``before`` and counts for ``after`` now."""
    old, new = before.marks() if before else frozenset(), after.marks()
    return {**dict.fromkeys(sorted(new - old), 1), **dict.fromkeys(sorted(old - new), -1)}


def month_of(day: date) -> str:
    """``2026-03``."""
    return f"{day:%Y-%m}"


def week_of(day: date) -> str:
    """``2026-W10``, by ISO 8601."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def months(today: date, count: int) -> list[str]:
    """The last ``count`` months with that of ``today``, the oldest first."""
    at = today.year * 12 + today.month - 1
    return [f"{each // 12}-{each % 12 + 1:02}" for each in range(at - count + 1, at + 1)]


def weeks(today: date) -> list[str]:
    """The weeks by which a burst is judged, the oldest first; the last one is the last that is over."""
    return [week_of(today - timedelta(weeks=each)) for each in range(WEEKS + 1, 0, -1)]


def table(by_month: Pages, by_week: Pages, today: date, *, count: int) -> list[Row]:
    """The rows that have something to show, in their order."""
    periods, past = months(today, count), weeks(today)
    pages = [page[0] for several in (by_month, by_week) for page in several.values() if page]
    marks = sorted({mark for page in pages for mark in page.counts})
    rows = (_row(mark, by_month, by_week, periods, past) for mark in marks)
    return [row for row in rows if row.total or row.burst]


def shown_rows(by_month: Pages, periods: Sequence[str]) -> Shown:
    """The counts of each row that has any to show, by mark."""
    marks = sorted({mark for page in by_month.values() if page for mark in page[0].counts})
    found = {mark: _counts(mark, by_month, periods) for mark in marks}
    return {mark: counts for mark, counts in found.items() if any(counts)}


def _counts(mark: str, by_month: Pages, periods: Sequence[str]) -> tuple[int | None, ...]:
    return tuple(shown(by_month.get(each, ()), mark) for each in periods)


def _row(mark: str, by_month: Pages, by_week: Pages, periods: Sequence[str], past: Sequence[str]) -> Row:
    weekly = [by_week.get(each, ()) for each in past]
    known = [count_of(each, mark) for each in _since_begun(weekly[:-1])]
    counts = _counts(mark, by_month, periods)
    return Row(
        mark=mark,
        counts=counts,
        total=sum(each for each in counts if each is not None),
        recurring=recurs([each or 0 for each in counts]),
        burst=_told(burst(known, count_of(weekly[-1], mark)), known, weekly, mark),
    )


def _told(found: Burst | None, known: Sequence[int], weekly: Sequence[Lineage], mark: str) -> Burst | None:
    """What is shown of a burst: of a past that may not be shown neither how many nor, by the chance, which.

    Nothing at all of one whose own week may not be shown.
    """
    if found is None or shown(weekly[-1], mark) is None:
        return None
    if shown(together(weekly[:-1]), mark) is not None:
        return found
    most_few = [FEWEST - 1, *(0 for _ in known[1:])]
    return Burst(count=found.count, usual=0.0, chance=min(ALARM, chance_of(most_few, found.count)))


def recurs(monthly: Sequence[int]) -> bool:
    """Whether a cause comes again and again: in three of the last six months, and of enough contributions."""
    last = monthly[-RECURRING_OF:]
    return sum(each > 0 for each in last) >= RECURRING_IN and sum(last) >= FEWEST


def _since_begun(weekly: Sequence[Lineage]) -> Sequence[Lineage]:
    """The weeks from the first one on of which anything is known here: before that nobody could speak."""
    begun = next((at for at, each in enumerate(weekly) if each), len(weekly))
    return weekly[begun:]
