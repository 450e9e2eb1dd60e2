"""HTTP/1.1 on eventlet's server, with what it lacks: problem documents, and ends that are heard."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from email.errors import (
    FirstHeaderLineIsContinuationDefect,
    MisplacedEnvelopeHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
from time import monotonic
from typing import Any

import eventlet
from eventlet import patcher, wsgi

from gateway import problems
from gateway.bodies import Body
from gateway.callers import Peers
from gateway.refusals import (
    AddressTooLong,
    Broken,
    HeadTooLarge,
    Malformed,
    Refused,
    TooMany,
    TooSlow,
    UnknownEncoding,
)
from gateway.request import Request
from gateway.response import finished

_select = patcher.original("select")
KEEP_ALIVE_SECONDS = 75
HEAD_SECONDS = 15.0
LONGEST_LINE = 64 * 1024
SOCKET_SECONDS = 30
LINGER_SECONDS = 1.0
MOST_LINGER_BYTES = 8 * 1024 * 1024
# It also looks for the parts of a multipart body, which are not there yet: that is no defect.
_UNREADABLE = (
    FirstHeaderLineIsContinuationDefect,
    MisplacedEnvelopeHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
_LENGTH = re.compile(r"[0-9]{1,18}")
_LANGUAGE = b"accept-language:"


class Lines(wsgi.FileObjectForHeaders):  # type: ignore[misc]  # eventlet is untyped
    """The lines of a head, within bounds; ``language`` is what was said of it before a refusal."""

    language = ""

    def readline(self, size: int = -1) -> bytes:
        line: bytes = super().readline(size)
        if line[: len(_LANGUAGE)].lower() == _LANGUAGE:
            self.language = line[len(_LANGUAGE) :].decode("latin-1").strip()
        return line


class Protocol(wsgi.HttpProtocol):  # type: ignore[misc]  # eventlet is untyped
    """One connection, on which a client may be silent for a while, but not slow in saying what it asks.

    ``environ["gateway.close"]()`` ends the connection with the answer, and what the client still sends is
    not read: without it the server would read all of a body that nobody takes to reach the next request.
    """

    rfile: Any

    def __init__(self, connection: Any, server: Any, peers: Peers) -> None:
        self._peers = peers
        self._lingers = True
        self.raw_requestline = b""
        self._head = Lines(None)
        super().__init__(connection, server)

    def handle(self) -> None:
        host, _ = self.get_client_address()
        try:
            with self._peers.one_more(host):
                super().handle()
        except TooMany as refused:
            self._lingers = False  # it is told, and takes no place while it may not listen
            self._refuse(refused)

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ["wsgi.input"] = environ["eventlet.input"] = Body.of(environ["eventlet.input"])
        environ["gateway.close"] = self._close_after_answer
        # What is yielded is sent at once: eventlet would wait for 4 KiB of events.
        environ["eventlet.minimum_write_chunk_size"] = 0
        return environ

    def _close_after_answer(self) -> None:
        self.close_connection = 1

    def handle_one_request(self) -> None:
        """Read one request's head, and answer it: here where it cannot be read, else by the application."""
        try:
            if not self._wait_for_request():
                self.close_connection = 1
                return
            # The time-out of the socket begins anew with every byte.
            with eventlet.Timeout(HEAD_SECONDS, TooSlow("headers.too_slow")):
                self._read_head()
        except Refused as refused:
            self._refuse(refused)
            return
        self.environ = self.get_environ()
        self.application = self.server.app
        with suppress(ConnectionError):
            self.handle_one_response()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the parser calls where it finds no request; its words are not told."""
        raise Broken(code)

    def _wait_for_request(self) -> bool:
        """Whether one begins before the client has been silent for too long, or has gone."""
        self.connection.settimeout(KEEP_ALIVE_SECONDS if self.raw_requestline else HEAD_SECONDS)
        try:
            return bool(self.rfile.peek(1))
        except TimeoutError:
            # A loop that had no turn for long fires its timers before it looks at what has arrived meanwhile.
            if not _arrived(self.connection):
                return False
            self.rfile = self.connection.makefile("rb", self.rbufsize)
            return bool(self.rfile.peek(1))
        except (OSError, ValueError):
            return False
        finally:
            self.connection.settimeout(SOCKET_SECONDS)

    def _read_head(self) -> None:
        """Read one; raises ``Refused`` where it cannot be read, or in two ways."""
        self.conn_state[2] = wsgi.STATE_REQUEST
        lines = self.rfile
        self._head = Lines(lines)
        self.raw_requestline = self.rfile.readline(LONGEST_LINE)
        if len(self.raw_requestline) >= LONGEST_LINE:
            raise AddressTooLong("address.too_long")
        try:
            self.rfile = self._head
            if not self.parse_request():
                raise Broken(400)
        except (wsgi.HeaderLineTooLong, wsgi.HeadersTooLarge):
            raise HeadTooLarge("headers.too_large") from None
        finally:
            self.rfile = lines
        self._see_where_it_ends()

    def _see_where_it_ends(self) -> None:
        """Raise unless whoever reads this request, a proxy in front included, sees the same end of it."""
        lengths = self.headers.get_all("Content-Length", [])
        encodings = self.headers.get_all("Transfer-Encoding", [])
        # The parser leaves out a header that it cannot read, and all that follow it.
        if any(isinstance(each, _UNREADABLE) for each in self.headers.defects):
            raise Malformed("request.broken")
        if len(lengths) > 1 or not all(_LENGTH.fullmatch(each) for each in lengths):
            raise Malformed("request.broken")
        if encodings and [each.lower() for each in encodings] != ["chunked"]:
            raise UnknownEncoding("transfer_encoding.unknown")
        if encodings and (lengths or self.request_version != "HTTP/1.1"):
            raise Malformed("request.broken")

    def _refuse(self, refused: Refused) -> None:
        """Answer what did not become a request, as far as it was read, and end the connection."""
        self.close_connection = 1
        said = {"REQUEST_METHOD": "", "PATH_INFO": "", "HTTP_ACCEPT_LANGUAGE": self._head.language}
        request = Request(said)
        response = finished(problems.of(refused, request), request)
        head = [f"HTTP/1.1 {response.status_line}", *(f"{name}: {value}" for name, value in response.headers)]
        with suppress(OSError):
            self.wfile.write("\r\n".join([*head, "Connection: close", "", ""]).encode() + response.body)
            self.wfile.flush()

    def finish(self) -> None:
        if self._lingers:
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


def _arrived(connection: Any) -> bool:
    """Whether something is there to be read, without waiting for it."""
    asked = _select.poll()  # the system's own: that of the loop would wait for its turn behind the timers
    try:
        asked.register(connection.fileno(), _select.POLLIN)
        return bool(asked.poll(0))
    except (OSError, ValueError):
        return False
