"""``@scheduled``: a timer that only wakes. One document per schedule decides who runs, once per tick."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from datetime import time as time_of_day
from typing import Any

import eventlet
import structlog
from eventlet.event import Event as Signal
from nameko.extensions import Entrypoint
from pymongo.errors import DuplicateKeyError, PyMongoError

from services.chassis.clock import Clock
from services.chassis.identity import new_id
from services.chassis.leases import FREE
from services.chassis.store import Record, Store

LEASE_SECONDS = 30.0
WAKE_SECONDS = 0.5
LONGEST_PAUSE = timedelta(minutes=5)

_log = structlog.get_logger(__name__)

# -- when ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Daily:
    """Due once a campus day, from ``at`` on. A tick is named by its date."""

    at: time_of_day

    def latest(self, clock: Clock) -> str:
        """The tick that should have been done by now."""
        here = clock.now().astimezone(clock.zone)
        return (here.date() if here.time() >= self.at else here.date() - timedelta(days=1)).isoformat()


@dataclass(frozen=True)
class Every:
    """Due every ``seconds``. A tick is named by the instant it begins, in milliseconds since the epoch.

    So replicas agree, and ticks never go back, not even when the interval is changed.
    """

    seconds: float

    def latest(self, clock: Clock) -> str:
        """The tick that should have been done by now; those before it are gone."""
        number = int(clock.now().timestamp() / self.seconds)
        return f"{round(number * self.seconds * 1000):020d}"


@dataclass(frozen=True)
class Tick:
    """The right to run one tick of a schedule."""

    name: str
    tick: str
    token: int


class Schedules:
    """The document of each schedule: ``last_done``, ``token``, ``lease_until``, ``failures``."""

    def __init__(self, database: Store, clock: Clock, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._schedules = database["schedules"]
        self._clock = clock
        self._lease = timedelta(seconds=lease_seconds)
        self._holder = f"{os.getpid()}-{new_id()}"

    def claim(self, name: str, latest: str) -> Tick | None:
        """The right to run ``latest``; None where it was run, is being run, or rests after a failure."""
        found = self._schedules.find_one({"_id": name})
        if found is None:
            try:
                found = {"_id": name, "last_done": "", "token": 0, "lease_until": FREE, "failures": 0}
                self._schedules.insert_one(dict(found))
            except DuplicateKeyError:
                return None
        now = self._clock.now()
        if found["last_done"] >= latest or found["lease_until"] > now:
            return None
        tick = Tick(name, latest, found["token"] + 1)
        taken = {"token": tick.token, "lease_until": now + self._lease, "holder": self._holder}
        guard = {"_id": name, "token": found["token"], "last_done": found["last_done"]}
        return tick if self._schedules.update_one(guard, {"$set": taken}).matched_count else None

    def was_done(self, name: str, latest: str) -> bool:
        """Whether ``latest`` was run, here or elsewhere."""
        found = self._schedules.find_one({"_id": name}, {"last_done": 1})
        return bool(found and found["last_done"] >= latest)

    def keep(self, tick: Tick) -> bool:
        """Prolong the lease while the tick runs; False where another has taken over."""
        return self._write(tick, {"lease_until": self._clock.now() + self._lease})

    def done(self, tick: Tick) -> bool:
        """The tick was run; False where another has taken over."""
        return self._write(tick, {"last_done": tick.tick, "lease_until": FREE, "failures": 0})

    def failed(self, tick: Tick) -> bool:
        """The tick failed: it is run again after a pause that grows to ``LONGEST_PAUSE``."""
        found = self._schedules.find_one({"_id": tick.name}) or {"failures": 0}
        failures = found["failures"] + 1
        pause = min(timedelta(seconds=2 ** min(failures, 10)), LONGEST_PAUSE)
        return self._write(tick, {"failures": failures, "lease_until": self._clock.now() + pause})

    def _write(self, tick: Tick, fields: Record) -> bool:
        guard = {"_id": tick.name, "token": tick.token}
        return bool(self._schedules.update_one(guard, {"$set": fields}).matched_count)


# -- the entrypoint -----------------------------------------------------------------------------


class Scheduled(Entrypoint):  # type: ignore[misc]  # nameko publishes no types
    """Runs a method daily at a campus time, ``method(self, today)``, or every few seconds, ``method(self)``.

    Each tick runs on one replica, to its end, at least once: a tick that failed or whose process died is
    run again, and one that is paused past its lease goes on beside its successor. So the method is
    idempotent, also beside itself. A daily tick missed while nothing ran is run once at start; of
    a short interval only the newest tick counts, never a burst. An interval that is policy is asked of the
    application at start: ``every=lambda application: …``.
    """

    when: Daily | Every

    def __init__(
        self,
        at: str | None = None,
        *,
        every: float | Callable[[Any], float] | None = None,
        name: str,
        **kwargs: Any,
    ) -> None:
        if (at is None) == (every is None):
            raise TypeError("a schedule has either a time of day or an interval")
        self._at = time_of_day.fromisoformat(at) if at else None
        self._every = every
        self.name = name
        self._ended = Signal()
        self._running = False
        self._thread: Any = None
        super().__init__(**kwargs)

    def start(self) -> None:
        from services.chassis.application import application_of

        application = application_of(self.container)
        if self._at is not None:
            self.when = Daily(self._at)
        else:
            every = self._every(application) if callable(self._every) else self._every
            self.when = Every(float(every or 0))
        self.clock: Clock = application.clock
        self.schedules = Schedules(application.database, application.clock)
        self._ended = Signal()
        self._thread = self.container.spawn_managed_thread(self._wake_regularly)

    def stop(self) -> None:
        """No new tick; the running one ends as the container drains its workers. ``start`` begins anew."""
        self.kill()
        if self._thread is not None:
            self._thread.wait()

    def kill(self) -> None:
        if not self._ended.ready():
            self._ended.send(None)

    def _wake_regularly(self) -> None:
        seen, ended = "", self._ended
        while not ended.ready():
            latest = self.when.latest(self.clock)
            if latest > seen and not self._running:
                try:
                    tick = self.schedules.claim(self.name, latest)
                    if tick is not None:
                        self._run(tick)
                    elif self.schedules.was_done(self.name, latest):
                        seen = latest  # asked no more until the next tick
                except PyMongoError as failure:
                    _log.warning("schedule waits", schedule=self.name, kind=type(failure).__name__)
            pause = WAKE_SECONDS if isinstance(self.when, Daily) else min(self.when.seconds / 2, WAKE_SECONDS)
            with eventlet.Timeout(pause, False):
                ended.wait()

    def _run(self, tick: Tick) -> None:
        self._running = True
        arguments: tuple[date, ...] = (date.fromisoformat(tick.tick),) if isinstance(self.when, Daily) else ()
        # Managed, so that it ends with the container: a tick nobody runs must not be kept.
        keeper = self.container.spawn_managed_thread(lambda: self._keep(tick), "schedule lease")

        def ended(worker: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            keeper.kill()
            self._running = False
            try:
                if exc_info is None:
                    self.schedules.done(tick)
                else:
                    _log.error("scheduled run failed", schedule=self.name, kind=exc_info[0].__name__)
                    self.schedules.failed(tick)
            except PyMongoError as failure:
                # The lease lapses and the tick is run again.
                _log.warning("scheduled run not noted", schedule=self.name, kind=type(failure).__name__)
            return result, exc_info

        self.container.spawn_worker(self, arguments, {}, handle_result=ended)

    def _keep(self, tick: Tick) -> None:
        while True:
            time.sleep(LEASE_SECONDS / 3)
            try:
                if not self.schedules.keep(tick):
                    return
            except PyMongoError:
                _log.warning("schedule lease not kept", schedule=self.name)


scheduled: Callable[..., Callable[[Any], Any]] = Scheduled.decorator
