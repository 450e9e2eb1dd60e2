"""Files on their way to an import: received in parts, kept for a day at most, removed when taken over."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from bson.binary import Binary
from pymongo.errors import DuplicateKeyError

from services.chassis.clock import Clock
from services.chassis.documents import id_for_command
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.store import Indexes, Record, Store, answering
from services.contracts.records_rpc import MOST_PART_BYTES, MOST_UPLOAD_BYTES

KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Upload:
    """An upload as far as it has come."""

    id: str
    size: int


class Uploads:
    """Uploads belong to whoever began them; for everybody else there are none."""

    def __init__(self, database: Store, clock: Clock) -> None:
        self._uploads = database["uploads"]
        self._parts = database["upload_parts"]
        self._clock = clock
        indexes = Indexes(database)
        for collection in ("uploads", "upload_parts"):
            indexes.declare(collection, "begun_at", expireAfterSeconds=int(KEPT.total_seconds()))
        indexes.declare("upload_parts", [("upload", 1), ("part", 1)])

    def begin(self, owner: str, filename: str) -> Upload:
        """A new upload; the same command again gets the same one."""
        upload = id_for_command("uploads")
        begun: Record = {"_id": upload, "owner": owner, "filename": filename, "begun_at": self._clock.now()}
        with answering():
            try:
                self._uploads.insert_one(begun)
            except DuplicateKeyError:
                return self.view(upload, owner)
        return Upload(upload, 0)

    def append(self, upload: str, owner: str, part: int, content: str) -> Upload:
        """Keep one part (base64). The same part again changes nothing; another one in its place is refused.

        Raises ``Invalid``: ``upload.not_base64``, ``upload.part_too_large``, ``upload.too_large``;
        ``Conflict("upload.part_differs")``.
        """
        received = _decoded(content)
        before = self.view(upload, owner)
        with answering():
            known = self._parts.find_one({"_id": f"{upload}:{part}"})
        if known is not None:
            if bytes(known["content"]) != received:
                raise Conflict("upload.part_differs")
            return before
        if before.size + len(received) > MOST_UPLOAD_BYTES:
            raise Invalid("upload.too_large")
        kept: Record = {
            "_id": f"{upload}:{part}",
            "upload": upload,
            "part": part,
            "size": len(received),
            "content": Binary(received),
            "begun_at": self._clock.now(),
        }
        with answering():
            try:
                self._parts.insert_one(kept)
            except DuplicateKeyError:
                raise Conflict("upload.part_differs") from None
        return Upload(upload, before.size + len(received))

    def view(self, upload: str, owner: str) -> Upload:
        """The upload; raises ``NotFound("uploads.not_found")``."""
        with answering():
            found = self._uploads.find_one({"_id": upload, "owner": owner})
            if found is None:
                raise NotFound("uploads.not_found")
            sizes = self._parts.find({"upload": upload}, {"size": 1})
            return Upload(upload, sum(each["size"] for each in sizes))

    def require_whole(self, upload: str, owner: str) -> None:
        """Raises ``Invalid`` with ``upload.empty`` or ``upload.part_missing``."""
        self.view(upload, owner)
        with answering():
            parts = sorted(each["part"] for each in self._parts.find({"upload": upload}, {"part": 1}))
        if not parts:
            raise Invalid("upload.empty")
        if parts != list(range(len(parts))):
            raise Invalid("upload.part_missing")

    @contextmanager
    def as_file(self, upload: str) -> Iterator[Path]:
        """The content as a file of this process's own, gone after the block.

        Raises ``NotFound("uploads.not_found")`` where its day is over.
        """
        with NamedTemporaryFile(prefix="jishi-import-") as file:
            with answering():
                for each in self._parts.find({"upload": upload}, sort=[("part", 1)]):
                    file.write(each["content"])
            if not file.tell():
                raise NotFound("uploads.not_found")
            file.flush()
            yield Path(file.name)

    def job_of(self, upload: str, owner: str) -> str | None:
        """The job that takes the upload over, if one was started; raises as ``view``."""
        with answering():
            found = self._uploads.find_one({"_id": upload, "owner": owner})
        if found is None:
            raise NotFound("uploads.not_found")
        job: str | None = found.get("job")
        return job

    def hand_over(self, upload: str, job: str) -> None:
        """From now on ``job`` takes the upload over."""
        with answering():
            self._uploads.update_one({"_id": upload}, {"$set": {"job": job}})

    def remove(self, upload: str) -> None:
        """Forget the content: it holds what is now in the records, phone numbers unsealed."""
        with answering():
            self._parts.delete_many({"upload": upload})


def _decoded(content: str) -> bytes:
    try:
        received = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("upload.not_base64", fields={"content": ["upload.not_base64"]}) from None
    if len(received) > MOST_PART_BYTES:
        raise Invalid("upload.part_too_large", fields={"content": ["upload.part_too_large"]})
    return received
