"""The rules of trends: what is counted, what is shown of it, and what comes again and again. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.feedback.trends.bursts import WEEKS, is_burst
from services.feedback.trends.lineage import FEWEST, Lineage, count_of, shown

RECURRING_OF, RECURRING_IN = 6, 3
SETTLING = timedelta(days=10)
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

    ``total`` and ``recurring`` are of those that are shown, so that neither tells of what is not. ``burst``
    is the latest of the weeks that end in the last of the periods and are one.
    """

    mark: str
    counts: tuple[int | None, ...]
    total: int
    recurring: bool
    burst: str | None


def told_until(today: date) -> date:
    """The last day of the last month that is told on the day ``today``.

    A month is told ``SETTLING`` after its end, as whoever triages has sorted it by then, and never changes
    again. Whoever reads the counts of a month that goes on, day by day, sees each opinion as it comes; and
    of one that may still change, that a cell of five became one of four.
    """
    return (today - SETTLING).replace(day=1) - timedelta(days=1)


def recount(said_on: date, before: Counted | None, after: Counted, today: date) -> dict[str, int]:
    """By how much each row changes as ``difference`` says; by nothing where the month is told.

    Nothing is counted on the last day before that either: what is begun before midnight ends after it.
    """
    told = said_on <= told_until(today + timedelta(days=1))
    return {} if told else difference(before, after)


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


def months(until: date, count: int) -> list[str]:
    """The last ``count`` months with that of ``until``, the oldest first."""
    at = until.year * 12 + until.month - 1
    return [f"{each // 12}-{each % 12 + 1:02}" for each in range(at - count + 1, at + 1)]


def judged(until: date) -> list[date]:
    """The last days of the weeks that end in the month of ``until``, its last day; the latest first."""
    last = until - timedelta(days=until.isoweekday() % 7)
    ends = [last - timedelta(weeks=each) for each in range(5)]
    return [each for each in ends if each.month == until.month]


def weeks(end: date) -> list[str]:
    """The week that ends on the day ``end``, the last one, after those by which it is judged."""
    return [week_of(end - timedelta(weeks=each)) for each in range(WEEKS, -1, -1)]


def table(by_month: Pages, by_week: Pages, until: date, *, count: int) -> list[Row]:
    """The rows that have something to show of ``count`` months and their weeks up to ``until``, in order."""
    periods = months(until, count)
    pages = [page[0] for several in (by_month, by_week) for page in several.values() if page]
    marks = sorted({mark for page in pages for mark in page.counts})
    rows = (_row(mark, by_month, by_week, periods, judged(until)) for mark in marks)
    return [row for row in rows if row.total]


def shown_rows(by_month: Pages, periods: Sequence[str]) -> Shown:
    """The counts of each row that has any to show, by mark."""
    marks = sorted({mark for page in by_month.values() if page for mark in page[0].counts})
    found = {mark: _counts(mark, by_month, periods) for mark in marks}
    return {mark: counts for mark, counts in found.items() if any(counts)}


def _counts(mark: str, by_month: Pages, periods: Sequence[str]) -> tuple[int | None, ...]:
    return tuple(shown(by_month.get(each, ()), mark) for each in periods)


def _row(
    mark: str,
    by_month: Pages,
    by_week: Pages,
    periods: Sequence[str],
    ends: Sequence[date],
) -> Row:
    counts = _counts(mark, by_month, periods)
    of_month = dict(zip(periods, counts, strict=True))
    bursts = (week_of(end) for end in ends if _bursts(by_week, mark, of_month, end))
    return Row(
        mark=mark,
        counts=counts,
        total=sum(each for each in counts if each is not None),
        recurring=recurs([each or 0 for each in counts]),
        burst=next(bursts, None),
    )


def _bursts(by_week: Pages, mark: str, of_month: Mapping[str, int | None], end: date) -> bool:
    """Whether the week that ends on ``end`` is shown to be a burst; ``of_month``: what is shown of months.

    That it is one is all that is told. How many there were, beside the count of a month, would tell how few
    there were in the rest of it; and what was usual, or by what chance, how few there were before. It has to
    be one by what the months show, too: else it would tell that there is something in a month of few.
    """
    weekly = [by_week.get(each, ()) for each in weeks(end)]
    if shown(weekly[-1], mark) is None:
        return False
    beside = sum(of_month[each] or 0 for each in {month_of(end - timedelta(days=6)), month_of(end)})
    known = [count_of(each, mark) for each in _since_begun(weekly[:-1])]
    return is_burst(known, min(count_of(weekly[-1], mark), beside))


def recurs(monthly: Sequence[int]) -> bool:
    """Whether a cause comes again and again: in three of the last six months, and of enough contributions."""
    last = monthly[-RECURRING_OF:]
    return sum(each > 0 for each in last) >= RECURRING_IN and sum(last) >= FEWEST


def _since_begun(weekly: Sequence[Lineage]) -> Sequence[Lineage]:
    """The weeks from the first one on of which anything is known here: before that nobody could speak."""
    begun = next((at for at, each in enumerate(weekly) if each), len(weekly))
    return weekly[begun:]
