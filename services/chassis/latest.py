"""Documents that each keep the newest word on one thing, however often and in whatever order words come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from pymongo.errors import BulkWriteError

from services.chassis.said import Word
from services.chassis.store import Records, answering, is_duplicate, plain
from services.chassis.transactions import session

ASKED_AT_ONCE = 50


class Latest:
    """One collection of such documents; other fields of theirs are left alone.

    What is not newer than what is kept is ignored, so that no inbox is needed; of several words on one thing
    the newest counts, and of those without a sequence the last.
    """

    def __init__(self, collection: Records) -> None:
        self._documents = collection

    def apply(self, words: Iterable[Word]) -> list[Word]:
        """Keep what is news, many at once, and answer with it.

        In a transaction, if another process was faster, the transaction is lost: the events come again.
        """
        newest: dict[str, Word] = {}
        for each in words:
            before = newest.get(each.id)
            if before is None or not each.sequence or each.sequence > before.sequence:
                newest[each.id] = each
        news: list[Word] = []
        waiting = list(newest.values())
        while waiting:
            known = self._sequences([each.id for each in waiting])
            newer = [
                each
                for each in waiting
                if each.id not in known or not each.sequence or each.sequence > known[each.id]
            ]
            outrun = self._write(newer, known)
            waiting = [each for each in newer if each.id in outrun]
            news += [each for each in newer if each.id not in outrun]
        return news

    def _sequences(self, ids: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for first in range(0, len(ids), ASKED_AT_ONCE):
            asked = {"_id": {"$in": list(ids[first : first + ASKED_AT_ONCE])}}
            with answering():
                for each in self._documents.find(asked, {"sequence": 1}, session=session()):
                    found[each["_id"]] = each.get("sequence", 0)
        return found

    def _write(self, newer: Sequence[Word], known: Mapping[str, int]) -> Collection[str]:
        """Write ``newer`` over what is ``known``; those for which another process was faster."""
        outrun: set[str] = set()
        fresh = [
            {"_id": each.id, **plain({**each.state, "sequence": each.sequence})}
            for each in newer
            if each.id not in known
        ]
        with answering():
            try:
                if fresh:
                    self._documents.insert_many(fresh, ordered=False, session=session())
            except BulkWriteError as partly:
                if not is_duplicate(partly) or session() is not None:
                    raise
                outrun |= {fresh[failure["index"]]["_id"] for failure in partly.details["writeErrors"]}
            for each in newer:
                before = known.get(each.id)
                if before is None:
                    continue
                written = plain({**each.state, "sequence": max(each.sequence, before)})
                guard = {"_id": each.id, "sequence": before or {"$in": [0, None]}}
                if not self._documents.update_one(guard, {"$set": written}, session=session()).matched_count:
                    outrun.add(each.id)
        return outrun
