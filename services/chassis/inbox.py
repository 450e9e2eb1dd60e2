"""What a consumer has already applied: by event id, and by each subject's last sequence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import UTC, datetime, time, timedelta
from enum import Enum

from pymongo import InsertOne, ReplaceOne

from services.chassis.clock import Clock
from services.chassis.envelope import Event
from services.chassis.identity import derived_id
from services.chassis.indexes import Indexes
from services.chassis.store import Record, Records, Store, keep_collection
from services.chassis.transactions import session

# The embedded store compares every document found with every value asked for: short lists are fastest.
_ASKED_AT_ONCE = 20
KEPT_DAYS = 400  # longer than any dead letter waits to be replayed


class Verdict(Enum):
    """What one event is to a consumer that may have met it before."""

    NEW = "new"
    DUPLICATE = "duplicate"
    STALE = "stale"
    GAP = "gap"


class Inbox:
    """The marks of applied events. Call inside the transaction that holds the effect.

    A mark keeps the day, never the instant: it must not tell when an anonymous event was handled.
    """

    def __init__(self, database: Store, clock: Clock) -> None:
        self._marks = database["inbox"]
        self._sequences = database["inbox_sequences"]
        self._clock = clock
        self._database = database

    def declare(self) -> None:
        """The collections, and the one index: marks leave after ``KEPT_DAYS``."""
        keep_collection(self._database, self._sequences.name)
        Indexes(self._database).declare(
            "inbox", "day", expireAfterSeconds=int(timedelta(days=KEPT_DAYS).total_seconds())
        )

    def verdict(self, consumer: str, event: Event, *, ordered: bool = False) -> Verdict:
        """Whether ``consumer`` may apply ``event`` now.

        ``ordered`` judges by the subject's sequence, where the sender keeps one: at most the last applied
        is ``STALE``, more than one above it is a ``GAP`` (which only strict consumers mind).
        """
        if ordered and event.sequence:
            last = self._last(consumer, event)
            if event.sequence <= last:
                return Verdict.STALE
            return Verdict.GAP if event.sequence > last + 1 else Verdict.NEW
        seen = self._marks.find_one({"_id": _mark_id(consumer, event)}, {"_id": 1}, session=session())
        return Verdict.DUPLICATE if seen else Verdict.NEW

    def mark(self, consumer: str, event: Event, *, ordered: bool = False) -> None:
        """Remember that ``consumer`` applied ``event``.

        A second worker on the same event meets a duplicate key or a write conflict, so that only one
        of the two effects commits.
        """
        if not (ordered and event.sequence):
            self._marks.insert_one({"_id": _mark_id(consumer, event), "day": self._day()}, session=session())
            return
        key = _sequence_id(consumer, event)
        before = self._sequences.find_one({"_id": key}, session=session())
        if before is None:
            self._sequences.insert_one({"_id": key, "sequence": event.sequence}, session=session())
        else:
            self._sequences.update_one(
                {"_id": key, "sequence": before["sequence"]},
                {"$set": {"sequence": event.sequence}},
                session=session(),
            )

    def fresh(self, consumer: str, events: Sequence[Event], *, ordered: bool = False) -> list[Event]:
        """Those of ``events`` not applied yet, each once, in their order.

        ``ordered``: of a subject whose sender keeps a sequence, those above the last applied and above each
        other, as if they had been judged one by one.
        """
        numbered = [each for each in events if ordered and each.sequence]
        last = self._lasts({_sequence_id(consumer, each) for each in numbered})
        ids = {_mark_id(consumer, each) for each in events if not (ordered and each.sequence)}
        seen = {each["_id"] for each in self._found(self._marks, ids)}
        taken: list[Event] = []
        for event in events:
            if ordered and event.sequence:
                key = _sequence_id(consumer, event)
                if event.sequence <= last.get(key, 0):
                    continue
                last[key] = event.sequence
            elif (mark := _mark_id(consumer, event)) in seen:
                continue
            else:
                seen.add(mark)
            taken.append(event)
        return taken

    def mark_all(self, consumer: str, events: Sequence[Event], *, ordered: bool = False) -> None:
        """As ``mark``, for events that ``fresh`` let through."""
        last = {_sequence_id(consumer, each): each.sequence for each in events if ordered and each.sequence}
        if last:
            self._sequences.bulk_write(
                [ReplaceOne({"_id": key}, {"sequence": number}, upsert=True) for key, number in last.items()],
                ordered=False,
                session=session(),
            )
        day = self._day()
        marks = [
            InsertOne({"_id": _mark_id(consumer, each), "day": day})
            for each in events
            if not (ordered and each.sequence)
        ]
        if marks:
            self._marks.bulk_write(marks, session=session())

    def _last(self, consumer: str, event: Event) -> int:
        key = _sequence_id(consumer, event)
        return self._lasts({key}).get(key, 0)

    def _lasts(self, keys: Set[str]) -> dict[str, int]:
        return {each["_id"]: int(each["sequence"]) for each in self._found(self._sequences, keys)}

    @staticmethod
    def _found(collection: Records, keys: Set[str]) -> Iterator[Record]:
        wanted = sorted(keys)
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            some = {"$in": wanted[start : start + _ASKED_AT_ONCE]}
            yield from collection.find({"_id": some}, session=session())

    def _day(self) -> datetime:
        return datetime.combine(self._clock.today(), time(), UTC)


def _mark_id(consumer: str, event: Event) -> str:
    # Ids are unique per source only, and both may be long: the key is not.
    return derived_id(consumer, event.source, event.id)


def _sequence_id(consumer: str, event: Event) -> str:
    return derived_id(consumer, event.source, event.subject)
