"""Traces: W3C ``traceparent`` is always carried; OpenTelemetry records it where an endpoint is set."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from services.chassis import context
from services.chassis.settings import Settings

_FORM = re.compile(r"\A00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
_tracer: Any = None


def accepted(traceparent: object) -> str | None:
    """``traceparent`` if it is one, else ``None``: it comes from outside and goes into logs."""
    return traceparent if isinstance(traceparent, str) and _FORM.fullmatch(traceparent) else None


def child_of(traceparent: str | None) -> str:
    """A new span of the same trace; of a new trace where there is none."""
    parent = accepted(traceparent)
    trace, flags = (parent[3:35], parent[53:]) if parent else (secrets.token_hex(16), "01")
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"


def configure(settings: Settings) -> None:
    """Record where ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set; raises ``RuntimeError`` without the extra."""
    global _tracer
    if settings.otel_endpoint is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ModuleNotFoundError:
        raise RuntimeError("traces are asked for: pip install 'jishi[otlp]'") from None
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"jishi-{settings.service}"}))
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{settings.otel_endpoint.rstrip('/')}/v1/traces"))
    )
    _tracer = provider.get_tracer("jishi")


@contextmanager
def span(name: str, traceparent: str | None, **attributes: str | int) -> Iterator[str]:
    """One step of a trace; yields the ``traceparent`` that the next step is given.

    Attributes are ids and names, never personal data. Costs nothing but a random number when off.
    """
    if _tracer is None:
        yield child_of(traceparent)
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    propagator = TraceContextTextMapPropagator()
    parent = propagator.extract({"traceparent": traceparent or ""} if accepted(traceparent) else {})
    with _tracer.start_as_current_span(
        # Exceptions' texts quote values: only the fact is recorded.
        name,
        context=parent,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ):
        carrier: dict[str, str] = {}
        propagator.inject(carrier)
        yield carrier.get("traceparent") or child_of(traceparent)


@contextmanager
def within(name: str) -> Iterator[None]:
    """One step of the trace that the running context belongs to, entered for what it causes.

    Without a trace nothing is recorded: what is anonymous must leave none.
    """
    here = context.current()
    if _tracer is None or here.traceparent is None:
        yield
        return
    with span(name, here.traceparent) as traceparent, context.entered(replace(here, traceparent=traceparent)):
        yield
