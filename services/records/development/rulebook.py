"""The rules in force on a day at one organisation, and the days on which they change. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache

from services.chassis.policies import Pack, Ruling, effective

Rulings = Mapping[str, Ruling]


class RuleBook:
    """The packs for the organisation whose ids from the root are ``path``.

    A step is governed by what is in force on the day it happens, not on the day it is entered.
    """

    def __init__(self, packs: Sequence[Pack], path: Sequence[str] = ()) -> None:
        self._packs = tuple(packs)
        self._path = tuple(path)
        self._effective = cache(lambda day: effective(self._packs, day, self._path))

    def on(self, day: date) -> Rulings:
        """What counts on ``day``; empty where no pack is in force."""
        return self._effective(day)

    def periods(self, since: date) -> Iterator[tuple[date, date | None]]:
        """From ``since`` on, the periods without a change of rules: first day and last day (None: open)."""
        starts = {each.effective_from for each in self._packs}
        starts |= {each.effective_to + timedelta(days=1) for each in self._packs if each.effective_to}
        changes = sorted(day for day in starts if day > since)
        for first, following in zip([since, *changes], [*changes, None], strict=True):
            yield first, following - timedelta(days=1) if following else None
