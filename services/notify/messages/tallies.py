"""How many messages about one thing are in each state, kept as they change and not counted at each look."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass

from services.chassis.errors import Contended
from services.chassis.identity import new_id
from services.chassis.indexes import Indexes
from services.chassis.store import Record, Store, answering
from services.chassis.transactions import in_transaction, session
from services.notify.messages.model import Purpose, State

MOST_ROWS = 200  # read at one look; more are summed up by whoever meets them


@dataclass(frozen=True)
class Move:
    """One message that came from ``before``, or was made where that is None, to ``after``."""

    purpose: Purpose
    before: State | None
    after: State


class Tallies:
    """For each thing that messages of certain ``kinds`` are about, rows of how many came and went by state.

    Each transaction that changes such messages adds a row of its own, so that no two of them meet in one
    document, and what is run again or rolled back is counted as often as it is true: once, or not at all.
    The sum of the rows is what reading all of the messages would count.
    """

    def __init__(self, database: Store, kinds: Collection[str]) -> None:
        self._database = database
        self._rows = database["tallies"]
        self._kinds = frozenset(kinds)

    def declare(self) -> None:
        """The index by which the rows of one thing are found."""
        Indexes(self._database).declare("tallies", "about")

    def counts(self, purpose: Purpose) -> bool:
        """Whether messages for this are counted."""
        return purpose.kind in self._kinds and purpose.watch is not None

    def keep(self, moves: Iterable[Move]) -> None:
        """Count ``moves`` with what the running transaction writes; those of other kinds are passed over."""
        counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for each in moves:
            if each.before is each.after or not self.counts(each.purpose):
                continue
            counts = counted[str(each.purpose.watch)]
            counts[str(each.after)] += 1
            if each.before is not None:
                counts[str(each.before)] -= 1
        rows = [_row(about, counts) for about, counts in counted.items()]
        if rows:
            if session() is None:
                raise RuntimeError("messages are counted within the transaction that changes them")
            self._rows.insert_many(rows, session=session())

    def of(self, about: str) -> Counter[str]:
        """How many messages are in each state in which there are any."""
        # In a transaction, since somebody may sum up meanwhile: never a row and the sum that it is part of.
        rows = in_transaction(self._database, lambda: self._read(about))
        if len(rows) > MOST_ROWS:
            # It is no matter for who looks: whoever else sums up at the same moment does it for both.
            with suppress(Contended):
                in_transaction(self._database, lambda: self._sum_up(about), attempts=1, seconds=0)
        return _sum(rows)

    def _read(self, about: str) -> list[Record]:
        with answering():
            return list(self._rows.find({"about": about}, session=session()))

    def _sum_up(self, about: str) -> None:
        rows = self._read(about)
        with answering():
            # Not by their ids: of a thousand named the embedded store took two seconds and a half, not 0.2.
            gone = self._rows.delete_many({"about": about}, session=session())
            if gone.deleted_count != len(rows):
                raise Contended("tallies.contended")
            self._rows.insert_one(_row(about, _sum(rows)), session=session())


def _row(about: str, counts: Counter[str]) -> Record:
    return {"_id": new_id(), "about": about, "counts": {state: n for state, n in counts.items() if n}}


def _sum(rows: Iterable[Record]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in rows:
        total.update(each["counts"])  # adds, also what is below nought
    return Counter({state: count for state, count in total.items() if count})
