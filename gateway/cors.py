"""Which web pages of other origins may call: those on the list, and no other."""

from __future__ import annotations

from collections.abc import Collection

from gateway.request import Request

HEADERS = (
    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Accept-Language, traceparent"
)
EXPOSED = "ETag, Location, Retry-After, Idempotency-Key, X-Request-Id"
PREFLIGHT_SECONDS = 600


def headers(request: Request, origins: Collection[str]) -> list[tuple[str, str]]:
    """What lets a page of a listed origin read the answer; nothing for any other."""
    origin = request.header("Origin")
    if origin is None or origin not in origins:
        return []
    return [("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", EXPOSED)]


def preflight(request: Request, origins: Collection[str], methods: Collection[str]) -> list[tuple[str, str]]:
    """The answer to a page that asks what it may send."""
    if not headers(request, origins) or request.header("Access-Control-Request-Method") is None:
        return []
    return [
        ("Access-Control-Allow-Methods", ", ".join(methods)),
        ("Access-Control-Allow-Headers", HEADERS),
        ("Access-Control-Max-Age", str(PREFLIGHT_SECONDS)),
    ]
