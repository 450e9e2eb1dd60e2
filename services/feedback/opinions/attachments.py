"""Attachments of opinions: whose they are read by, and those that are sent without a name."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.context import Context
from services.chassis.documents import Document
from services.chassis.errors import Invalid, NotFound
from services.chassis.files import model as kinds
from services.chassis.files.attaching import ids
from services.chassis.files.kept import Files, looked_into
from services.chassis.files.sealed import UNCLAIMED
from services.chassis.identity import derived_id, timeless_id
from services.chassis.transactions import in_transaction
from services.contracts.feedback_rpc.opinions import MOST_BYTES_WITHOUT_NAME
from services.feedback.opinions import dialogue, store
from services.feedback.opinions.model import Opinion
from services.feedback.opinions.reading import OpinionReading
from services.feedback.opinions.rulebook import Rulebook
from services.feedback.opinions.showing import Showing

Answered = dict[str, Any]
HOLDER = "opinion"


class Attachments:
    """A file is read by whoever reads what it is attached to. What came without a name keeps none.

    A store gives files back in the order in which they came, as it does opinions: so those without a name
    are written anew when their batch is released, under ids that say nothing.
    """

    def __init__(
        self,
        application: Application,
        files: Files,
        reading: OpinionReading,
        book: Rulebook,
        showing: Showing,
    ) -> None:
        self._database = application.database
        self._clock = application.clock
        self._files = files
        self._reading = reading
        self._documents = reading.documents
        self._book = book
        self._showing = showing
        files.guard(HOLDER, self._require_readable, audited=self._is_by_another)

    def by_receipt(self, code: str, filename: str, content: str) -> Answered:
        """Attach one file (base64) to what was said without a name; it waits for the next batch.

        The same content again changes nothing. Raises ``Invalid``: ``upload.not_base64``,
        ``upload.unknown_kind``, ``upload.too_many_pixels``, ``file.tells_its_author`` for a kind that cannot
        be stripped; ``Conflict("opinion.attachments_full")``; ``NotFound`` as ``OpinionReading.followed``.
        """
        found = self._reading.followed(code)
        with context.entered(Context()):
            media_type, kept = _stripped(filename, content)
            file = {
                "file": derived_id("file of an opinion", found.id, hashlib.sha256(kept).hexdigest()),
                "name": kinds.numbered(dialogue.next_number(store.read(found)), media_type),
                "media_type": media_type,
                "size": len(kept),
                "sha256": hashlib.sha256(kept).hexdigest(),
            }
            rule = partial(dialogue.attach, file=file, today=self._clock.today(), bounds=self._book.bounds())
            if rule(store.read(found))[0] == store.read(found):
                return self._showing.to_author(found)
            self._store(file, kept, found.id)

            def commit() -> Document:
                changed = self._documents.change(
                    found.id, store.decided_by(found.id, rule), anonymous=True, unseen=True
                )
                self._files.settle([file["file"]], HOLDER, found.id)
                return changed

            return self._showing.to_author(in_transaction(self._database, commit))

    def copies(self, opinion: str, files: Sequence[Mapping[str, Any]]) -> dict[str, Answered]:
        """What is attached, written anew, by the ids that it had; not settled it is forgotten in a day."""
        found: dict[str, Answered] = {}
        for each in files:
            copy = {**each, "file": timeless_id()}
            try:
                content = b"".join(self._files.content(each["file"]))
            except NotFound:
                continue  # another replica has released it meanwhile
            self._store(copy, content, opinion)
            found[each["file"]] = copy
        return found

    def exchange(self, opinion: Opinion, copies: Mapping[str, Answered]) -> None:
        """Let go what was copied for the copies that ``opinion`` holds; within its transaction."""
        self._files.settle(ids(opinion.attachments) & ids([*copies.values()]), HOLDER, opinion.id)
        self._files.release(copies, HOLDER, opinion.id)

    def forget(self, files: Mapping[str, Answered]) -> None:
        """Forget what nothing holds any more; what a crash leaves is swept within a day."""
        for each in files:
            self._files.forget(each)

    def _store(self, file: Mapping[str, Any], content: bytes, opinion: str) -> None:
        self._files.store(
            file["name"],
            file["media_type"],
            [content],
            HOLDER,
            opinion,
            forget_after=UNCLAIMED,
            file=file["file"],
        )

    def _require_readable(self, opinion: str) -> None:
        self._reading.readable(context.actor(), opinion)

    def _is_by_another(self, opinion: str) -> bool:
        said: Opinion = store.read(self._documents.get(opinion))
        return said.author is not None and said.author != context.actor()


def _stripped(filename: str, content: str) -> tuple[str, bytes]:
    try:
        received = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("upload.not_base64", fields={"content": ["upload.not_base64"]}) from None
    if not received:
        raise Invalid("upload.empty", fields={"content": ["upload.empty"]})
    if len(received) > MOST_BYTES_WITHOUT_NAME:
        code = "opinion.attachment_too_large"
        raise Invalid(code, params={"most": MOST_BYTES_WITHOUT_NAME // 1024}, fields={"content": [code]})
    name = kinds.cleaned(filename)
    if kinds.extension_of(name) not in kinds.STRIPPED:
        code = "file.tells_its_author"
        raise Invalid(code, params={"accepted": ", ".join(kinds.STRIPPED)}, fields={"file": [code]})
    return looked_into(name, received)
