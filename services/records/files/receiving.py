"""What is sent in parts: begun, added to, and handed over to who needs it."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.files.kept import Files
from services.chassis.files.uploads import Upload, Uploads
from services.records.access import Access

Answer = dict[str, Any]


class Receiving:
    """Files to attach, of anybody with a session; rosters, of the administrator of the root."""

    def __init__(self, access: Access, uploads: Uploads, files: Files) -> None:
        self._access = access
        self._uploads = uploads
        self._files = files

    def begin(self, filename: str, purpose: str) -> Answer:
        """Open an upload: of a file to attach, or of a roster."""
        if purpose == "file":
            return _uploaded(self._files.begin(filename))
        actor = context.actor()
        self._access.require_root_administrator(actor)
        return _uploaded(self._uploads.begin(actor, filename))

    def append(self, upload: str, part: int, content: str) -> Answer:
        """Keep a part of an upload, which is the caller's own."""
        return _uploaded(self._uploads.append(upload, context.actor(), part, content))


def _uploaded(upload: Upload) -> Answer:
    return {"upload": upload.id, "size": upload.size}
