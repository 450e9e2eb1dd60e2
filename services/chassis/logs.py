"""Logs: one JSON object a line, constant text, ids as fields, never personal data."""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
import warnings
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from services.chassis import context
from services.chassis.errors import origin

# What a log line may carry: what lines do carry, and no more. A name that is not here is left out, and named
# under ``left_out``, so that whoever adds one decides in this place that its values never are about a person.
FIELDS = frozenset(
    """
    attempts collection connection correlationid document documents error event event_id events exchange
    in_flight job kind lease letter level logger message method migration milliseconds number origin
    outcome pid port problem problems profile provider queue reason route schedule seconds service signal
    state status trace
    """.split()  # noqa: SIM905 - so many names are easier to read as text
)
# The middle of a mobile number and of an identity number, where no letter or digit touches them: inside a
# UUID neither occurs, since its groups hold letters or are of another length. Of a mail address, and of a URL
# with user and password, all before the host.
_PHONE = re.compile(
    r"(?<![0-9A-Za-z])((?:(?:\+|00)?86[- ]?)?1[3-9]\d)([- ]?)\d{4}([- ]?)(\d{4})(?![0-9A-Za-z])"
)
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])(\d{4})\d{10}(\d{3}[\dXx])(?![0-9A-Za-z])")
_BEFORE_HOST = re.compile(r"[^\s@/:;,<>()\[\]\"']{1,64}(?::[^\s@/]{0,200})?@(?=[^\s@])")
_LONGEST = 500

Line = MutableMapping[str, Any]


def configure(service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send the logs of this process to ``stream`` (standard error), one JSON object a line."""
    threshold = logging.getLevelName(level)
    shared: list[Any] = [
        _named(service),
        structlog.processors.add_log_level,
        _caused,
        _only_known_fields,
        masked,
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(ensure_ascii=False, default=repr_of_type),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Libraries(max(threshold, logging.WARNING))]
    root.setLevel(max(threshold, logging.WARNING))
    _tell_tracebacks()


def silence(*libraries: str) -> None:
    """Hear nothing more of these loggers: they write addresses and secrets into the very text of their lines,
    where no guard tells them from other words, and some of them to a handler of their own."""
    for name in libraries:
        logging.getLogger(name).disabled = True


def _tell_tracebacks() -> None:
    """Where a traceback or a warning would be printed, tell the same less its text, which quotes values.

    eventlet prints one for every greenthread that dies, in several places; Python for a thread, for the
    process, for what fails where nobody can be told, as in ``__del__``.
    """

    def tell(event: str, failure: BaseException | None) -> None:
        where = origin(failure) if failure else []
        structlog.get_logger().error(event, error=type(failure).__name__, origin=where)

    def printed(*arguments: Any, **options: Any) -> None:
        failures = (each for each in arguments if isinstance(each, BaseException))
        tell("greenthread.died", next(failures, None))

    def ended(of: threading.ExceptHookArgs) -> None:
        if not isinstance(of.exc_value, SystemExit):
            tell("thread.died", of.exc_value)

    def warned(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        structlog.get_logger().warning("warned", error=category.__name__, origin=[f"{filename}:{lineno}"])

    traceback.print_exception = printed
    threading.excepthook = ended
    sys.unraisablehook = lambda of: tell("failure.unraisable", of.exc_value)
    sys.excepthook = lambda kind, failure, trace: tell("process.died", failure)
    warnings.showwarning = warned


class _Libraries(logging.Handler):
    """What libraries log: their constant text without the values they would fill in, since these may quote a
    document or a request. The level is the handler's own, since a logger that sets itself one is not held to
    that of the root."""

    def emit(self, record: logging.LogRecord) -> None:
        failure = record.exc_info[1] if record.exc_info else None
        # An error, or a whole command, may be the very message: pymongo and others hand over objects.
        problem = record.msg if isinstance(record.msg, str) else repr_of_type(record.msg)
        fields: dict[str, Any] = {"logger": record.name, "problem": problem}
        if failure is not None:
            fields.update(error=type(failure).__name__, origin=origin(failure))
        structlog.get_logger().log(record.levelno, "library", **fields)


def _named(service: str) -> Any:
    def add(logger: Any, method: str, line: Line) -> Line:
        line["service"] = service
        return line

    return add


def _caused(logger: Any, method: str, line: Line) -> Line:
    """Tie the line to what led to it: the same id from the HTTP request to the last effect."""
    here = context.current()
    if here.correlationid:
        line["correlationid"] = here.correlationid
    if here.traceparent:
        line["trace"] = here.traceparent.split("-")[1] if here.traceparent.count("-") == 3 else ""
    if line.pop("exc_info", None):
        failure = sys.exc_info()[1]
        if failure is not None:
            line.update(error=type(failure).__name__, origin=origin(failure))
    return line


def _only_known_fields(logger: Any, method: str, line: Line) -> Line:
    unknown = sorted(set(line) - FIELDS)
    for name in unknown:
        del line[name]
    if unknown:
        line["left_out"] = unknown
    return line


def masked(logger: Any, method: str, line: Line) -> Line:
    """The second guard: no value may hold a mobile or an identity number or a mail address, however
    it came there."""
    for name, value in line.items():
        line[name] = _masked(value)
    return line


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        value = _IDENTITY.sub(r"\1**********\2", _PHONE.sub(r"\1\2****\3\4", value))
        return _BEFORE_HOST.sub("****@", value)[:_LONGEST]
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _masked(each) for key, each in value.items()}
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**10 else _masked(str(value))
    return repr_of_type(value)


def repr_of_type(value: Any) -> str:
    """What is shown of an object that is no plain value: its type, never its contents."""
    return f"<{type(value).__name__}>"
