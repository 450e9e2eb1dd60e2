"""Logs: constant text, ids as fields, never personal data."""

import ast
import io
import json
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from services.chassis import context, logs

SOURCES = [path for folder in ("services", "gateway") for path in Path(folder).rglob("*.py")]
LOGGERS = ("_log", "log", "logger")
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


PRINTING: list[tuple[Any, str]] = [
    (traceback, "print_exception"),
    (threading, "excepthook"),
    (sys, "unraisablehook"),
    (sys, "excepthook"),
    (warnings, "showwarning"),
]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Logs of this process, as read back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for module, name in PRINTING:  # what is put in their place is taken away again
        monkeypatch.setattr(module, name, getattr(module, name))
    stream = io.StringIO()
    logs.configure("records", "INFO", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_is_json_with_its_service_time_and_fields(lines: Any) -> None:
    structlog.get_logger().warning("relay.returned", queue="records.campus", documents=2)
    [line] = lines()
    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "relay.returned",
        "level": "warning",
        "service": "records",
        "queue": "records.campus",
        "documents": 2,
    }


def test_a_field_that_nobody_allowed_is_left_out_and_named(lines: Any) -> None:
    structlog.get_logger().info("person.changed", full_name="张三", name="张三", event_id="e1")
    [line] = lines()
    assert line["left_out"] == ["full_name", "name"]
    assert line["event_id"] == "e1"
    assert "张三" not in json.dumps(line, ensure_ascii=False)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("call 13812345678 now", "call 138****5678 now"),
        (["13812345678"], ["138****5678"]),
        ({"mobile": "+8613812345678"}, {"mobile": "+86138****5678"}),
        (13812345678, "138****5678"),
        (8613812345678, "86138****5678"),
        ("tel:+86-138-1234-5678;008613812345678", "tel:+86-138-****-5678;0086138****5678"),
        ("id 11010519491231002X", "id 1101**********002X"),
        ("110105194912310021", "1101**********0021"),
        ("<zhang.san+a@campus.example>: no such mailbox", "<****@campus.example>: no such mailbox"),
        ("amqp://jishi:a-secret@rabbit:5672/", "amqp://****@rabbit:5672/"),
    ],
)
def test_phones_and_identity_numbers_are_masked_wherever_they_stand(
    lines: Any, value: Any, told: Any
) -> None:
    structlog.get_logger().info("library", problem=value)
    assert lines()[0]["problem"] == told


@given(
    before=st.sampled_from(["", "call ", "电话", "(", "tel:", "a,"]),
    prefix=st.sampled_from(["", "+86", "86", "0086", "+86 ", "86-", "0086 "]),
    number=st.from_regex(r"\A1[3-9][0-9]{9}\Z"),
    after=st.sampled_from(["", " now", "的", ")", ",", "."]),
)
def test_no_phone_passes_however_it_is_written(before: str, prefix: str, number: str, after: str) -> None:
    told = logs._masked(f"{before}{prefix}{number}{after}")
    assert told == f"{before}{prefix}{number[:3]}****{number[7:]}{after}"


# Decimal digits alone, and those that a phone begins with: the ids that look most like a number.
@given(
    st.one_of(st.uuids().map(str), st.lists(st.sampled_from("0123456789861386"), min_size=32, max_size=32))
)
def test_ids_are_never_masked(made: str | list[str]) -> None:
    identity = made if isinstance(made, str) else str(UUID("".join(made)))
    assert logs._masked(identity) == identity


def test_an_object_is_shown_by_its_type_alone(lines: Any) -> None:
    class Person:
        def __repr__(self) -> str:
            return "张三"

    structlog.get_logger().info("library", problem=Person())
    assert lines()[0]["problem"] == "<Person>"


def test_a_library_cannot_log_the_values_it_fills_in(lines: Any) -> None:
    try:
        raise ValueError("duplicate key 13812345678 张三")
    except ValueError:
        logging.getLogger("pymongo").exception("failed for %s", "张三")
    [line] = [line for line in lines() if line["event"] == "library"]  # pytest's own handler prints as well
    assert (line["logger"], line["problem"], line["error"]) == ("pymongo", "failed for %s", "ValueError")
    assert "张三" not in json.dumps(line, ensure_ascii=False)


def test_what_a_library_logs_in_place_of_a_text_is_shown_by_its_type_alone(lines: Any) -> None:
    logging.getLogger("pymongo").warning(ValueError("duplicate key 张三"))
    logging.getLogger("pymongo").warning({"insert": "people", "documents": [{"name": "张三"}]})
    [error, command] = [line["problem"] for line in lines() if line["event"] == "library"]
    assert (error, command) == ("<ValueError>", "<dict>")


def test_a_library_that_sets_itself_a_level_is_heard_no_more_than_the_others(lines: Any) -> None:
    chatty = logging.getLogger("chatty")
    chatty.setLevel(logging.DEBUG)
    chatty.debug("SendRequest: 张三")
    chatty.warning("retried")
    assert [line["problem"] for line in lines() if line["event"] == "library"] == ["retried"]


def test_a_printed_traceback_tells_where_and_not_what(lines: Any, capsys: Any) -> None:
    try:
        raise ValueError("张三")
    except ValueError:
        traceback.print_exc()
    assert lines()[0]["error"] == "ValueError"
    assert "张三" not in capsys.readouterr().err + json.dumps(lines(), ensure_ascii=False)


class Unforgiving:
    """It fails where nobody can be told."""

    def __del__(self) -> None:
        fail()


def fail() -> None:
    raise ValueError("张三 13812345678")


def test_whatever_dies_in_this_process_tells_where_and_not_what(lines: Any, capfd: Any) -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    Unforgiving()
    try:
        fail()
    except ValueError:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]  # there is one
    warnings.showwarning("张三", UserWarning, "somewhere.py", 7)
    assert [(line["event"], line["error"]) for line in lines()] == [
        ("thread.died", "ValueError"),
        ("failure.unraisable", "ValueError"),
        ("process.died", "ValueError"),
        ("warned", "UserWarning"),
    ]
    assert all(line["origin"] for line in lines())
    assert "张三" not in json.dumps(lines(), ensure_ascii=False) + "".join(capfd.readouterr())


def test_a_line_is_tied_to_what_led_to_it(lines: Any) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    with context.entered(context.Context(correlationid="c1", traceparent=trace)):
        structlog.get_logger().info("ready")
    assert lines()[0]["correlationid"] == "c1"
    assert lines()[0]["trace"] == "a" * 32


@cache
def _logged(path: Path) -> Sequence[ast.Call]:
    text = path.read_text(encoding="utf-8")
    if not any(f"{name}.{level}(" in text for name in LOGGERS for level in LEVELS):
        return ()  # most files; reading one into a tree is what takes its time
    return [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in LOGGERS
    ]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_log_text_is_constant_and_every_field_is_allowed(path: Path) -> None:
    for call in _logged(path):
        where = f"{path}:{call.lineno}"
        assert len(call.args) == 1, where
        # A name is a text handed on; what is put together in place may hold anything.
        assert isinstance(call.args[0], ast.Constant | ast.Name), where
        assert {each.arg for each in call.keywords if each.arg} <= logs.FIELDS, where


def test_no_field_is_allowed_that_no_line_carries() -> None:
    passed = {each.arg for path in SOURCES for call in _logged(path) for each in call.keywords}
    of_every_line = {"correlationid", "event", "level", "logger", "service", "trace"}
    handed_on = {"document", "event_id"}
    assert logs.FIELDS - of_every_line - handed_on <= passed
