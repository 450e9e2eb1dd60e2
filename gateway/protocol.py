"""HTTP/1.1 on eventlet's server, with what it lacks: problem documents, and ends that are heard."""

from __future__ import annotations

import json
import socket
from time import monotonic
from typing import Any

from eventlet import wsgi

from gateway.bodies import Body
from gateway.problems import CONTENT_TYPE, TEXTS

KEEP_ALIVE_SECONDS = 75
SOCKET_SECONDS = 30
LINGER_SECONDS = 1.0
MOST_LINGER_BYTES = 8 * 1024 * 1024


class Protocol(wsgi.HttpProtocol):  # type: ignore[misc]  # eventlet is untyped
    """One connection.

    ``environ["gateway.close"]()`` ends the connection with the answer, and what the client still sends is
    not read: without it the server would read all of a refused body to reach the next request.
    """

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ["wsgi.input"] = environ["eventlet.input"] = Body.of(environ["eventlet.input"])
        environ["gateway.close"] = self._close_after_answer
        # What is yielded is sent at once: eventlet would wait for 4 KiB of events.
        environ["eventlet.minimum_write_chunk_size"] = 0
        return environ

    def _close_after_answer(self) -> None:
        self.close_connection = 1

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request at all; the text of the parser is not told."""
        body = json.dumps(
            {
                "type": "urn:jishi:problem:request.broken",
                "status": int(code),
                "code": "request.broken",
                "title": TEXTS.render("status.400")["zh"],
                "detail": TEXTS.render("request.broken")["zh"],
            },
            ensure_ascii=False,
        ).encode()
        self.close_connection = 1
        self.wfile.write(
            b"HTTP/1.1 %d Bad Request\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
            b"Connection: close\r\n\r\n%s" % (int(code), CONTENT_TYPE.encode(), len(body), body)
        )
        self.wfile.flush()

    def finish(self) -> None:
        self._linger()
        super().finish()

    def _linger(self) -> None:
        """Say that nothing more is sent, and discard a little of what still arrives.

        Closing a socket with unread bytes resets the connection, and the client would lose the answer
        that tells it why.
        """
        try:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            until = monotonic() + LINGER_SECONDS
            discarded = 0
            while discarded < MOST_LINGER_BYTES and (left := until - monotonic()) > 0:
                self.connection.settimeout(left)
                piece = self.connection.recv(64 * 1024)
                if not piece:
                    return
                discarded += len(piece)
        except (OSError, ValueError):
            return
