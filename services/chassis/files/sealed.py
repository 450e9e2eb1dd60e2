"""How a file lies in the store: one document that says what it is, and its content in sealed parts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from bson.binary import Binary
from pymongo.errors import DuplicateKeyError

from services.chassis.application import Application
from services.chassis.errors import NotFound
from services.chassis.files.parts import cut
from services.chassis.store import Record, answering
from services.chassis.transactions import session

UNCLAIMED = timedelta(days=1)
SWEPT_AT_ONCE = 100


class SealedFiles:
    """Each part is sealed in its own place. Only what was written as a whole counts as a file.

    What expires is forgotten content first, so that nothing is left of it whenever that is cut short.
    """

    def __init__(self, application: Application) -> None:
        self._vault = application.vault
        self._clock = application.clock
        self.documents = application.database["files"]
        self._parts = application.database["file_parts"]
        application.indexes.declare("files", "expires_at", sparse=True)
        application.indexes.declare("files", [("owner", 1), ("holder_id", 1)])
        application.indexes.declare("file_parts", "file")

    def known(self, file: str) -> Record | None:
        """What the file is; None where there is none, or not as a whole."""
        with answering():
            return self.documents.find_one({"_id": file, "whole": True, "going": None}, session=session())

    def write(
        self, file: str, described: Record, chunks: Iterable[bytes], *, expires_after: timedelta | None
    ) -> Record:
        """Known first, then its parts, then whole: what a crash cuts short expires like the unclaimed."""
        now = self._clock.now()
        known: Record = {
            "_id": file,
            "holder_kind": None,
            "holder_id": None,
            **described,
            "whole": False,
            "expires_at": now + UNCLAIMED,
        }
        size, parts, hashed = 0, 0, hashlib.sha256()
        with answering():
            _once(self.documents, known)
            for parts, chunk in enumerate(cut(chunks), 1):
                place = f"{file}:{parts - 1}"
                sealed = Binary(self._vault.seal_bytes(place, chunk))
                _once(self._parts, {"_id": place, "file": file, "sealed": sealed})
                hashed.update(chunk)
                size += len(chunk)
            whole: Record = {"whole": True, "size": size, "sha256": hashed.hexdigest(), "parts": parts}
            written: Record = {"$set": whole}
            if expires_after is None:
                written["$unset"] = {"expires_at": ""}
            else:
                whole["expires_at"] = now + expires_after
            self.documents.update_one({"_id": file, "whole": False}, written)
        return {**known, **whole}

    def part(self, file: str, part: int) -> bytes:
        """One part of the content; raises ``NotFound("files.not_found")``."""
        place = f"{file}:{part}"
        with answering():
            found = self._parts.find_one({"_id": place})
        if found is None:
            raise NotFound("files.not_found")
        return self._vault.open_bytes(place, found["sealed"])

    def content(self, file: str) -> Iterator[bytes]:
        """The content in parts; raises ``NotFound("files.not_found")``."""
        found = self.known(file)
        if found is None:
            raise NotFound("files.not_found")
        for part in range(found["parts"]):
            yield self.part(file, part)

    def sweep(self) -> None:
        """Forget what expired. May be cut short, and run again and beside itself."""
        due = {"expires_at": {"$lte": self._clock.now()}}
        while expired := list(self.documents.find(due, {"_id": 1}, limit=SWEPT_AT_ONCE)):
            for each in expired:
                self.forget({"_id": each["_id"], **due})

    def forget(self, file: Record) -> None:
        """Forget the file that this filter finds."""
        # Marked first: a claim that comes now is told that there is no such file.
        with answering():
            if self.documents.update_one(file, {"$set": {"going": True}}).matched_count:
                self._parts.delete_many({"file": file["_id"]})
                self.documents.delete_one({"_id": file["_id"]})


def _once(collection: Any, document: Record) -> None:
    """Insert, or leave what a command that is repeated wrote before."""
    try:
        collection.insert_one(document)
    except DuplicateKeyError:
        return
