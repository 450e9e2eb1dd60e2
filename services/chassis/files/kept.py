"""Where files are kept, whose they are and who may read them. What a file may be is decided elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.files import model as rules
from services.chassis.files.sealed import UNCLAIMED, SealedFiles
from services.chassis.files.uploads import Upload, Uploads
from services.chassis.identity import derived_id, new_id
from services.chassis.offload import offload
from services.chassis.store import Record, answering
from services.chassis.transactions import session

Answer = dict[str, Any]

MOST_UNCLAIMED = 50
LOOKING_SECONDS = 25.0
_SHOWN = ("name", "media_type", "size", "sha256")


@dataclass(frozen=True)
class _Guard:
    require_readable: Callable[[str], object]
    audited: Callable[[str], bool]
    under: Callable[[str], tuple[str, str]]
    is_open: Callable[[str, str], bool]


class Files:
    """Files belong to whoever sent them until a command claims them; then they are read with what holds them.

    The content is sealed, part by part, each in its own place. What nobody claimed within a day is forgotten,
    content first, so that nothing is left of it whenever the sweep is cut short.
    """

    def __init__(
        self,
        application: Application,
        uploads: Uploads,
        require_sender: Callable[[str], object],
        *,
        forgets_senders: bool = False,
    ) -> None:
        """``require_sender`` raises ``Forbidden`` for a person who may send nothing.

        With ``forgets_senders`` who sent a file is known by a keyed mark until it is claimed, and then not
        any more: what was sent is not by whom something was said.
        """
        self._vault = application.vault
        self._audit = application.audit
        self._clock = application.clock
        self._uploads = uploads
        self._require_sender = require_sender
        self._forgets_senders = forgets_senders
        self._sealed = SealedFiles(application)
        self._files = self._sealed.documents
        self._guards: dict[str, _Guard] = {}

    def guard(
        self,
        holder_kind: str,
        require_readable: Callable[[str], object],
        *,
        audited: bool | Callable[[str], bool] = False,
        under: Callable[[str], tuple[str, str]] | None = None,
        is_open: Callable[[str, str], bool] | None = None,
    ) -> None:
        """Files held by a ``holder_kind`` are read by whom ``require_readable(holder_id)`` lets pass.

        It raises ``NotFound`` for everybody else. ``audited``, or what it says of one holder: what is held
        concerns a person, and who opens its files enters the audit chain: under the holder, or the kind
        and id that ``under`` gives for it. Of which of its files ``is_open(holder_id, file)`` is true,
        everybody reads them, with a session or without one, and nothing of that is on record.
        """
        says = audited if callable(audited) else lambda _: bool(audited)
        names = under or (lambda holder: (holder_kind, holder))
        self._guards[holder_kind] = _Guard(require_readable, says, names, is_open or (lambda *_: False))

    # -- coming in -----------------------------------------------------------------------------

    def begin(self, filename: str) -> Upload:
        """Open the caller's upload of a file. Raises ``Invalid("upload.unknown_kind")`` by the name alone."""
        actor = context.actor()
        self._require_sender(actor)
        name = rules.cleaned(filename)
        rules.extension_of(name)
        return self._uploads.begin(self._sender(), name)

    def append(self, upload: str, part: int, content: str) -> Upload:
        """Keep a part of the caller's upload; raises as ``Uploads.append``."""
        return self._uploads.append(upload, self._sender(), part, content)

    def keep(self, upload: str) -> Answer:
        """The caller's upload as a file, looked into; the same upload is the same file.

        Raises ``Invalid``: ``upload.empty``, ``upload.part_missing``, ``upload.unknown_kind``,
        ``upload.too_many_pixels``; ``Conflict("files.too_many_unclaimed")``.
        """
        sender = self._sender()
        begun = self._uploads.view(upload, sender)
        if begun.taken_by is not None:
            return shown(self._readable(begun.taken_by))
        self._uploads.require_whole(upload, sender)
        self._require_room(sender)
        media_type, content = looked_into(begun.filename, self._uploads.content(upload))
        file = derived_id("files", upload)
        kept = self._sealed.write(
            file,
            {"name": begun.filename, "media_type": media_type, "owner": sender},
            [content],
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
        file: str | None = None,
    ) -> Answer:
        """Keep what the service itself made, for its holder; forgotten after ``forget_after``, else never.

        ``file`` is its id, where a repetition shall meet it or the id may tell no instant. Cut short by a
        crash it leaves nothing for longer than a day.
        """
        held = {"owner": None, "holder_kind": holder_kind, "holder_id": holder_id}
        described = {"name": rules.cleaned(name), "media_type": media_type, **held}
        return shown(self._sealed.write(file or new_id(), described, chunks, expires_after=forget_after))

    def claim(
        self, files: Sequence[str], holder_kind: str, holder_id: str, *, nameless: bool = False
    ) -> list[Answer]:
        """From now on ``files`` are this holder's: as ``{file, name, media_type, size, sha256}``, in order.

        Each is the caller's own and unclaimed, or this holder's already; raises ``Invalid`` at
        ``attachments.N`` with ``file.unknown`` or ``file.twice``, and then claims none. Called within
        ``in_transaction`` together with the holder's change, a change that is refused claims nothing.

        ``nameless``: nobody shall learn from a file who sent it. Then ``file.tells_its_author`` is said of
        what cannot be stripped, and instead of its name it has a number.
        """
        problems: dict[str, list[str]] = {}
        found: list[Record] = []
        sender = self._sender()
        for position, file in enumerate(files):
            known = self._sealed.known(file)
            held = known and (known["holder_kind"], known["holder_id"])
            if file in files[:position]:
                problems[f"attachments.{position}"] = ["file.twice"]
            elif known is None or (
                held != (holder_kind, holder_id) and (known["owner"] != sender or held != (None, None))
            ):
                problems[f"attachments.{position}"] = ["file.unknown"]
            elif nameless and not rules.is_stripped(known["media_type"]):
                problems[f"attachments.{position}"] = ["file.tells_its_author"]
            else:
                number = rules.numbered(position + 1, known["media_type"])
                found.append({**known, "name": number} if nameless else known)
        if problems:
            raise Invalid(
                next(iter(problems.values()))[0],
                params={"accepted": ", ".join(rules.STRIPPED)},
                fields=problems,
            )
        for each in found:
            if each["holder_id"] is None:
                self._claim_one(each, {"holder_kind": holder_kind, "holder_id": holder_id})
        return [shown(each) for each in found]

    def _claim_one(self, file: Record, held: Record) -> None:
        free = {"_id": file["_id"], "holder_id": None, "going": None}
        forgotten = {"owner": None} if self._forgets_senders else {}
        written = {"name": file["name"], **held, **forgotten}
        with answering():
            changed = self._files.update_one(
                free, {"$set": written, "$unset": {"expires_at": ""}}, session=session()
            )
        if not changed.matched_count:
            raise Conflict("file.claimed")
        if self._forgets_senders:
            self._uploads.forget(file["owner"], file["_id"])

    def settle(self, files: Iterable[str], holder_kind: str, holder_id: str) -> None:
        """What was stored for a while stays with its holder; within the transaction of the holder's change.

        Raises ``Conflict("file.claimed")`` for what is no more.
        """
        held = {"holder_kind": holder_kind, "holder_id": holder_id, "going": None}
        for file in files:
            with answering():
                changed = self._files.update_one(
                    {"_id": file, **held}, {"$unset": {"expires_at": ""}}, session=session()
                )
            if not changed.matched_count:
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
        if guard is not None and not guard.is_open(holder, file) and guard.audited(holder):
            self._audit.append("file.read", context.actor(), *guard.under(holder))
        return {**shown(found), "parts": found["parts"]}

    def open_to_all(self, file: str) -> Answer:
        """As ``open`` for what everybody reads; raises ``NotFound("files.not_found")`` for all else."""
        found = self._open(file)
        return {**shown(found), "parts": found["parts"]}

    def read_by_all(self, file: str, part: int) -> bytes:
        """As ``read`` for what everybody reads."""
        self._open(file)
        return self._sealed.part(file, part)

    def read(self, file: str, part: int) -> bytes:
        """One part of the content; raises ``NotFound("files.not_found")``."""
        self._readable(file)
        return self._sealed.part(file, part)

    def content(self, file: str) -> Iterator[bytes]:
        """The content in parts, for the service itself; raises ``NotFound("files.not_found")``."""
        return self._sealed.content(file)

    # -- forgetting ----------------------------------------------------------------------------

    def sweep(self) -> None:
        """Forget what nobody claimed in time. May be cut short, and run again and beside itself."""
        self._sealed.sweep()

    def forget(self, file: str) -> None:
        """Forget a file that nothing holds; one that is held or gone stays as it is."""
        self._sealed.forget({"_id": file, "holder_id": None})

    # -- within --------------------------------------------------------------------------------

    def _sender(self) -> str:
        actor = context.actor()
        return self._vault.fingerprint("file.sender", actor) if self._forgets_senders else actor

    def _readable(self, file: str) -> Record:
        found = self._sealed.known(file)
        if found is None:
            raise NotFound("files.not_found")
        if found["holder_kind"] is None:
            if found["owner"] != self._sender():
                raise NotFound("files.not_found")
            return found
        guard = self._guards.get(found["holder_kind"])
        if guard is None:
            raise NotFound("files.not_found")
        if guard.is_open(found["holder_id"], file):
            return found
        try:
            guard.require_readable(found["holder_id"])
        except NotFound:
            raise NotFound("files.not_found") from None
        return found

    def _open(self, file: str) -> Record:
        found = self._sealed.known(file)
        guard = self._guards.get(found["holder_kind"]) if found is not None else None
        if found is None or guard is None or not guard.is_open(found["holder_id"], file):
            raise NotFound("files.not_found")
        return found

    def _require_room(self, owner: str) -> None:
        with answering():
            mine = self._files.find({"owner": owner, "holder_id": None}, {"_id": 1}, limit=MOST_UNCLAIMED)
            if len(list(mine)) == MOST_UNCLAIMED:
                raise Conflict("files.too_many_unclaimed", params={"most": MOST_UNCLAIMED})


def looked_into(name: str, content: bytes) -> tuple[str, bytes]:
    """The kind of a file by its media type, and what of it is kept; in a process of its own.

    Raises ``Invalid``: ``upload.unknown_kind``, ``upload.too_many_pixels``.
    """
    argument = {"name": name, "content": base64.b64encode(content).decode()}
    found = offload("services.chassis.files.inspection:inspect", argument, timeout=LOOKING_SECONDS)
    kept = found["content"]
    return found["media_type"], content if kept is None else base64.b64decode(kept)


def shown(file: Record) -> Answer:
    """A file as what holds it keeps and shows it."""
    return {"file": file["_id"], **{name: file[name] for name in _SHOWN}}
