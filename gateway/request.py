"""One HTTP request as routes see it: read lazily, within limits, and never more than was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NoReturn
from urllib.parse import parse_qs

import eventlet

from gateway.refusals import Malformed, TooLarge, TooSlow, UnsupportedMedia
from services.chassis.wire import writable

MOST_BODY_BYTES = 1024 * 1024
MOST_UPLOAD_BYTES = 20 * 1024 * 1024
# An upload's envelope: the boundaries and headers that a browser puts around the file.
MOST_ENVELOPE_BYTES = 64 * 1024
DEEPEST = 32
BODY_SECONDS = 30.0
UPLOAD_SECONDS = 300.0
_CHUNK = 64 * 1024


class Request:
    """A request. ``person`` and ``authorization`` are filled in where a route asks for a session."""

    __slots__ = (
        "__dict__",
        "authorization",
        "correlationid",
        "environ",
        "idempotency_key",
        "method",
        "path",
        "path_values",
        "person",
        "traceparent",
    )

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        # WSGI hands bytes over as latin-1.
        self.path: str = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        self.path_values: Mapping[str, str] = {}
        self.person: str | None = None
        self.authorization: str | None = None
        self.idempotency_key: str | None = None
        self.correlationid: str | None = None
        self.traceparent: str | None = None

    def header(self, name: str) -> str | None:
        """A header's value, or ``None``."""
        value: str | None = self.environ.get("HTTP_" + name.upper().replace("-", "_"))
        return value

    @property
    def content_type(self) -> str:
        """The media type of the body without its parameters, in lower case."""
        return str(self.environ.get("CONTENT_TYPE") or "").split(";", 1)[0].strip().lower()

    @property
    def content_length(self) -> int | None:
        """What the client says it sends; ``None`` for a chunked body."""
        length = self.environ.get("CONTENT_LENGTH")
        if length:
            return int(length)  # the server has refused what is not a number
        return None if self.chunked else 0

    @property
    def chunked(self) -> bool:
        return str(self.environ.get("HTTP_TRANSFER_ENCODING", "")).lower() == "chunked"

    @property
    def wholly_read(self) -> bool:
        """Whether nothing of the body is left to come."""
        return bool(self.environ["wsgi.input"].wholly_read)

    @cached_property
    def query(self) -> Mapping[str, list[str]]:
        """The query's values by name; raises ``Malformed`` for what is not UTF-8."""
        text = self.environ.get("QUERY_STRING", "")
        if not text:
            return {}
        try:
            return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=64)
        except ValueError:
            raise Malformed("query.malformed") from None

    @cached_property
    def language(self) -> str:
        """``zh`` or ``en``: what the reader prefers; Chinese where nothing is said."""
        return preferred_language(self.environ.get("HTTP_ACCEPT_LANGUAGE", ""))

    def refuse_larger_than(self, limit: int) -> None:
        """Raise ``TooLarge`` by what the client says it will send, before a byte of it is read."""
        length = self.content_length
        if length is not None and length > limit:
            raise too_large(limit)

    def stream(self, limit: int, seconds: float = UPLOAD_SECONDS) -> Iterator[bytes]:
        """The body in pieces; raises ``TooLarge`` past ``limit``, ``TooSlow``, ``Malformed`` when cut off."""
        self.refuse_larger_than(limit)
        expected = self.content_length
        source = self.environ["wsgi.input"]
        received = 0
        deadline = eventlet.Timeout(seconds, TooSlow("body.too_slow", closes=True))
        try:
            while piece := source.read(_CHUNK):
                received += len(piece)
                if received > limit:
                    raise too_large(limit)
                yield piece
        except (OSError, ValueError):
            raise Malformed("body.cut_off", closes=True) from None
        finally:
            deadline.cancel()
        if expected is not None and received < expected:
            raise Malformed("body.cut_off", closes=True)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; ``{}`` where there is none.

        Raises ``UnsupportedMedia``, ``TooLarge`` or ``Malformed``; never with a word of the body.
        """
        body = b"".join(self.stream(MOST_BODY_BYTES, BODY_SECONDS))
        if not body:
            return {}
        if self.content_type != "application/json":
            raise UnsupportedMedia("body.not_json_type")
        return parsed(body)


def parsed(body: bytes) -> dict[str, Any]:
    """``body`` as a JSON object that every later step can carry; raises ``Malformed``."""
    try:
        # JSON is UTF-8: of bytes, Python would guess the encoding and let half a character through.
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Malformed("body.not_json") from None
    if not isinstance(value, dict):
        raise Malformed("body.not_an_object")
    # Both are rare, and told by a glance at the bytes.
    if body.count(b"{") + body.count(b"[") > DEEPEST and _depth(value) > DEEPEST:
        raise Malformed("body.too_deep")
    if (b"\\ud" in body or b"\\uD" in body) and not writable(value):
        raise Malformed("body.not_unicode")
    return value


def preferred_language(accepted: str) -> str:
    """``en`` where an ``Accept-Language`` prefers it to Chinese, else ``zh``."""
    best, chosen = 0.0, "zh"
    for part in accepted.split(",")[:16]:
        name, _, weight = part.strip().partition(";")
        language = name.split("-", 1)[0].lower()
        if language not in ("zh", "en"):
            continue
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            quality = 0.0
        if quality > best:
            best, chosen = quality, language
    return chosen


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        if deepest > DEEPEST:
            break
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
    return deepest


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def too_large(limit: int) -> TooLarge:
    """What is said of a body beyond ``limit`` bytes: whole MiB, as in the document."""
    return TooLarge("body.too_large", params={"limit": f"{limit // 1024 // 1024} MiB"}, closes=True)
