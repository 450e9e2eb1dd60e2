"""Who has drawn, kept without any order: in which order people draw is near to that in which they speak."""

from __future__ import annotations

import random
import time

from pymongo.errors import BulkWriteError

from services.chassis.errors import Unavailable
from services.chassis.identity import derived_id
from services.chassis.store import Record, Store, answering, is_duplicate

PAGES = 64
_ATTEMPTS = 20


class Books:
    """One book for each key: who drew, on which digest. Its pages are all there from the first day.

    A store gives documents back in the order in which they were written, and fields in the order in which
    they were added. So a draw changes a page that is there, and writes its lines sorted by what is random.
    """

    def __init__(self, database: Store) -> None:
        self._books = database["ticket_books"]

    def open(self, key: str) -> None:
        """Lay out the empty pages of a key; those that are there stay."""
        pages: list[Record] = [{"_id": _page(key, at), "draws": 0, "drawn": {}} for at in range(PAGES)]
        with answering():
            try:
                self._books.insert_many(pages, ordered=False)
            except BulkWriteError as partly:
                if not is_duplicate(partly):
                    raise

    def drawn(self, key: str, person: str) -> str | None:
        """The digest on which ``person`` drew; None where they did not."""
        page, line = _place(key, person)
        with answering():
            found = self._books.find_one({"_id": page})
        return found["drawn"].get(line) if found else None

    def note(self, key: str, person: str, digest: str) -> str:
        """Write that ``person`` drew on ``digest``; what stands there now, which is the first one."""
        page, line = _place(key, person)
        for _ in range(_ATTEMPTS):
            with answering():
                found = self._books.find_one({"_id": page})
                if found is None:
                    raise Unavailable("store.unavailable")
                if line in found["drawn"]:
                    return str(found["drawn"][line])
                drawn = dict(sorted({**found["drawn"], line: digest}.items()))
                guard = {"_id": page, "draws": found["draws"]}
                changed = {"$set": {"drawn": drawn, "draws": found["draws"] + 1}}
                if self._books.update_one(guard, changed).matched_count:
                    return digest
            time.sleep(random.uniform(0, 0.01))
        raise Unavailable("document.contended")


def _place(key: str, person: str) -> tuple[str, str]:
    line = derived_id("ticket book", key, person)
    return _page(key, int(line[:8], 16) % PAGES), line


def _page(key: str, number: int) -> str:
    return f"{key}:{number:02}"
