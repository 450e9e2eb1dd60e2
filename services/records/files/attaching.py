"""Files that a document keeps: claimed, and let go, in one commit with the change that says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from services.chassis.documents import Document, Documents
from services.chassis.store import Store, in_transaction
from services.records.files.kept import Files

Answer = dict[str, Any]


class Attaching:
    """The files of the documents of one kind; ``held`` are the ids that a document keeps, old ones too."""

    def __init__(
        self,
        database: Store,
        files: Files,
        documents: Documents,
        holder: str,
        held: Callable[[Document], set[str]],
    ) -> None:
        self._database = database
        self._files = files
        self._documents = documents
        self._holder = holder
        self._held = held

    def written(
        self, subject: str, wanted: Sequence[str], write: Callable[[list[Answer]], Document]
    ) -> Document:
        """What ``write`` makes of the document with the files ``wanted``, as they are kept: both or neither.

        Without files before and after it is the one write that ``write`` makes.
        """
        known = self._documents.find_one({"_id": subject})
        if not wanted and (known is None or not self._held(known)):
            return write([])

        def commit() -> Document:
            known = self._documents.find_one({"_id": subject})
            repeated = self._documents.repeated(subject) if known else None
            if repeated is not None:
                return repeated
            written = write(self._files.claim(wanted, self._holder, subject))
            left = self._held(known) - self._held(written) if known else set()
            self._files.release(left, self._holder, subject)
            return written

        return in_transaction(self._database, commit)


def ids(attached: Sequence[Answer]) -> set[str]:
    """The ids of files as they are kept in a document."""
    return {each["file"] for each in attached}
