"""A body in chunks is read as it was sent, and refused where its chunks are none."""

from __future__ import annotations

import io

import pytest
from eventlet.wsgi import ChunkReadError, Input
from hypothesis import given
from hypothesis import strategies as st

from gateway.bodies import MOST_SIZE_LINE_BYTES, MOST_TRAILER_BYTES, Body


class Endless:
    """A client that goes on sending the same for ever; counts what was taken of it."""

    def __init__(self, start: bytes, rest: bytes) -> None:
        self._start = io.BytesIO(start)
        self._rest = rest
        self.taken = 0

    def read(self, size: int) -> bytes:
        return self._start.read(size)

    def readline(self, size: int = -1) -> bytes:
        line = self._start.readline(size)
        if not line:
            assert size >= 0, "a line without an end was asked for without a limit"
            line = (self._rest * size)[:size]
            line = line[: line.find(b"\n") + 1] or line
        self.taken += len(line)
        return line


def chunked(sent: object) -> Body:
    return Body.of(Input(sent, None, None, chunked_input=True))


def on_the_wire(pieces: list[bytes]) -> bytes:
    chunks = b"".join(b"%x;of=us\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return chunks + b"0\r\nX-Checksum: none\r\n\r\n"


@given(st.lists(st.binary(min_size=1, max_size=50)), st.integers(1, 60))
def test_a_body_is_the_same_however_it_was_cut(pieces: list[bytes], size: int) -> None:
    wire = io.BytesIO(on_the_wire(pieces) + b"GET / HTTP/1.1\r\n")
    body = chunked(wire)
    assert b"".join(iter(lambda: body.read(size), b"")) == b"".join(pieces)
    assert body.wholly_read
    assert wire.read() == b"GET / HTTP/1.1\r\n"


@pytest.mark.parametrize(
    ("start", "rest", "most"),
    [(b"", b"0", MOST_SIZE_LINE_BYTES), (b"0\r\n", b"X: y\r\n", MOST_TRAILER_BYTES + 64)],
    ids=["a size", "trailers"],
)
def test_a_line_without_an_end_is_given_up_soon(start: bytes, rest: bytes, most: int) -> None:
    sent = Endless(start, rest)
    body = chunked(sent)
    with pytest.raises(ChunkReadError):
        body.read(65536)
    assert sent.taken <= most
    assert not body.wholly_read


@pytest.mark.parametrize(
    "sent",
    [
        b"-5\r\nhello",
        b"0x5\r\nhello\r\n",
        b"1_0\r\n",
        b"\r\n",
        b"+5\r\n",
        b"5\r\nhello!\r\n",
        b"5\r\nhel",
        b"",
    ],
)
def test_what_is_no_chunk_is_refused(sent: bytes) -> None:
    body = chunked(io.BytesIO(sent))
    with pytest.raises(ChunkReadError):
        body.read(65536)
    assert not body.wholly_read
