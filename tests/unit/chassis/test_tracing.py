"""One trace from the HTTP request to the last effect; nothing of what is anonymous."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.chassis import context, tracing

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
FORM = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Traces are recorded, here."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("tests"))
    yield exporter
    provider.shutdown()


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        1,
        "",
        "x",
        PARENT.upper(),
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        PARENT + "\n",
    ],
)
def test_what_is_no_traceparent_is_not_carried(wrong: object) -> None:
    assert tracing.accepted(wrong) is None


@given(st.text(max_size=80))
def test_a_child_is_always_a_traceparent(given_text: str) -> None:
    assert FORM.fullmatch(tracing.child_of(given_text))


def test_a_child_is_another_span_of_the_same_trace() -> None:
    child = tracing.child_of(PARENT)
    assert child != PARENT
    assert child[3:35] == TRACE


def test_a_step_is_carried_also_where_nothing_is_recorded() -> None:
    with tracing.span("GET /me", PARENT) as carried:
        assert carried[3:35] == TRACE


def test_steps_within_steps_are_one_trace(recorded: InMemorySpanExporter) -> None:
    with (
        tracing.span("POST /activities", PARENT) as carried,
        context.entered(context.Context(traceparent=carried)),
        tracing.within("records.plan_activity"),
    ):
        caused = context.current().traceparent
    inner, outer = recorded.get_finished_spans()
    assert (outer.name, inner.name) == ("POST /activities", "records.plan_activity")
    assert outer.parent is not None
    assert inner.parent is not None
    assert format(outer.parent.span_id, "016x") == SPAN
    assert inner.parent.span_id == outer.context.span_id
    assert caused == f"00-{TRACE}-{inner.context.span_id:016x}-01"


def test_what_is_anonymous_leaves_no_span(recorded: InMemorySpanExporter) -> None:
    with context.entered(context.Context()), tracing.within("feedback.submit_anonymous_opinion"):
        pass
    assert recorded.get_finished_spans() == ()


def test_the_text_of_an_error_is_not_recorded(recorded: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="张三"), tracing.span("POST /people", PARENT):
        raise ValueError("张三")
    [span] = recorded.get_finished_spans()
    assert not span.events
    assert "张三" not in span.to_json(indent=None)
