"""Everything computed anew from the ledgers beside what is shown, and exchanged for it by one switch."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Generic, Protocol, TypeVar

import eventlet

from services.chassis.errors import Unavailable
from services.chassis.store import Store
from services.chassis.transactions import in_transaction
from services.evaluation.projection.documents import P, Written
from services.evaluation.projection.turning import ATTEMPTS, Outrun, Turning

Reached = Callable[[int, int], None]
Ledger = TypeVar("Ledger")


class Anew(Protocol[P]):
    """Whoever computes the documents of one collection anew from its ledger."""

    turning: Turning[P]

    def anew(self, units: Sequence[str]) -> list[Written[P]]:
        """What of ``units`` is not as the ledger says, read for each by itself."""

    def all_anew(self, reached: Reached) -> Iterable[Written[P]]:
        """The same of every unit, ledger and rows read some units at a time."""


def read_ahead(
    read: Callable[[Sequence[str]], Ledger], units: Sequence[str], at_once: int, reached: Reached
) -> Iterator[tuple[Sequence[str], Ledger]]:
    """``at_once`` of ``units`` at a time with what ``read`` finds of them; ``reached``: how many are done.

    The store finds what comes next while this process computes. Never all at once: while the embedded store
    gathers so much nobody else is answered, of 200 000 entries for seconds, and the driver of every service
    that meanwhile waits for a sign of life takes the store for dead and drops what it waits for.
    """
    if not units:
        return
    parts = [units[first : first + at_once] for first in range(0, len(units), at_once)]
    reading = eventlet.spawn(read, parts[0])
    done = 0
    for some, following in zip_longest(parts, parts[1:]):
        found = reading.wait()
        if following is not None:
            reading = eventlet.spawn(read, following)
            eventlet.sleep(0)  # it asks before this process computes
        yield some, found
        done += len(some)
        reached(done, len(units))


class _Beside(Generic[P]):
    """What is to take the place of what is shown, until then kept here alone."""

    def __init__(self, source: Anew[P]) -> None:
        self._source = source
        self.documents = source.turning.documents
        self._turns: dict[str, Written[P]] = {}

    def __len__(self) -> int:
        return len(self._turns)

    def compute(self, reached: Reached) -> None:
        self._keep(self._source.all_anew(reached))

    def catch_up(self) -> None:
        """Compute once more what was written since it was met."""
        now = self.documents.versions(list(self._turns))
        moved = [unit for unit, each in self._turns.items() if now.get(unit) != each.met.version]
        for unit in moved:
            del self._turns[unit]
        self._keep(self._source.anew(moved))

    def touch(self) -> None:
        self.documents.touch(list(self._turns.values()))

    def exchange_documents(self) -> None:
        if not self.documents.write(list(self._turns.values())):
            raise Outrun

    def exchange_rows(self, *, certain: bool) -> None:
        self._source.turning.write_rows(list(self._turns.values()), certain=certain)

    def _keep(self, turns: Iterable[Written[P]]) -> None:
        self._turns.update((each.met.standing.unit, each) for each in turns)


class Rebuilding:
    """The whole projection, standings and sheets: readers see all of the old one or all of the new one.

    What is right is not written. Replicas may fold meanwhile: what they wrote since it was met is computed
    once more, and what the switch is in the middle of they try again. Cut short at any time it has changed
    nothing, or is done.
    """

    def __init__(self, database: Store, standings: Anew[Any], sheets: Anew[Any]) -> None:
        self._database = database
        self._standings = standings
        self._sheets = sheets

    def run(self, of_standings: Reached, of_sheets: Reached) -> int:
        """How many documents were not as the ledgers say, and are now.

        Raises ``Unavailable("document.contended")``, with nothing changed, after too many lost races.
        """
        standings, sheets = _Beside(self._standings), _Beside(self._sheets)
        standings.compute(of_standings)
        sheets.compute(of_sheets)
        parts = (standings, sheets)
        for attempt in range(ATTEMPTS):
            if not any(map(len, parts)) or self._switched(parts, again=attempt > 0):
                return sum(map(len, parts))
            time.sleep(random.uniform(0.02, 0.2))
            for part in parts:
                part.catch_up()
        raise Unavailable("document.contended")

    def _switched(self, parts: Sequence[_Beside[Any]], *, again: bool) -> bool:
        def body() -> None:
            # The documents first: from then on it is the others who lose a race, however many rows there are.
            for part in parts:
                part.exchange_documents()
            for part in parts:
                part.exchange_rows(certain=not again)

        for part in parts:
            part.touch()
        try:
            in_transaction(self._database, body, attempts=1, seconds=0)
        except Outrun:
            return False
        except Unavailable as failure:
            if failure.code != "store.contended":
                raise
            return False
        return True
