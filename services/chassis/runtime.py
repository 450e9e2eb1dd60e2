"""The life of a process: settings, logs, health, start, wait for a signal, drain, exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

import eventlet
import structlog
from eventlet.event import Event as Occurrence
from eventlet.hubs import trampoline

from services.chassis import logs, metrics, tracing
from services.chassis.container import ChassisContainer
from services.chassis.errors import origin
from services.chassis.health import Check, Health, HealthServer
from services.chassis.settings import SERVICE_NEEDS, Settings, SettingsError

DONE, FAILED, CUT_SHORT, MISCONFIGURED = 0, 1, 3, 78
_log = structlog.get_logger()


def main(path: str) -> NoReturn:
    """Run the service at ``package.module:Class`` until it is told to stop; never returns.

    Exit codes: 0 drained, 1 could not start or died, 3 the drain was cut short, 78 wrong settings.
    """
    module, _, name = path.partition(":")
    service_cls = getattr(import_module(module), name)
    settings = configured(service_cls.name)
    container = ChassisContainer(
        service_cls, {"AMQP_URI": settings.amqp_uri, "settings": settings, "clock": settings.clock()}
    )
    sys.exit(
        run(
            settings,
            begin=container.start,
            drain=container.stop,
            abandon=container.kill,
            died=container.wait,
            in_flight=lambda: container.in_flight,
            checks={
                "broker": lambda: container.connected,
                "store": lambda: _store_answers(container),
                "jobs": lambda: container.application is None or container.application.jobs.alive,
            },
        )
    )


def configured(service: str, needs: Sequence[str] = SERVICE_NEEDS) -> Settings:
    """The settings of this process, its logs and traces set up by them; wrong settings end it."""
    try:
        settings = Settings.from_environment(service, needs=needs)
    except SettingsError as wrong:
        logs.configure(service)
        _log.error("settings.not_usable", problems=wrong.problems)
        sys.exit(MISCONFIGURED)
    logs.configure(service, settings.log_level)
    tracing.configure(settings)
    return settings


def run(
    settings: Settings,
    *,
    begin: Callable[[], Any],
    drain: Callable[[], Any],
    abandon: Callable[[], Any] = lambda: None,
    died: Callable[[], Any] | None = None,
    in_flight: Callable[[], int] = lambda: 0,
    checks: Mapping[str, Check] | None = None,
) -> int:
    """Begin, answer for health, wait for SIGTERM or SIGINT, drain within the deadline; the exit code.

    ``drain`` returns when nothing is in flight; ``abandon`` is called when that takes longer than the
    settings allow, or at a second signal. ``died`` returns or raises when the work ended by itself.
    """
    signals = Signals()
    health = Health(settings.service)
    metrics.watch(settings.service, in_flight=in_flight, ready=lambda: not health.missing())
    try:
        server = _health_server(settings, health)
    except OSError as error:
        _log.error("health.port_in_use", port=settings.health_port, error=type(error).__name__)
        return FAILED
    try:
        hindered = _begun(begin, signals)
        if hindered is not None:
            return hindered
        health.checks, health.started = dict(checks or {}), True
        _log.info("ready", profile=settings.profile, pid=os.getpid())
        ended = _await_end(signals, died)
        health.draining = True
        if ended is not None:
            return ended
        return _drained(drain, abandon, signals, settings.drain_seconds, in_flight)
    finally:
        if server is not None:
            server.close()
        signals.close()


class Signals:
    """SIGTERM and SIGINT as something a greenthread can wait for.

    A handler may run in the middle of anything, so it does nothing; the byte that Python writes to the
    wake-up pipe reaches a greenthread. Without the pipe the loop would sleep on until its next timer.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._first, self._second = Occurrence(), Occurrence()
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._before_fd = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._before = {
            number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)
        }
        self._thread = eventlet.spawn(self._listen)

    def _listen(self) -> None:
        while True:
            trampoline(self._read, read=True)
            for number in os.read(self._read, 64):
                if number not in self._before:
                    continue
                if self.received is None:
                    self.received = number
                    self._first.send(number)
                elif not self._second.ready():
                    self._second.send(number)

    def wait(self) -> None:
        """Return at the first signal."""
        self._first.wait()

    def wait_again(self) -> None:
        """Return at the second: whoever asks twice is in a hurry."""
        self._second.wait()

    def close(self) -> None:
        """Give the signals back to whom they belonged."""
        signal.set_wakeup_fd(self._before_fd)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._thread.kill()
        with contextlib.suppress(OSError):
            os.close(self._read)
            os.close(self._write)


def _health_server(settings: Settings, health: Health) -> HealthServer | None:
    if settings.health_port is None:
        return None
    return HealthServer(health, settings.health_host, settings.health_port)


def _begun(begin: Callable[[], Any], signals: Signals) -> int | None:
    """``None`` when the work began; an exit code when it could not, or a signal came while it began."""
    outcome = _first_of({"begun": begin, "signal": signals.wait})
    if outcome[0] == "signal":
        _log.info("stopped.while_starting")
        return DONE
    if outcome[1] is not None:
        error = outcome[1]
        if isinstance(error, SettingsError):  # of a file that a setting names: read only as the work begins
            _log.error("settings.not_usable", problems=error.problems)
            return MISCONFIGURED
        # The text of these errors is ours or the operating system's: it names ports, hosts and queues.
        problem = (
            str(error) if isinstance(error, OSError) or type(error).__module__.startswith("services.") else ""
        )
        _log.error("start.failed", error=type(error).__name__, problem=problem, origin=origin(error))
        return FAILED if signals.received is None else DONE
    return None


def _await_end(signals: Signals, died: Callable[[], Any] | None) -> int | None:
    """``None`` when a signal asks for the end; an exit code when the work ended by itself."""
    waits: dict[str, Callable[[], Any]] = {"signal": signals.wait}
    if died is not None:
        waits["died"] = died
    name, error = _first_of(waits)
    if name == "signal":
        _log.info("draining", signal=signals.received)
        return None
    if error is None:
        return DONE
    _log.error("died", error=type(error).__name__, origin=origin(error))
    return FAILED


def _drained(
    drain: Callable[[], Any],
    abandon: Callable[[], Any],
    signals: Signals,
    seconds: float,
    in_flight: Callable[[], int],
) -> int:
    name, error = _first_of(
        {"drained": drain, "again": signals.wait_again, "late": lambda: eventlet.sleep(seconds)}
    )
    if name == "drained" and error is None:
        _log.info("stopped")
        return DONE
    _log.warning("drain.cut_short", in_flight=in_flight(), reason="failed" if error else name)
    with contextlib.suppress(Exception), eventlet.Timeout(5.0, False):
        abandon()
    return CUT_SHORT


def _first_of(calls: Mapping[str, Callable[[], Any]]) -> tuple[str, BaseException | None]:
    """Run all side by side; the name of the first to end and what it raised. The others are ended."""
    first = Occurrence()

    def finish(name: str, call: Callable[[], Any]) -> None:
        error: BaseException | None = None
        try:
            call()
        except Exception as raised:
            error = raised
        if not first.ready():
            first.send((name, error))

    threads = [eventlet.spawn(finish, name, call) for name, call in calls.items()]
    try:
        outcome: tuple[str, BaseException | None] = first.wait()
        return outcome
    finally:
        for thread in threads:
            thread.kill()


def _store_answers(container: Any) -> bool:
    application = container.application
    if application is None:
        return True
    application.database.client.admin.command("ping")
    return True
