"""Files that a document keeps: claimed, and let go, in one commit with the change that says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.chassis.contract import Change
from services.chassis.documents import Document, Documents
from services.chassis.files.kept import Files
from services.chassis.store import Store
from services.chassis.transactions import in_transaction

Answer = dict[str, Any]
Decide = Callable[[Answer, list[Answer]], Change | None]


class _HoldsFiles(Exception):
    """The state that was met keeps files: it is changed together with them."""


class Attaching:
    """The files of the documents of one kind; ``held`` are the ids that a state keeps, old ones too.

    Both are done or neither: what is claimed stands in the document, and what the document holds no more is
    its sender's again. That is decided on the very state that is changed, whatever was written meanwhile.
    Without files before and after it is one write; with them, a transaction.
    """

    def __init__(
        self,
        database: Store,
        files: Files,
        documents: Documents,
        holder: str,
        held: Callable[[Mapping[str, Any]], set[str]],
    ) -> None:
        self._database = database
        self._files = files
        self._documents = documents
        self._holder = holder
        self._held = held

    def created(
        self,
        subject: str,
        wanted: Sequence[str],
        make: Callable[[list[Answer]], Change],
        respond: Callable[[Document], Answer],
        *,
        nameless: bool = False,
    ) -> Document:
        """The new document that ``make`` makes with the files ``wanted``, as they are kept.

        ``nameless``: as ``Files.claim`` takes it.
        Repeated by the same command it answers the same, and ``make`` is not asked. Raises what ``make``
        does, ``Files.claim`` and ``Documents.create``.
        """

        def commit() -> Document:
            repeated = self._documents.repeated(subject)
            if repeated is not None:
                return repeated
            change = make(self._claimed(wanted, subject, nameless))
            return self._documents.create(subject, change.state, change.events, respond=respond)

        return in_transaction(self._database, commit) if wanted else commit()

    def _claimed(self, wanted: Sequence[str], subject: str, nameless: bool) -> list[Answer]:
        return self._files.claim(wanted, self._holder, subject, nameless=nameless) if wanted else []

    def changed(
        self,
        subject: str,
        wanted: Sequence[str],
        decide: Decide,
        *,
        expected_version: int | None,
        respond: Callable[[Document], Answer],
    ) -> Document:
        """What ``decide`` makes of the state and of the files ``wanted``, as they are kept.

        Raises what ``decide`` does, ``Files.claim`` and ``Documents.change``.
        """

        def write(attached: Callable[[Answer], list[Answer]]) -> Document:
            return self._documents.change(
                subject,
                lambda state: decide(state, attached(state)),
                expected_version=expected_version,
                respond=respond,
            )

        def none_kept(state: Answer) -> list[Answer]:
            if self._held(state):
                raise _HoldsFiles
            return []

        def commit() -> Document:
            repeated = self._documents.repeated(subject)
            if repeated is not None:
                return repeated
            claimed = self._files.claim(wanted, self._holder, subject)
            before: set[str] = set()

            def met(state: Answer) -> list[Answer]:
                before.update(self._held(state))
                return claimed

            written = write(met)
            self._files.release(before - self._held(written.state), self._holder, subject)
            return written

        if not wanted:
            try:
                return write(none_kept)
            except _HoldsFiles:
                pass  # by now, whatever it was when the caller looked
        return in_transaction(self._database, commit)


def ids(attached: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ids of files as they are kept in a document."""
    return {each["file"] for each in attached}
