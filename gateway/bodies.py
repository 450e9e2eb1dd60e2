"""A request's body on the wire: what announces and ends a chunk is as bounded as the chunk itself."""

from __future__ import annotations

import re
from typing import Any

from eventlet import wsgi

MOST_SIZE_LINE_BYTES = 64
MOST_TRAILER_BYTES = 8 * 1024
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")


class Body(wsgi.Input):  # type: ignore[misc]  # eventlet is untyped
    """The body that a request announced; ``wholly_read`` once all of it was taken.

    eventlet reads the line before a chunk, and the trailers after the last one, whatever their length: one
    connection could fill the memory without sending a byte of a body. And ``int`` takes sizes as ``-1``,
    ``0x5`` or ``1_0``, at which a proxy in front may see another end of the body than we.
    """

    @classmethod
    def of(cls, announced: wsgi.Input) -> Body:
        """The body that eventlet would read as ``announced``."""
        return cls(
            announced.rfile,
            announced.content_length,
            announced.get_socket(),
            wfile=announced.wfile,
            wfile_line=announced.wfile_line,
            chunked_input=announced.chunked_input,
        )

    @property
    def wholly_read(self) -> bool:
        if self.chunked_input:
            return bool(self.chunk_length == 0)
        return bool(self.position >= self.content_length)

    def _chunked_read(self, rfile: Any, length: int | None = None, use_readline: bool = False) -> bytes:
        """At most ``length`` bytes, fewer only at the end; raises ``ChunkReadError`` or ``OSError``.

        It takes no lines: nothing here reads a body by them.
        """
        assert not use_readline
        if self.should_send_hundred_continue:
            self.send_hundred_continue_response()
            self.is_hundred_continue_response_sent = True
        pieces = []
        left = length if length is not None and length >= 0 else None
        while left != 0 and self.chunk_length != 0:
            rest = self.chunk_length - self.position
            if rest <= 0:
                self._begin_chunk(rfile)
                continue
            piece = rfile.read(rest if left is None else min(rest, left))
            if not piece:
                raise wsgi.ChunkReadError("the body ends in the middle")
            pieces.append(piece)
            self.position += len(piece)
            if left is not None:
                left -= len(piece)
            if self.position == self.chunk_length and _line(rfile, 2):
                raise wsgi.ChunkReadError("a chunk is longer than it said")
        return b"".join(pieces)

    def _begin_chunk(self, rfile: Any) -> None:
        size = _line(rfile, MOST_SIZE_LINE_BYTES).split(b";", 1)[0].strip()
        if not _SIZE.fullmatch(size):
            raise wsgi.ChunkReadError("the size of a chunk is no number")
        length = int(size, 16)
        if length == 0:
            left = MOST_TRAILER_BYTES
            while trailer := _line(rfile, left):
                left -= len(trailer) + 2
        self.chunk_length, self.position = length, 0


def _line(rfile: Any, most: int) -> bytes:
    """The next line without its end, of at most ``most`` bytes with it."""
    line: bytes = rfile.readline(max(most, 0))
    if not line.endswith(b"\n"):
        raise wsgi.ChunkReadError("a line is too long, or cut off")
    return line.rstrip(b"\r\n")
