"""A file on its way in: from a browser's form or as a raw body, in pieces, within a limit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from urllib.parse import unquote

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from gateway.refusals import Malformed
from gateway.request import Request, too_large

_LONGEST_NAME = 200
_MOST_PARTS = 8
_END: tuple[bytes | None, ...] = (None,)


class Upload:
    """The one file of a request. ``filename`` is known once the first piece was taken."""

    def __init__(self, request: Request, limit: int, envelope: int) -> None:
        self._request = request
        self._limit = limit
        self._envelope = envelope
        self.filename = ""

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes; raises ``TooLarge`` past the limit, ``Malformed`` for a broken form."""
        received = 0
        if self._request.content_type == "multipart/form-data":
            pieces = self._of_form()
        else:
            self.filename = _cleaned((self._request.query.get("filename") or [""])[0])
            pieces = self._request.stream(self._limit)
        for piece in pieces:
            received += len(piece)
            if received > self._limit:
                raise too_large(self._limit)
            yield piece

    def _of_form(self) -> Iterator[bytes]:
        _, options = parse_options_header(str(self._request.environ.get("CONTENT_TYPE", "")))
        boundary = options.get("boundary", "")
        if not 1 <= len(boundary) <= 70:
            raise Malformed("upload.malformed", closes=True)
        decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), max_parts=_MOST_PARTS)
        in_file = seen = False
        try:
            for piece in chain(self._request.stream(self._limit + self._envelope), _END):
                decoder.receive_data(piece)
                while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
                    if isinstance(event, File):
                        in_file, seen = not seen, True  # only the first file counts
                        self.filename = self.filename or _cleaned(event.filename)
                    elif isinstance(event, Field):
                        in_file = False
                    elif isinstance(event, Data) and in_file:
                        yield bytes(event.data)
        except (ValueError, RequestEntityTooLarge):
            # A form without an end is one of these.
            raise Malformed("upload.malformed", closes=True) from None


def _cleaned(name: str) -> str:
    """The last part of a file's name, as text without control characters."""
    last = unquote(name).replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable()).strip()[-_LONGEST_NAME:]
