"""Turning projections: many documents at a time, each with its events and rows, or none of them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, Protocol

from services.chassis import context
from services.chassis.context import Context
from services.chassis.errors import Unavailable
from services.chassis.store import Store
from services.chassis.transactions import in_transaction
from services.evaluation.obligations.store import Row
from services.evaluation.projection.documents import Met, P, Projections, Turned, Written

ATTEMPTS = 20
AT_ONCE = 100


class Rows(Protocol):
    """What shows obligations."""

    def write(self, rows: Sequence[Row], *, certain: bool, gone: Sequence[str]) -> bool:
        """As ``ObligationRows.write``."""

    def differing(self, obligations: Sequence[Any]) -> list[Any]:
        """As ``ObligationRows.differing``."""


class Turning(Generic[P]):
    """Turns documents and the rows that show them, until each is turned."""

    def __init__(self, database: Store, documents: Projections[P], rows: Rows) -> None:
        self._database = database
        self.documents = documents
        self.rows = rows

    def turn(
        self,
        units: Collection[str],
        decide: Callable[[P], Turned[P]],
        causes: Mapping[str, Context] | None = None,
        entered: Callable[[], object] = lambda: None,
        empty: Callable[[str], P] | None = None,
    ) -> None:
        """Turn ``units``; where another replica came first, from what it left.

        ``empty``: what a unit begins with of which there is no document; without it, that is left out.
        Nothing is written before ``entered`` has returned. Raises ``Unavailable("document.contended")``
        after too many lost races.
        """
        ordered = list(units)
        for first in range(0, len(ordered), AT_ONCE):
            self._turn_some(ordered[first : first + AT_ONCE], decide, causes or {}, entered, empty)

    def _turn_some(
        self,
        units: Sequence[str],
        decide: Callable[[P], Turned[P]],
        causes: Mapping[str, Context],
        entered: Callable[[], object],
        empty: Callable[[str], P] | None,
    ) -> None:
        for attempt in range(ATTEMPTS):
            turns = self.decided(units, decide, causes, empty)
            entered()
            if not turns or self._write(turns, again=attempt > 0):
                return
        raise Unavailable("document.contended")

    def decided(
        self,
        units: Sequence[str],
        decide: Callable[[P], Turned[P]],
        causes: Mapping[str, Context],
        empty: Callable[[str], P] | None = None,
    ) -> list[Written[P]]:
        """What turning ``units`` would write; of what stays as it is, nothing."""
        known = self.documents.met(units)
        if empty is not None:
            known.update({unit: Met(empty(unit), 0) for unit in units if unit not in known})
        turned = [(met, decide(met.standing)) for met in known.values()]
        return [
            Written(met, each, causes.get(met.standing.unit) or context.current(), each.obligations)
            for met, each in turned
            if each.after != met.standing or each.obligations or each.withdrawn
        ]

    def decided_anew(self, units: Sequence[str], decide: Callable[[P], Turned[P]]) -> list[Written[P]]:
        """As ``decided``, of turns that trust nothing: with the rows alone that are not as they should be."""
        turns = self.decided(units, decide, {})
        differing = {
            each.id for each in self.rows.differing([row for turn in turns for row in turn.obligations])
        }
        narrowed = [
            replace(turn, obligations=[each for each in turn.obligations if each.id in differing])
            for turn in turns
        ]
        return [each for each in narrowed if each.changes or each.obligations or each.turn.withdrawn]

    def write_rows(self, turns: Sequence[Written[P]], *, certain: bool) -> None:
        """Write the rows that show ``turns`` within the running transaction; raises ``Outrun``."""
        gone = [obligation for each in turns for obligation in each.turn.withdrawn]
        if not self.rows.write(_rows(turns), certain=certain, gone=gone):
            raise Outrun

    def _write(self, turns: Sequence[Written[P]], *, again: bool) -> bool:
        """Documents and the rows that show them, together or not at all; false where they were outrun."""

        def body() -> None:
            if not self.documents.write(turns):
                raise Outrun
            self.write_rows(turns, certain=not again)

        self.documents.touch(turns)
        try:
            in_transaction(self._database, body)
        except Outrun:
            return False
        except Unavailable as failure:
            if failure.code != "store.contended":
                raise
            time.sleep(random.uniform(0.02, 0.2))  # another is in the middle of the same units
            return False
        return True


class Outrun(Exception):
    """What was met is no longer what is there."""


def _rows(turns: Sequence[Written[Any]]) -> list[Row]:
    return [
        Row(changed, each.version, changed.id not in each.met.standing.told)
        for each in turns
        for changed in each.obligations
    ]
