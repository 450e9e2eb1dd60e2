"""The gateway as a WSGI application: who asks, may they ask, which route, which call, what is answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any, Protocol

import structlog

from gateway import cors, forms, problems
from gateway.callers import Fingerprints, Proxies
from gateway.live import Live
from gateway.measuring import FAILURES, count
from gateway.rates import Rates
from gateway.refusals import AddressTooLong, Malformed, Refused
from gateway.request import MOST_BODY_BYTES, MOST_ENVELOPE_BYTES, Request
from gateway.response import Response, finished, of_json
from gateway.routing import Access, Call, Route, Table
from services.chassis import session, tracing
from services.chassis.clock import Clock
from services.chassis.errors import Refusal, Unauthenticated, origin
from services.chassis.identity import new_id, timeless_id
from services.chassis.settings import Settings

LONGEST_ADDRESS = 8000
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_log = structlog.get_logger()


class Caller(Protocol):
    """What the gateway needs of an RPC client."""

    @property
    def connected(self) -> bool: ...

    def call(
        self,
        method: str,
        request: Mapping[str, Any],
        *,
        authorization: str | None = None,
        idempotency_key: str | None = None,
        timeout: float = 5.0,
        correlationid: str | None = None,
        traceparent: str | None = None,
    ) -> dict[str, Any]: ...


class Gateway:
    """Everything between a socket and a call. Holds no state that another gateway process would miss."""

    def __init__(self, settings: Settings, clock: Clock, caller: Caller, live: Live, table: Table) -> None:
        self.settings = settings
        self.clock = clock
        self.caller = caller
        self.live = live
        self.table = Table(route for route in table if settings.local or not route.local_only)
        self.draining = False
        self._rates = Rates(settings.rate_per_second, settings.rate_burst)
        self._fingerprints = Fingerprints(Proxies(settings.trusted_proxies), clock.today)

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = monotonic()
        request = Request(environ)
        route: Route | None = None
        try:
            route = self._found(request)
            response = self._preflight(request) if route is None else self._answered(request, route)
        except Refusal as refusal:
            response = self._refused(refusal, request)
        except Exception as error:
            response = self._failed(error, request, route)
        response.headers.extend(cors.headers(request, self.settings.cors_origins))
        if request.correlationid:
            response.headers.append(("X-Request-Id", request.correlationid))
        response = finished(response, request)
        if response.closes or self.draining or not request.wholly_read:
            environ["gateway.close"]()
        self._told(request, route, response.status, monotonic() - started)
        start_response(response.status_line, response.headers)
        if response.stream is None:
            return [response.body]
        if request.method == "HEAD":
            response.stream.close()
            return []
        return response.stream

    def ask(self, call: Call, asked: Mapping[str, Any], request: Request, *, step: str = "") -> Any:
        """The service's answer to ``call`` on behalf of ``request``; raises its refusal.

        ``step`` tells apart the calls of a route that makes several with one idempotency key.
        """
        key = request.idempotency_key
        return self.caller.call(
            call.method,
            asked,
            authorization=request.authorization,
            idempotency_key=f"{key}{step}" if key else None,
            timeout=call.seconds,
            correlationid=request.correlationid,
            traceparent=request.traceparent,
        )

    def admit(self, request: Request) -> None:
        """See that the request comes with a genuine session; raises ``Unauthenticated`` or ``TooMany``."""
        authorization = request.header("Authorization") or ""
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("session.required")
        request.person = session.verify(self.settings.session_public_key, token, self.clock.now())
        request.authorization = f"Bearer {token}"
        self._rates.take(request.person)

    def admit_anybody(self, request: Request) -> None:
        """Count a request of whoever is at that address; raises ``TooMany``.

        A bucket for all would let one stranger close the address for everybody.
        """
        self._rates.take(f"address:{self._fingerprints.of(request.environ)}")

    def identify(self, request: Request) -> None:
        """Give the request the ids by which it is followed through the platform."""
        if request.correlationid is None:
            request.correlationid = new_id()
            request.traceparent = tracing.accepted(request.header("traceparent"))

    def _found(self, request: Request) -> Route | None:
        """The route; ``None`` for a page of another origin, or whoever else asks for the methods."""
        if len(request.path) > LONGEST_ADDRESS:
            raise AddressTooLong("address.too_long", closes=True)
        if request.method == "OPTIONS":
            return None
        try:
            route, request.path_values = self.table.find(request.method, request.path)
        except Refused:
            if not self.table.may_be_anonymous(request.path):
                self.identify(request)
            raise
        return route

    def _preflight(self, request: Request) -> Response:
        methods = self.table.methods(request.path)
        allowed = cors.preflight(request, self.settings.cors_origins, methods)
        return Response(204, headers=[("Allow", ", ".join(methods)), *allowed])

    def _answered(self, request: Request, route: Route) -> Response:
        limit = route.upload + MOST_ENVELOPE_BYTES if route.upload else MOST_BODY_BYTES
        if route.access is not Access.ANONYMOUS:
            self.identify(request)
        request.refuse_larger_than(limit)
        if route.access is Access.SESSION:
            self.admit(request)
        elif route.counted:
            self.admit_anybody(request)
        if not route.reads:
            self._take_key(request)
        if request.correlationid is None:
            return self._performed(request, route)
        with tracing.span(f"{route.method} {route.path}", request.traceparent) as request.traceparent:
            return self._performed(request, route)

    def _performed(self, request: Request, route: Route) -> Response:
        if route.handler is not None:
            response = route.handler(self, request, route)
        else:
            response = self._called(request, route)
        if not route.reads and request.idempotency_key:
            response.headers.append(("Idempotency-Key", request.idempotency_key))
        return response

    def _called(self, request: Request, route: Route) -> Response:
        assert route.call is not None
        answer = self.ask(route.call, forms.gathered(route, request), request)
        return answered(route, answer)

    def _take_key(self, request: Request) -> None:
        key = request.header("Idempotency-Key")
        if key is None:
            # Told in the answer, a refusal for want of time included: the client can repeat with it.
            key = timeless_id()
        elif not _KEY.fullmatch(key):
            raise Malformed("idempotency_key.invalid")
        request.idempotency_key = key

    def _refused(self, refusal: Refusal, request: Request) -> Response:
        response = problems.of(refusal, request)
        if response.status == 503 and request.idempotency_key:
            response.headers.append(("Idempotency-Key", request.idempotency_key))
        return response

    def _failed(self, error: Exception, request: Request, route: Route | None) -> Response:
        name = route.path if route else "none"
        if not _is_secret(request, route):
            FAILURES.labels(name, type(error).__name__).inc()
        if request.correlationid is not None:
            _log.error(
                "request.failed",
                route=name,
                error=type(error).__name__,
                origin=origin(error),
                correlationid=request.correlationid,
            )
        return problems.internal(request)

    def _told(self, request: Request, route: Route | None, status: int, seconds: float) -> None:
        """Count and log the request where it is nobody's secret: by route, without address and agent."""
        if _is_secret(request, route):
            return  # a counter would tell the instant at which somebody spoke to whoever reads it often
        count(route.path if route else "none", request.method, status, seconds)
        if request.correlationid is not None and (route is None or route.logged):
            _log.info(
                "request",
                method=request.method,
                route=route.path if route else "none",
                status=status,
                milliseconds=round(seconds * 1000, 1),
                correlationid=request.correlationid,
            )


def _is_secret(request: Request, route: Route | None) -> bool:
    """Whether nothing may tell that this request came: somebody spoke without a name."""
    return route is not None and route.access is Access.ANONYMOUS and request.correlationid is None


def answered(route: Route, answer: Mapping[str, Any]) -> Response:
    """A call's answer as the route's: with its status, and the address of what was made."""
    response = of_json(answer, route.status)
    if route.location is not None:
        response.headers.append(("Location", route.location.format_map(answer)))
    return response
