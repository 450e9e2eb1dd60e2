"""Calling a service: one connection for all greenthreads, an answer or a typed refusal in time."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Mapping
from time import monotonic
from typing import Any

import eventlet
import structlog
from amqp import Message, spec
from eventlet.event import Event as Signal
from eventlet.semaphore import Semaphore

from services.chassis import broker
from services.chassis.errors import REFUSALS, Invalid, Refusal, Unavailable
from services.chassis.link import Link, LinkLost
from services.chassis.wire import encode

_log = structlog.get_logger()
_REPLIES = "amq.rabbitmq.reply-to"
_LEAST_SECONDS = 0.001


class Internal(Refusal):
    """The service met a fault of its own; it is in its log, and no caller can mend it (HTTP 500)."""

    kind = "Internal"


class RpcClient:
    """Calls methods of services by name: ``call("records.plan_activity", {...})``.

    Safe for greenthreads. Connects on first use and again after a loss. A call is sent once and never
    repeated: whether to ask again is for the caller, with the same idempotency key.
    """

    def __init__(self, amqp_uri: str, *, name: str = "jishi-calls") -> None:
        self._amqp_uri = amqp_uri
        self._name = name
        self._line: _Line | None = None
        self._connecting = Semaphore()

    @property
    def connected(self) -> bool:
        """Whether a call would find the broker without connecting first."""
        return self._line is not None and self._line.link.alive

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
    ) -> dict[str, Any]:
        """The answer, as JSON values.

        Raises the service's refusal with its ``text`` by language; ``Unavailable`` within ``timeout``
        seconds where the broker or the service does not answer, ``Internal`` where the service failed.
        """
        until = monotonic() + timeout
        service, _, name = method.partition(".")
        headers = {
            "authorization": authorization,
            "idempotency-key": idempotency_key,
            "correlationid": correlationid,
            "traceparent": traceparent,
            "x-deadline": int((time.time() + timeout) * 1000),
        }
        try:
            body = encode({"request": request})
        except UnicodeEncodeError:
            raise Invalid("request.not_json") from None
        message = Message(
            body,
            type=name,
            application_headers={key: value for key, value in headers.items() if value is not None},
            reply_to=_REPLIES,
            delivery_mode=1,
            expiration=str(max(int(timeout * 1000), 1)),
        )
        return _answer(self._connected(until).ask(broker.rpc_queue(service), message, until))

    def close(self) -> None:
        """End the connection; a later call opens a new one."""
        line, self._line = self._line, None
        if line is not None:
            line.link.close()

    def _connected(self, until: float) -> _Line:
        line = self._line
        if line is not None and line.link.alive:
            return line
        try:
            with eventlet.Timeout(_left(until), TimeoutError()), self._connecting:
                if self._line is None or not self._line.link.alive:
                    self._line = _Line(self._amqp_uri, self._name, _left(until))
                return self._line
        except Exception as error:
            _log.warning("rpc_client.not_connected", error=type(error).__name__)
            raise Unavailable("service.unavailable") from error


class _Line:
    """One connected channel and the calls that wait on it."""

    def __init__(self, amqp_uri: str, name: str, seconds: float) -> None:
        self.link = Link(amqp_uri, name=name, seconds=seconds)
        self._channel = self.link.channel()
        self._channel.auto_decode = False
        self._numbers = itertools.count(1)
        self._waiting: dict[str, Signal] = {}
        self._channel._callbacks[spec.Basic.Return] = self._on_return
        # Direct reply-to: answers reach this channel without any queue being made.
        self._channel.basic_consume(_REPLIES, no_ack=True, callback=self._on_reply)
        self.link.start(self._on_lost)

    def ask(self, queue: str, message: Any, until: float) -> bytes:
        if self.link.blocked:
            raise Unavailable("service.unavailable")
        number = str(next(self._numbers))
        message.properties["correlation_id"] = number
        answered = self._waiting[number] = Signal()
        try:
            self.link.write(
                # Mandatory: a service that was never started is told at once instead of by the timeout.
                lambda: self._channel.send_method(
                    spec.Basic.Publish, "Bssbb", (0, "", queue, True, False), message
                ),
                seconds=_left(until),
            )
            body: bytes | None = answered.wait(timeout=_left(until))
        except LinkLost:
            body = None
        finally:
            self._waiting.pop(number, None)
        if body is None:
            raise Unavailable("service.unavailable")
        return body

    def _on_reply(self, message: Any) -> None:
        answered = self._waiting.pop(message.properties.get("correlation_id", ""), None)
        if answered is not None:
            answered.send(message.body)

    def _on_return(self, code: int, text: str, exchange: str, key: str, message: Any) -> None:
        answered = self._waiting.pop(message.properties.get("correlation_id", ""), None)
        if answered is not None:
            answered.send(None)

    def _on_lost(self, error: BaseException) -> None:
        waiting, self._waiting = self._waiting, {}
        for answered in waiting.values():
            answered.send(None)


def _answer(body: bytes) -> dict[str, Any]:
    wire = json.loads(body)
    if "error" not in wire:
        result: dict[str, Any] = wire["result"]
        return result
    error = wire["error"]
    refusal = REFUSALS.get(error["kind"], Internal)(
        error["code"], params=error["params"], fields=error["fields"]
    )
    refusal.text = error.get("text")
    refusal.field_texts = error.get("field_texts", {})
    raise refusal


def _left(until: float) -> float:
    return max(until - monotonic(), _LEAST_SECONDS)
