"""The documents that describe the platform, and whether this process can do its work."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from marshmallow import Schema, fields

from gateway import asyncapi, openapi
from gateway.response import Response, of_json
from gateway.routing import Access, Route, Table
from services.chassis.wire import encode

if TYPE_CHECKING:
    from gateway.application import Gateway
    from gateway.request import Request


class Probe(Schema):
    """What this process says of itself."""

    service = fields.String(required=True)
    status = fields.String(required=True)


class Signpost(Schema):
    """Where the documents are."""

    service = fields.String(required=True)
    openapi = fields.String(required=True)
    asyncapi = fields.String(required=True)


def signpost(gateway: Gateway, request: Request, route: Route) -> Response:
    """For whoever opens the bare address."""
    return of_json(
        {"service": "Jishi 党建记实平台", "openapi": "/openapi.json", "asyncapi": "/asyncapi.json"}
    )


def openapi_document(gateway: Gateway, request: Request, route: Route) -> Response:
    """The HTTP interface, as this process offers it."""
    return _document(_openapi_bytes(gateway.table))


def asyncapi_document(gateway: Gateway, request: Request, route: Route) -> Response:
    """The events."""
    return _document(_asyncapi_bytes())


def alive(gateway: Gateway, request: Request, route: Route) -> Response:
    """This process turns its loop."""
    return of_json({"service": "gateway", "status": "alive"})


def ready(gateway: Gateway, request: Request, route: Route) -> Response:
    """Calls reach the broker, and nobody asked the process to stop."""
    if gateway.draining or not gateway.caller.connected:
        return of_json({"service": "gateway", "status": "not ready"}, 503)
    return of_json({"service": "gateway", "status": "ready"})


def _document(body: bytes) -> Response:
    return Response(200, body, headers=[("Cache-Control", "public, max-age=60")])


@lru_cache(maxsize=4)
def _openapi_bytes(table: Table) -> bytes:
    return encode(openapi.document(table))


@lru_cache(maxsize=1)
def _asyncapi_bytes() -> bytes:
    return encode(asyncapi.document())


ROUTES = tuple(
    Route(
        "GET",
        path,
        summary,
        "documents",
        access=Access.PUBLIC,
        handler=handler,
        logged=False,
        counted=handler not in (alive, ready),
        answers=answers,
        otherwise={503: "It is not ready: send it nothing yet, or nothing more."} if handler is ready else {},
    )
    for path, summary, handler, answers in (
        ("/", "Where the documents are", signpost, (Signpost,)),
        ("/openapi.json", "The HTTP interface (OpenAPI 3.1)", openapi_document, ()),
        ("/asyncapi.json", "The events (AsyncAPI 3.0)", asyncapi_document, ()),
        ("/healthz", "Whether this process is alive", alive, (Probe,)),
        ("/readyz", "Whether this process can do its work", ready, (Probe,)),
    )
)
