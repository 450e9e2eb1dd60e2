"""Timers that only wake: each tick once whatever the number of replicas, resumed after a crash, no burst."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any

import eventlet
import pytest

from services.chassis.application import Application
from services.chassis.clock import FixedClock
from services.chassis.scheduled import LEASE_SECONDS, Daily, Schedules, scheduled
from services.chassis.settings import Settings
from services.chassis.store import Store
from services.chassis.testing import Running, wait_for

TEN_PAST = "2026-03-10"


def campus(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=FixedClock(datetime.now(UTC)).zone)


@pytest.fixture
def schedules(database: Store, clock: FixedClock) -> Schedules:
    return Schedules(database, clock)


def test_one_replica_gets_the_tick_and_the_next_needs_a_new_one(database: Store, clock: FixedClock) -> None:
    replicas = [Schedules(database, clock) for _ in range(3)]
    claims = [replica.claim("s", "1") for replica in replicas]
    (mine,) = [claim for claim in claims if claim]
    assert replicas[claims.index(mine)].done(mine)
    assert [replica.claim("s", "1") for replica in replicas] == [None, None, None]
    assert replicas[1].claim("s", "2") is not None


def test_replicas_that_race_for_a_tick_do_not_share_it(database: Store, clock: FixedClock) -> None:
    Schedules(database, clock).claim("s", "")  # the document is there already
    pool = eventlet.GreenPool()
    claims = list(pool.imap(lambda _: Schedules(database, clock).claim("s", "1"), range(8)))
    assert sum(claim is not None for claim in claims) == 1


def test_after_a_crash_another_takes_over_with_a_higher_token(
    schedules: Schedules, database: Store, clock: FixedClock
) -> None:
    first = schedules.claim("s", "1")
    assert first is not None
    clock.advance(timedelta(seconds=LEASE_SECONDS + 1))
    second = Schedules(database, clock).claim("s", "1")
    assert second is not None
    assert second.token == first.token + 1
    assert not schedules.done(first)  # the one presumed dead has nothing to say any more
    assert not schedules.keep(first)
    assert schedules.done(second)


def test_a_lease_that_is_kept_is_not_taken(schedules: Schedules, database: Store, clock: FixedClock) -> None:
    tick = schedules.claim("s", "1")
    assert tick is not None
    for _ in range(4):
        clock.advance(timedelta(seconds=LEASE_SECONDS / 3))
        assert schedules.keep(tick)
        assert Schedules(database, clock).claim("s", "1") is None


def test_a_failed_tick_comes_again_after_a_pause_that_grows(schedules: Schedules, clock: FixedClock) -> None:
    pauses = []
    for _ in range(3):
        tick = schedules.claim("s", "1")
        assert tick is not None
        schedules.failed(tick)
        waited = 0
        while schedules.claim("s", "1") is None:
            clock.advance(timedelta(seconds=1))
            waited += 1
        pauses.append(waited)
        clock.advance(timedelta(seconds=LEASE_SECONDS))
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]


class Timers(Application):
    """Collects what the timers of all replicas did."""

    ran: list[tuple[str, date | None]]
    failing = 0

    def compose(self) -> None:
        self.ran = []


class TimerService:
    name = "records"

    timers = Timers()

    @scheduled("00:10", name="timers.daily")
    def daily(self, today: date) -> None:
        self.timers.ran.append(("daily", today))

    @scheduled(every=0.2, name="timers.often")
    def often(self) -> None:
        self.timers.ran.append(("often", None))


@pytest.fixture
def replicas(settings: Settings, clock: FixedClock) -> Iterator[list[Timers]]:
    clock.instant = campus(10, 9)
    with ExitStack() as stack:
        running = [stack.enter_context(Running(TimerService, settings, clock)) for _ in range(3)]
        yield [each.application for each in running]


def ran(replicas: list[Timers], what: str) -> list[Any]:
    return [entry for replica in replicas for entry in replica.ran if entry[0] == what]


def test_three_replicas_run_each_tick_once(replicas: list[Timers], clock: FixedClock) -> None:
    wait_for(lambda: ran(replicas, "daily") and ran(replicas, "often"))
    clock.advance(timedelta(seconds=0.2))
    wait_for(lambda: len(ran(replicas, "often")) == 2)
    clock.instant = campus(11, 0, 9)
    wait_for(lambda: len(ran(replicas, "often")) == 3)  # every replica has looked at the new time
    assert [entry[1] for entry in ran(replicas, "daily")] == [date(2026, 3, 10)]
    clock.instant = campus(11, 0, 10)
    wait_for(lambda: len(ran(replicas, "daily")) == 2 and len(ran(replicas, "often")) == 4)
    clock.advance(timedelta(seconds=5))
    wait_for(lambda: len(ran(replicas, "often")) == 5)
    assert [entry[1] for entry in ran(replicas, "daily")] == [date(2026, 3, 10), date(2026, 3, 11)]


def test_ticks_missed_while_nothing_ran_are_run_once(settings: Settings, clock: FixedClock) -> None:
    clock.instant = campus(1, 9)
    with Running(TimerService, settings, clock) as running:
        wait_for(lambda: ran([running.application], "daily"))
    clock.instant = campus(9, 23)
    with Running(TimerService, settings, clock) as running:
        wait_for(lambda: ran([running.application], "daily") and ran([running.application], "often"))
        clock.advance(timedelta(seconds=1))
        wait_for(lambda: len(ran([running.application], "often")) == 2)
        assert [entry[1] for entry in ran([running.application], "daily")] == [date(2026, 3, 9)]


def test_a_tick_that_is_caught_up_is_given_its_own_day(settings: Settings, clock: FixedClock) -> None:
    clock.instant = campus(11, 0, 5)  # five minutes before the tick of the 11th: the one of the 10th is owed
    with Running(TimerService, settings, clock) as running:
        wait_for(lambda: ran([running.application], "daily"))
        assert [entry[1] for entry in ran([running.application], "daily")] == [date(2026, 3, 10)]


def test_before_its_hour_the_tick_due_is_yesterdays() -> None:
    daily = Daily(datetime(2026, 1, 1, 0, 10).time())
    assert daily.latest(FixedClock(campus(10, 0, 9))) == "2026-03-09"
    assert daily.latest(FixedClock(campus(10, 0, 10))) == TEN_PAST


class Failing(Application):
    attempts = 0


class FailingService:
    name = "records"

    failing = Failing()

    @scheduled(every=3600.0, name="timers.failing")
    def fail(self) -> None:
        Failing.attempts += 1
        raise RuntimeError("anything")


def test_a_tick_that_fails_leaves_the_service_alive_and_is_tried_again(
    settings: Settings, clock: FixedClock
) -> None:
    Failing.attempts = 0
    with Running(FailingService, settings, clock):
        wait_for(lambda: Failing.attempts == 1)
        wait_for(lambda: _failures(settings, "timers.failing") == 1)
        clock.advance(timedelta(seconds=10))
        wait_for(lambda: Failing.attempts == 2)


def _failures(settings: Settings, name: str) -> int:
    from services.chassis.store import connect

    database = connect(settings.mongo_uri, settings.database_name)
    found = database["schedules"].find_one({"_id": name})
    database.client.close()
    return int(found["failures"]) if found else 0
