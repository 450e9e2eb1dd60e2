"""Files on their way in: received in parts, kept sealed for a day at most, then forgotten."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bson.binary import Binary
from pymongo.errors import DuplicateKeyError

from services.chassis.commands import id_for_command
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.files.limits import MOST_PART_BYTES, MOST_UPLOAD_BYTES
from services.chassis.indexes import Indexes
from services.chassis.store import Record, Store, answering
from services.chassis.transactions import session
from services.chassis.vault import Vault

KEPT = timedelta(days=1)
MOST_OPEN = 50


@dataclass(frozen=True)
class Upload:
    """An upload as far as it has come. ``taken_by`` is the job or the file that it became."""

    id: str
    filename: str
    size: int
    taken_by: str | None = None


class Uploads:
    """Uploads belong to whoever began them; for everybody else there are none.

    A roster names people with their telephone numbers, so parts are sealed, each in its own place. Once
    they are taken over only their sizes and fingerprints stay for the day, by which a command that repeats
    is known.
    """

    def __init__(self, database: Store, vault: Vault) -> None:
        self._vault = vault
        self._uploads = database["uploads"]
        self._parts = database["upload_parts"]
        indexes = Indexes(database)
        for collection in ("uploads", "upload_parts"):
            indexes.declare(collection, "begun_at", expireAfterSeconds=int(KEPT.total_seconds()))
        indexes.declare("uploads", [("owner", 1), ("taken_by", 1)])
        indexes.declare("upload_parts", [("upload", 1), ("part", 1)])

    def begin(self, owner: str, filename: str) -> Upload:
        """A new upload; the same command again gets the same one.

        Raises ``Conflict("upload.too_many_open")`` where ``MOST_OPEN`` of ``owner`` became nothing yet.
        """
        upload = id_for_command("uploads")
        begun: Record = {
            "_id": upload,
            "owner": owner,
            "filename": filename,
            "taken_by": None,
            "begun_at": _instant(),
        }
        with answering():
            waiting = self._uploads.find({"owner": owner, "taken_by": None}, {"_id": 1}, limit=MOST_OPEN)
            open_ones = {each["_id"] for each in waiting}
            if len(open_ones) == MOST_OPEN and upload not in open_ones:
                raise Conflict("upload.too_many_open", params={"most": MOST_OPEN})
            try:
                self._uploads.insert_one(begun)
            except DuplicateKeyError:
                return self.view(upload, owner)
        return Upload(upload, filename, 0)

    def append(self, upload: str, owner: str, part: int, content: str) -> Upload:
        """Keep one part (base64). The same part again changes nothing; another one in its place is refused.

        Once the upload was taken nothing is kept any more. Raises ``Invalid``: ``upload.not_base64``,
        ``upload.part_too_large``, ``upload.too_large``; ``Conflict("upload.part_differs")``.
        """
        received, place = _decoded(content), f"{upload}:{part}"
        before = self.view(upload, owner)
        fingerprint = self._vault.fingerprint(place, hashlib.sha256(received).hexdigest())
        with answering():
            known = self._parts.find_one({"_id": place}, {"fingerprint": 1})
        if known is not None:
            if known["fingerprint"] != fingerprint:
                raise Conflict("upload.part_differs")
            return before
        if before.taken_by is not None:
            raise Conflict("upload.part_differs")
        if before.size + len(received) > MOST_UPLOAD_BYTES:
            raise Invalid("upload.too_large", params={"most": MOST_UPLOAD_BYTES})
        kept: Record = {
            "_id": place,
            "upload": upload,
            "part": part,
            "size": len(received),
            "fingerprint": fingerprint,
            "sealed": Binary(self._vault.seal_bytes(place, received)),
            "begun_at": _instant(),
        }
        with answering():
            try:
                self._parts.insert_one(kept)
            except DuplicateKeyError:
                raise Conflict("upload.part_differs") from None
        return replace(before, size=before.size + len(received))

    def view(self, upload: str, owner: str) -> Upload:
        """The upload; raises ``NotFound("uploads.not_found")``."""
        with answering():
            found = self._uploads.find_one({"_id": upload, "owner": owner})
            if found is None:
                raise NotFound("uploads.not_found")
            sizes = self._parts.find({"upload": upload}, {"size": 1})
            size = sum(each["size"] for each in sizes)
        return Upload(upload, found["filename"], size, found["taken_by"])

    def require_whole(self, upload: str, owner: str) -> None:
        """Raises ``Invalid`` with ``upload.empty`` or ``upload.part_missing``."""
        self.view(upload, owner)
        with answering():
            parts = sorted(each["part"] for each in self._parts.find({"upload": upload}, {"part": 1}))
        if not parts:
            raise Invalid("upload.empty")
        if parts != list(range(len(parts))):
            raise Invalid("upload.part_missing")

    def content(self, upload: str) -> bytes:
        """The whole file, in memory alone; raises ``NotFound("uploads.not_found")`` where its day is over."""
        with answering():
            parts = list(
                self._parts.find({"upload": upload, "sealed": {"$exists": True}}, sort=[("part", 1)])
            )
        if not parts:
            raise NotFound("uploads.not_found")
        return b"".join(self._vault.open_bytes(each["_id"], each["sealed"]) for each in parts)

    def hand_over(self, upload: str, taken_by: str) -> None:
        """From now on the upload is what the job or the file ``taken_by`` makes of it.

        Within a transaction it commits with it.
        """
        with answering():
            self._uploads.update_one({"_id": upload}, {"$set": {"taken_by": taken_by}}, session=session())

    def forget(self, owner: str, taken_by: str) -> None:
        """Forget that ``owner`` sent what became ``taken_by``; within the caller's transaction."""
        with answering():
            for each in self._uploads.find(
                {"owner": owner, "taken_by": taken_by}, {"_id": 1}, session=session()
            ):
                self._parts.delete_many({"upload": each["_id"]}, session=session())
                self._uploads.delete_one({"_id": each["_id"]}, session=session())

    def remove(self, upload: str) -> None:
        """Forget the content; that these parts were received is known until their day is over."""
        with answering():
            self._parts.update_many({"upload": upload}, {"$unset": {"sealed": ""}})


def _decoded(content: str) -> bytes:
    try:
        received = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid.at("content", "upload.not_base64") from None
    if len(received) > MOST_PART_BYTES:
        raise Invalid.at("content", "upload.part_too_large", most=MOST_PART_BYTES)
    return received


def _instant() -> datetime:
    # By the machine's clock and not the platform's: the store deletes by its own.
    return datetime.now(UTC)
