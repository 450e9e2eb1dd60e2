"""Where files are kept, whose they are and who may read them. What a file may be is decided elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bson.binary import Binary
from pymongo.errors import DuplicateKeyError

from services.chassis import context
from services.chassis.application import Application
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.files import model as rules
from services.chassis.files.limits import MOST_PART_BYTES
from services.chassis.files.uploads import Upload, Uploads
from services.chassis.identity import derived_id, new_id
from services.chassis.offload import offload
from services.chassis.store import Record, answering, session

Answer = dict[str, Any]

UNCLAIMED = timedelta(days=1)
MOST_UNCLAIMED = 50
SWEPT_AT_ONCE = 100
LOOKING_SECONDS = 25.0
_SHOWN = ("name", "media_type", "size", "sha256")


@dataclass(frozen=True)
class _Guard:
    require_readable: Callable[[str], object]
    audited: Callable[[str], bool]
    under: Callable[[str], tuple[str, str]]


class Files:
    """Files belong to whoever sent them until a command claims them; then they are read with what holds them.

    The content is sealed, part by part, each in its own place. What nobody claimed within a day is forgotten,
    content first, so that nothing is left of it whenever the sweep is cut short.
    """

    def __init__(
        self, application: Application, uploads: Uploads, require_sender: Callable[[str], object]
    ) -> None:
        """``require_sender`` raises ``Forbidden`` for a person who may send nothing."""
        self._vault = application.vault
        self._audit = application.audit
        self._clock = application.clock
        self._uploads = uploads
        self._require_sender = require_sender
        self._files = application.database["files"]
        self._parts = application.database["file_parts"]
        self._guards: dict[str, _Guard] = {}
        application.indexes.declare("files", "expires_at", sparse=True)
        application.indexes.declare("files", [("owner", 1), ("holder_id", 1)])
        application.indexes.declare("file_parts", "file")

    def guard(
        self,
        holder_kind: str,
        require_readable: Callable[[str], object],
        *,
        audited: bool | Callable[[str], bool] = False,
        under: Callable[[str], tuple[str, str]] | None = None,
    ) -> None:
        """Files held by a ``holder_kind`` are read by whom ``require_readable(holder_id)`` lets pass.

        It raises ``NotFound`` for everybody else. ``audited``, or what it says of one holder: what is held
        concerns a person, and who opens its files enters the audit chain: under the holder, or the kind
        and id that ``under`` gives for it.
        """
        says = audited if callable(audited) else lambda _: bool(audited)
        names = under or (lambda holder: (holder_kind, holder))
        self._guards[holder_kind] = _Guard(require_readable, says, names)

    # -- coming in -----------------------------------------------------------------------------

    def begin(self, filename: str) -> Upload:
        """Open the caller's upload of a file. Raises ``Invalid("upload.unknown_kind")`` by the name alone."""
        actor = context.actor()
        self._require_sender(actor)
        name = rules.cleaned(filename)
        rules.extension_of(name)
        return self._uploads.begin(actor, name)

    def keep(self, upload: str) -> Answer:
        """The caller's upload as a file, looked into; the same upload is the same file.

        Raises ``Invalid``: ``upload.empty``, ``upload.part_missing``, ``upload.unknown_kind``,
        ``upload.too_many_pixels``; ``Conflict("files.too_many_unclaimed")``.
        """
        actor = context.actor()
        begun = self._uploads.view(upload, actor)
        if begun.taken_by is not None:
            return shown(self._readable(begun.taken_by))
        self._uploads.require_whole(upload, actor)
        self._require_room(actor)
        content = self._uploads.content(upload)
        argument = {"name": begun.filename, "content": base64.b64encode(content).decode()}
        found = offload("services.chassis.files.inspection:inspect", argument, timeout=LOOKING_SECONDS)
        if found["content"] is not None:
            content = base64.b64decode(found["content"])
        file = derived_id("files", upload)
        kept = self._write(
            file,
            {"name": begun.filename, "media_type": found["media_type"], "owner": actor},
            _cut(content),
            expires_after=UNCLAIMED,
        )
        self._uploads.hand_over(upload, file)
        self._uploads.remove(upload)
        return shown(kept)

    def store(
        self,
        name: str,
        media_type: str,
        chunks: Iterable[bytes],
        holder_kind: str,
        holder_id: str,
        *,
        forget_after: timedelta | None = None,
    ) -> Answer:
        """Keep what the service itself made, for its holder; forgotten after ``forget_after``, else never.

        Cut short by a crash it leaves nothing for longer than a day.
        """
        held = {"owner": None, "holder_kind": holder_kind, "holder_id": holder_id}
        described = {"name": rules.cleaned(name), "media_type": media_type, **held}
        return shown(self._write(new_id(), described, _cut_again(chunks), expires_after=forget_after))

    def claim(self, files: Sequence[str], holder_kind: str, holder_id: str) -> list[Answer]:
        """From now on ``files`` are this holder's: as ``{file, name, media_type, size, sha256}``, in order.

        Each is the caller's own and unclaimed, or this holder's already; raises ``Invalid`` at
        ``attachments.N`` with ``file.unknown`` or ``file.twice``, and then claims none. Called within
        ``in_transaction`` together with the holder's change, a change that is refused claims nothing.
        """
        problems: dict[str, list[str]] = {}
        found: list[Record] = []
        actor = context.actor()
        for position, file in enumerate(files):
            known = self._known(file)
            held = known and (known["holder_kind"], known["holder_id"])
            if file in files[:position]:
                problems[f"attachments.{position}"] = ["file.twice"]
            elif known is None or (
                held != (holder_kind, holder_id) and (known["owner"] != actor or held != (None, None))
            ):
                problems[f"attachments.{position}"] = ["file.unknown"]
            else:
                found.append(known)
        if problems:
            raise Invalid(next(iter(problems.values()))[0], fields=problems)
        claimed = {"$set": {"holder_kind": holder_kind, "holder_id": holder_id}, "$unset": {"expires_at": ""}}
        for each in found:
            if each["holder_id"] is None:
                self._claim_one(each["_id"], claimed)
        return [shown(each) for each in found]

    def _claim_one(self, file: str, claimed: Record) -> None:
        free = {"_id": file, "holder_id": None, "going": None}
        with answering():
            written = self._files.update_one(free, claimed, session=session())
        if not written.matched_count:
            raise Conflict("file.claimed")

    def release(self, files: Iterable[str], holder_kind: str, holder_id: str) -> None:
        """What the holder let go is its sender's again for a day, as if it had just come."""
        held = {"holder_kind": holder_kind, "holder_id": holder_id}
        free = {"holder_kind": None, "holder_id": None, "expires_at": self._clock.now() + UNCLAIMED}
        for file in files:
            with answering():
                self._files.update_one({"_id": file, **held}, {"$set": free}, session=session())

    # -- going out -----------------------------------------------------------------------------

    def open(self, file: str) -> Answer:
        """The file and in how many parts it is read; audited where the holder is a person's."""
        found = self._readable(file)
        guard, holder = self._guards.get(found["holder_kind"]), found["holder_id"]
        if guard is not None and guard.audited(holder):
            self._audit.append("file.read", context.actor(), *guard.under(holder))
        return {**shown(found), "parts": found["parts"]}

    def read(self, file: str, part: int) -> bytes:
        """One part of the content; raises ``NotFound("files.not_found")``."""
        self._readable(file)
        return self._part(file, part)

    def content(self, file: str) -> Iterator[bytes]:
        """The content in parts, for the service itself; raises ``NotFound("files.not_found")``."""
        found = self._known(file)
        if found is None:
            raise NotFound("files.not_found")
        for part in range(found["parts"]):
            yield self._part(file, part)

    # -- forgetting ----------------------------------------------------------------------------

    def sweep(self) -> None:
        """Forget what nobody claimed in time. May be cut short, and run again and beside itself."""
        due = {"expires_at": {"$lte": self._clock.now()}}
        while expired := list(self._files.find(due, {"_id": 1}, limit=SWEPT_AT_ONCE)):
            for each in expired:
                self._forget({"_id": each["_id"], **due})

    def forget(self, file: str) -> None:
        """Forget a file that nothing holds; one that is held or gone stays as it is."""
        self._forget({"_id": file, "holder_id": None})

    def _forget(self, file: Record) -> None:
        # Marked first: a claim that comes now is told that there is no such file.
        with answering():
            if self._files.update_one(file, {"$set": {"going": True}}).matched_count:
                self._parts.delete_many({"file": file["_id"]})
                self._files.delete_one({"_id": file["_id"]})

    # -- within --------------------------------------------------------------------------------

    def _readable(self, file: str) -> Record:
        found = self._known(file)
        if found is None:
            raise NotFound("files.not_found")
        if found["holder_kind"] is None:
            if found["owner"] != context.actor():
                raise NotFound("files.not_found")
            return found
        guard = self._guards.get(found["holder_kind"])
        if guard is None:
            raise NotFound("files.not_found")
        try:
            guard.require_readable(found["holder_id"])
        except NotFound:
            raise NotFound("files.not_found") from None
        return found

    def _known(self, file: str) -> Record | None:
        with answering():
            return self._files.find_one({"_id": file, "whole": True, "going": None}, session=session())

    def _part(self, file: str, part: int) -> bytes:
        place = f"{file}:{part}"
        with answering():
            found = self._parts.find_one({"_id": place})
        if found is None:
            raise NotFound("files.not_found")
        return self._vault.open_bytes(place, found["sealed"])

    def _require_room(self, owner: str) -> None:
        with answering():
            mine = self._files.find({"owner": owner, "holder_id": None}, {"_id": 1}, limit=MOST_UNCLAIMED)
            if len(list(mine)) == MOST_UNCLAIMED:
                raise Conflict("files.too_many_unclaimed", params={"most": MOST_UNCLAIMED})

    def _write(
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
            "stored_at": now,
            "expires_at": now + UNCLAIMED,
        }
        size, parts, hashed = 0, 0, hashlib.sha256()
        with answering():
            _once(self._files, known)
            for parts, chunk in enumerate(chunks, 1):
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
            self._files.update_one({"_id": file, "whole": False}, written)
        return {**known, **whole}


def _once(collection: Any, document: Record) -> None:
    """Insert, or leave what a command that is repeated wrote before."""
    try:
        collection.insert_one(document)
    except DuplicateKeyError:
        return


def _cut(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), MOST_PART_BYTES):
        yield content[start : start + MOST_PART_BYTES]


def _cut_again(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of the size in which they are read."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= MOST_PART_BYTES:
            yield bytes(waiting[:MOST_PART_BYTES])
            del waiting[:MOST_PART_BYTES]
    if waiting:
        yield bytes(waiting)


def shown(file: Record) -> Answer:
    """A file as what holds it keeps and shows it."""
    return {"file": file["_id"], **{name: file[name] for name in _SHOWN}}
