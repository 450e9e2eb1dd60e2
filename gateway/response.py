"""One HTTP answer: its bytes, its headers, and what a cache and a browser may do with it."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, Protocol

from gateway.request import Request
from services.chassis.wire import encode

JSON = "application/json"
LEAST_GZIP_BYTES = 1024
_GZIPPED = (JSON, "application/problem+json", "text/")
_REASONS = {each.value: f"{each.value} {each.phrase}" for each in HTTPStatus}
SECURITY = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


class Stream(Protocol):
    """Pieces that are sent as they come; closed when they end or the client has gone."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Response:
    """Status, headers and either a whole body or a stream of pieces that are sent as they come."""

    __slots__ = ("body", "closes", "headers", "status", "stream")

    def __init__(
        self,
        status: int,
        body: bytes = b"",
        *,
        content_type: str | None = JSON,
        headers: Iterable[tuple[str, str]] = (),
        stream: Stream | None = None,
        closes: bool = False,
    ) -> None:
        self.status = status
        self.body = body
        self.stream = stream
        self.headers = [*headers]
        self.closes = closes
        if content_type is not None and (body or stream is not None):
            self.headers.append(("Content-Type", content_type))

    @property
    def status_line(self) -> str:
        return _REASONS[self.status]

    def has(self, name: str) -> bool:
        """Whether a header is set."""
        return any(header == name for header, _ in self.headers)


def of_json(value: Any, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """``value`` as JSON; tagged with its version where it has one, so that a change can name what it saw."""
    response = Response(status, encode(value), headers=headers)
    version = value.get("version") if isinstance(value, dict) else None
    if isinstance(version, int):
        response.headers.append(("ETag", f'"{version}"'))
    return response


def finished(response: Response, request: Request) -> Response:
    """``response`` as it leaves: conditional, compressed where that pays, without a body for HEAD."""
    headers = response.headers
    if response.status == 200 and request.method in ("GET", "HEAD") and _unchanged(response, request):
        response = Response(304, headers=[each for each in headers if each[0] != "Content-Type"])
        headers = response.headers
    if response.stream is None and response.status not in (204, 304):
        _compress(response, request)
        headers.append(("Content-Length", str(len(response.body))))
    if request.method == "HEAD":
        response.body = b""
    if not response.has("Cache-Control"):
        # What one person may see is nobody else's; a tagged answer may be kept, but asked for again.
        headers.append(("Cache-Control", "private, no-cache" if response.has("ETag") else "no-store"))
    headers.append(("Vary", "Authorization, Accept-Encoding, Accept-Language, Origin"))
    headers.extend(SECURITY)
    return response


def _unchanged(response: Response, request: Request) -> bool:
    known = request.header("If-None-Match")
    if known is None:
        return False
    tag = next((value for name, value in response.headers if name == "ETag"), None)
    return tag is not None and (known.strip() == "*" or tag in (each.strip() for each in known.split(",")))


def _compress(response: Response, request: Request) -> None:
    if len(response.body) < LEAST_GZIP_BYTES or not _takes_gzip(request.header("Accept-Encoding") or ""):
        return
    kind = next((value for name, value in response.headers if name == "Content-Type"), "")
    if kind.startswith(_GZIPPED):
        response.body = gzip.compress(response.body, 5, mtime=0)
        response.headers.append(("Content-Encoding", "gzip"))


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
