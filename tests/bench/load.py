"""Asking over HTTP as fast as one is answered, with as little work of one's own as can be."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from time import monotonic
from typing import Any

import eventlet

_HEAD_END = b"\r\n\r\n"


class Line:
    """One connection that is kept: bytes out, status and body in."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """The answer's status and body; it must say how long it is."""
        self._socket.sendall(request)
        received = b""
        while _HEAD_END not in received:
            received += self._more()
        head, _, body = received.partition(_HEAD_END)
        length = next(
            int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"
        )
        while len(body) < length:
            body += self._more()
        return int(head[9:12]), body

    def json(self, request: bytes, status: int) -> Any:
        """The answer as JSON values, which must have ``status``."""
        found, body = self.ask(request)
        assert found == status, f"{found} instead of {status}: {body[:500]!r}"
        return json.loads(body)

    def close(self) -> None:
        self._socket.close()

    def _more(self) -> bytes:
        piece = self._socket.recv(65536)
        assert piece, "the connection was closed"
        return piece


def request(method: str, path: str, body: Any = None, token: str | None = None) -> bytes:
    """A whole HTTP request."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(content)}\r\n"
    if content:
        head += "Content-Type: application/json\r\n"
    if token:
        head += f"Authorization: Bearer {token}\r\n"
    return head.encode() + b"\r\n" + content


def throughput(
    port: int, make: Callable[[], bytes], status: int, *, seconds: float, connections: int = 16
) -> float:
    """Requests answered a second, over ``connections`` that each ask again as soon as they are answered."""
    lines = [Line(port) for _ in range(connections)]
    for line in lines:
        assert line.ask(make())[0] == status
    until = monotonic() + seconds

    def ask_on(line: Line) -> int:
        asked = 0
        while monotonic() < until:
            found, body = line.ask(make())
            assert found == status, f"{found} instead of {status}: {body[:500]!r}"
            asked += 1
        return asked

    began = monotonic()
    threads = [eventlet.spawn(ask_on, line) for line in lines]
    total = sum(thread.wait() for thread in threads)
    elapsed = monotonic() - began
    for line in lines:
        line.close()
    return total / elapsed
