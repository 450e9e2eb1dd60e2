"""Answering calls: who may call is checked here, what may be asked by a schema, what is told by another."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import structlog
from amqp import Message
from eventlet.greenpool import GreenPool
from marshmallow import RAISE, Schema, ValidationError
from nameko.extensions import Entrypoint, SharedExtension
from prometheus_client import Histogram
from pymongo.errors import PyMongoError

from services.chassis import broker, context
from services.chassis.clock import SystemClock
from services.chassis.consuming import Consumption, Subscription
from services.chassis.context import Context
from services.chassis.deliveries import Delivery
from services.chassis.errors import Invalid, NotFound, Refusal, Unauthenticated, origin
from services.chassis.faults_at import placed
from services.chassis.link import LinkLost
from services.chassis.session import verify
from services.chassis.store import refusal_of
from services.chassis.wire import canonical, decode, encode, shaped, writable

_log = structlog.get_logger()
_DURATION = Histogram(
    "jishi_rpc_seconds",
    "Time to answer a call, from its arrival.",
    ["service", "method", "answer"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
DEFAULT_WORKERS = 32
MOST_REQUEST_BYTES = 2 * 1024 * 1024  # an upload's chunk of 512 KiB in base64, and room to spare
_INTERNAL = {"kind": "Internal", "code": "internal", "params": {}, "fields": {}}


class RpcServer(SharedExtension):  # type: ignore[misc]  # nameko is untyped
    """The one queue of a service's calls, its connection, and the methods that answer.

    Calls are not persistent: whoever asks waits a few seconds and asks again. A call is acknowledged after
    its answer was sent, so one that dies with its process is answered by another replica; a command is
    protected from being done twice by its idempotency key.
    """

    def setup(self) -> None:
        if hasattr(self, "methods"):
            return
        service = self.container.service_name
        workers = int(self.container.config.get("RPC_WORKERS", DEFAULT_WORKERS))
        queue = broker.rpc_queue(service)
        self.methods: dict[str, Rpc] = {}
        self._service = service
        self._pool = GreenPool(workers)
        self._consumption = Consumption(self.container.amqp_uri, name=f"{service}-rpc")
        self._subscription = Subscription(
            queue,
            prefetch=workers,
            declare=lambda channel: broker.declare_queue(channel, queue, quorum=False),
            deliver=self._received,
        )
        self._consumption.add(self._subscription)

    @property
    def unsettled(self) -> int:
        return self._consumption.unsettled

    @property
    def connected(self) -> bool:
        return self._consumption.connected

    def start(self) -> None:
        self._consumption.start()

    def drain(self) -> None:
        """Take no more calls, and return when those begun are answered."""
        self._subscription.drain()

    def stop(self) -> None:
        self.drain()
        self._consumption.stop()

    def kill(self) -> None:
        self._consumption.stop()

    def _received(self, delivery: Delivery) -> None:
        self._pool.spawn_n(self._settle, delivery)

    def _settle(self, delivery: Delivery) -> None:
        started = time.monotonic()
        method = str(delivery.properties.get("type", ""))
        entrypoint = self.methods.get(method)
        if _expired(delivery.headers):
            delivery.ack()  # the caller has gone: what is not begun need not be
            return
        try:
            answer = self._answer(method, entrypoint, delivery)
            reply_to = delivery.properties.get("reply_to")
            if reply_to:
                delivery.publish(
                    reply_to, Message(answer, correlation_id=delivery.properties.get("correlation_id", ""))
                )
            delivery.ack()
        except LinkLost:
            delivery.forget()
        except Exception as error:
            # Our own fault, and the message must not come round for ever: the caller will time out.
            _log.error("rpc.not_answered", method=method, error=type(error).__name__, origin=origin(error))
            delivery.ack()
        finally:
            # A series that grows when somebody speaks without a name tells when they did: none is kept.
            if entrypoint is None or not entrypoint.anonymous:
                known = method if entrypoint else "unknown"
                _DURATION.labels(self._service, known, "sent").observe(time.monotonic() - started)

    def _answer(self, method: str, entrypoint: Rpc | None, delivery: Delivery) -> bytes:
        try:
            if entrypoint is None:
                raise NotFound("rpc.unknown_method", params={"method": method[:80]})
            return encode({"result": entrypoint.answer(delivery)})
        except Refusal as refusal:
            return encode({"error": self._told(refusal)})
        except PyMongoError as failure:
            refused = refusal_of(failure)
            if refused is not None:
                return encode({"error": self._told(refused)})
            return self._surprised(method, failure)
        except Exception as surprise:
            return self._surprised(method, surprise)

    def _surprised(self, method: str, error: Exception) -> bytes:
        _log.error(
            "rpc.failed",
            service=self._service,
            method=method,
            error=type(error).__name__,
            origin=origin(error),
        )
        return encode({"error": {**_INTERNAL, "text": self._text("internal", {})}})

    def _told(self, refusal: Refusal) -> dict[str, Any]:
        told = {
            "kind": refusal.kind,
            "code": refusal.code,
            "params": refusal.params,
            "fields": refusal.fields,
            "text": dict(refusal.text) if refusal.text else self._text(refusal.code, refusal.params),
        }
        catalogue = getattr(self.container.application, "catalogue", None)
        if refusal.fields and catalogue is not None:
            own = {
                path: catalogue.render(refusal.fields[path][0], {**refusal.params, **params})
                for path, params in refusal.field_params.items()
            }
            told["field_texts"] = {**catalogue.texts_of(refusal.fields, refusal.params), **own}
        return told

    def _text(self, code: str, params: Mapping[str, Any]) -> dict[str, str]:
        catalogue = getattr(self.container.application, "catalogue", None)
        if catalogue is None:
            return {"zh": code, "en": code}
        rendered: dict[str, str] = catalogue.render(code, params)
        return rendered


class Rpc(Entrypoint):  # type: ignore[misc]  # nameko is untyped
    """``@rpc(request=…, response=…)`` on ``method(self, request: dict) -> dict``.

    The request is checked by its schema (unknown fields are refused) and handed over in native values; of
    the answer only what the response schema declares leaves, dates as ISO text. ``public`` lets a call in
    without a session; ``anonymous`` forgets who calls and what led to the call, even when it was told, and
    is not measured.
    """

    server = RpcServer()

    def __init__(
        self,
        *,
        request: type[Schema],
        response: type[Schema] | None = None,
        public: bool = False,
        anonymous: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.request = request
        self.response = response
        self.public = public
        self.anonymous = anonymous

    def setup(self) -> None:
        self.server.setup()
        self.server.methods[self.method_name] = self

    def stop(self) -> None:
        self.server.drain()

    def answer(self, delivery: Delivery) -> Any:
        """The method's answer to a call; raises ``Refusal`` where there is none to give."""
        asked = _asked(delivery.body)
        with context.entered(self._context(delivery.headers, asked)):
            return self.perform(asked)

    def perform(self, asked: Mapping[str, Any]) -> Any:
        """The answer to ``asked`` in the context of this greenthread: what a caller would be told.

        For a service that asks itself, in the name of whoever a job belongs to. Raises ``Refusal``.
        """
        schema = _asking(self.request)
        try:
            request = schema.load(asked)
        except ValidationError as wrong:
            raise Invalid("request.invalid", fields=placed(schema, wrong.messages_dict)) from None
        answer = self.container.perform(self, lambda service: getattr(service, self.method_name)(request))
        return answer if self.response is None else shaped(_telling(self.response), answer)

    def _context(self, headers: Mapping[str, Any], asked: Any) -> Context:
        key = headers.get("idempotency-key")
        fingerprint = None
        if key:
            fingerprint = hashlib.sha256(self.method_name.encode() + b"\n" + canonical(asked)).hexdigest()
        if self.anonymous:
            return Context(idempotency_key=key, fingerprint=fingerprint)
        return Context(
            actor=self._caller(headers.get("authorization")),
            correlationid=headers.get("correlationid"),
            traceparent=headers.get("traceparent"),
            idempotency_key=key,
            fingerprint=fingerprint,
        )

    def _caller(self, authorization: str | None) -> str | None:
        if not authorization:
            if self.public:
                return None
            raise Unauthenticated("session.required")
        application = self.container.application
        token = authorization.removeprefix("Bearer ").strip()
        settings = getattr(application, "settings", None)
        if settings is None:
            raise Unauthenticated("session.invalid")
        clock = self.container.clock or SystemClock(settings.clock().zone)
        return verify(settings.session_public_key, token, clock.now())


rpc = Rpc.decorator


# Made at the first call of its kind: a service has hundreds, and nameko makes every entrypoint twice.
@cache
def _asking(request: type[Schema]) -> Schema:
    return request(unknown=RAISE)


@cache
def _telling(response: type[Schema]) -> Schema:
    return response()


def calls_of(container: Any) -> dict[str, Rpc]:
    """The calls that a running service answers, by name."""
    return {each.method_name: each for each in container.entrypoints if isinstance(each, Rpc)}


def _expired(headers: Mapping[str, Any]) -> bool:
    deadline = headers.get("x-deadline")
    # A deadline is compared between machines of one campus, by their real clocks.
    return isinstance(deadline, int) and deadline < time.time() * 1000


def _asked(body: bytes) -> Any:
    if len(body) > MOST_REQUEST_BYTES:
        raise Invalid("request.too_large")
    try:
        wire = decode(body)
        if b"\\u" in body and not writable(wire):
            raise ValueError("half a character")
    except (ValueError, RecursionError):
        raise Invalid("request.not_json") from None
    if not isinstance(wire, dict) or not isinstance(wire.get("request"), dict):
        raise Invalid("request.not_an_object")
    return wire["request"]
