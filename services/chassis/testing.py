"""Support for the services' tests: real broker, real store, a service in this process, no sleeps."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import eventlet

from services.chassis.clock import Clock
from services.chassis.container import ChassisContainer
from services.chassis.scheduled import Scheduled
from services.chassis.session import new_keys
from services.chassis.settings import LOCAL, Settings

T = TypeVar("T")


# What is waited for comes within a second; a deadline ends a test that would wait in vain. So it is one that
# a machine keeps which is busy or many times slower.
PATIENCE_SECONDS = 60.0
_SELDOM = 0.1


def wait_for(condition: Callable[[], T], seconds: float = PATIENCE_SECONDS, *, every: float = 0.02) -> T:
    """Call ``condition`` until it is true and return what it gave; fails the test after ``seconds``.

    It is called every ``every`` seconds, and more seldom the longer it takes, down to ten times a second: on
    a machine that is busy anyway, asking is work as well. An ``AssertionError`` that it raises counts as "not
    yet", and is shown when the time is over.
    """
    deadline, pause = time.monotonic() + seconds, every
    while True:
        refused: AssertionError | None = None
        try:
            found = condition()
        except AssertionError as not_yet:
            refused = not_yet
        else:
            if found:
                return found
        if time.monotonic() > deadline:
            name = getattr(condition, "__qualname__", repr(condition))
            raise AssertionError(f"not within {seconds:g} s: {name}") from refused
        eventlet.sleep(pause)
        pause = max(every, min(pause * 1.25, _SELDOM))


def settings_for_tests(
    amqp_uri: str, mongo_uri: str, database_prefix: str, service: str = "records"
) -> Settings:
    """Settings of the local profile with keys made for this test alone."""
    private, public = new_keys()
    return Settings(
        service=service,
        profile=LOCAL,
        amqp_uri=amqp_uri,
        mongo_uri=mongo_uri,
        database_prefix=database_prefix,
        session_private_key=private,
        session_public_key=public,
        field_key=base64.b64decode("MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="),
        sms_receipt_token="a token of the tests",
    )


class Running:
    """A service in this process, against the real broker and store, for the length of a ``with`` block.

    ``application`` is the service's composition root. Leaving the block drains, as SIGTERM does; leaving
    it by an exception ends at once.
    """

    def __init__(self, service_cls: type, settings: Settings, clock: Clock | None = None) -> None:
        name: str = service_cls.name  # type: ignore[attr-defined]  # nameko's convention
        self.settings = settings.for_service(name)
        config = {"AMQP_URI": settings.amqp_uri, "settings": self.settings}
        if clock is not None:
            config["clock"] = clock
        self.container = ChassisContainer(service_cls, config)

    @property
    def application(self) -> Any:
        return self.container.application

    def __enter__(self) -> Self:
        try:
            self.container.start()
            wait_for(lambda: self.container.connected, PATIENCE_SECONDS * 2)
        except BaseException:
            self.container.kill()  # what half began would answer the calls of the next test
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.container.kill()
            return
        with eventlet.Timeout(PATIENCE_SECONDS, TimeoutError(f"{self.settings.service} did not drain")):
            self.container.stop()

    @property
    def idle(self) -> bool:
        """Whether nothing is in flight: no message is handled, none waits to be published."""
        return not self.container.in_flight and not self.application.relay.backlog

    def renew(
        self, clock: Clock, *, settled: Callable[[], bool], clear: Callable[[], None], seconds: float = 30.0
    ) -> None:
        """Leave the service as a start at ``clock`` does on what ``clear`` leaves, for far less than a start.

        Its connections, consumers, queues and indexes stay; all else is built anew, so that nothing is known
        of before. First what was begun ends: nothing is in flight, and ``settled`` says that nothing waits
        for the service. Raises ``AssertionError`` where that is not so within ``seconds``.
        """
        application = self.application
        timers = [each for each in self.container.entrypoints if isinstance(each, Scheduled)]
        for timer in timers:
            timer.stop()
        application.jobs.halt()
        wait_for(lambda: self.idle and settled() and self.idle, seconds)
        application.rest()  # it has nothing to publish any more, nor anybody who would write
        clear()
        with application.indexes.trusted():
            application.put_together(clock)
        application.start()
        for timer in timers:
            timer.start()
