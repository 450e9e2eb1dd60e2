"""What is done to the platform under load. Each scenario returns its figures; sizes are the caller's."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import eventlet

from services.chassis.testing import wait_for
from tests.faults.load import Account, Load
from tests.faults.reminders import Reminders
from tests.faults.report import Report
from tests.faults.rig import PARTS, Rig
from tests.faults.rosters import Rosters


def killing_each_service(rig: Rig, *, commands: int, kills_each: int) -> Report:
    """``kill -9`` of each process in turn, started again at once, while commands and reminders come."""
    reminders = Reminders(rig)
    rig.provider_dawdles(150)
    before = rig.redelivered().total()
    with _reporting(rig, "kill -9 of each process", commands, reminders) as (report, load):
        turns = [name for _ in range(kills_each) for name in PARTS]
        for number, name in enumerate(turns, 1):
            reminders.fall_overdue(2)
            load.wait_for_accepted(commands * number // (len(turns) + 1))
            rig.kill(name)
            report.hurt += 1
    rig.provider_dawdles(0)
    report.notes["redelivered"] = _steady(rig.redelivered).total() - before
    return report


def broker_goes_away(rig: Rig, *, commands: int, rows: int, times: int, seconds: float) -> Report:
    """The broker is killed and comes back. A job goes on writing meanwhile; its events follow later."""
    rosters = Rosters(rig)
    with _reporting(rig, "kill -9 of the broker", commands, rosters) as (report, load):
        written = 0
        for number in range(1, times + 1):
            load.wait_for_accepted(commands * number // (times + 1))
            rosters.begin(rows)
            rig.kill_broker()
            report.hurt += 1
            before = rosters.written()
            eventlet.sleep(seconds)  # an outage has a length: this is the fault, not a wait for an effect
            with contextlib.suppress(AssertionError):  # and lasts until a job has met it, on a slow machine
                wait_for(lambda before=before: rosters.written() > before)
            written += rosters.written() - before
            report.notes["most waiting"] = max(rig.backlog(), int(str(report.notes.get("most waiting", 0))))
            rig.start_broker()
            rig.wait_all_ready()
        report.notes["written meanwhile"] = written
    return report


def store_goes_away(rig: Rig, *, commands: int, times: int, seconds: float) -> Report:
    """The store is killed and comes back with everything that it had acknowledged."""
    with _reporting(rig, "kill -9 of the store", commands) as (report, load):
        for number in range(1, times + 1):
            load.wait_for_accepted(commands * number // (times + 1))
            rig.kill_store()
            report.hurt += 1
            eventlet.sleep(seconds)
            rig.start_store()
            rig.wait_all_ready()
    return report


def rolling_restart(rig: Rig, *, commands: int, rounds: int) -> Report:
    """Every process is told to stop and is started again, one after another, under load."""
    before = _steady(rig.redelivered)
    codes: Counter[str] = Counter()
    with _reporting(rig, "SIGTERM, rolling restart", commands) as (report, load):
        turns = [name for _ in range(rounds) for name in PARTS]
        for number, name in enumerate(turns, 1):
            load.wait_for_accepted(commands * number // (len(turns) + 1))
            codes[str(rig.restart_in_order(name))] += 1
            report.hurt += 1
    again = _steady(rig.redelivered) - before
    report.notes["redelivered"] = again.total()
    report.notes["exit codes"] = dict(codes)
    report.doubled += [f"{count} deliveries of {queue} were made again" for queue, count in again.items()]
    return report


def three_replicas(rig: Rig, *, commands: int, seconds: float) -> Report:
    """Three of each service at work; each tick of each timer is run by one of them."""
    services = ("records", "evaluation", "notify", "feedback")
    for name in services:
        for replica in (1, 2):
            rig.start_replica(name, replica)
    schedules = rig.database("notify")["schedules"]

    def ticks() -> int:
        return int((schedules.find_one({"_id": "notify.reminders"}) or {"token": 0})["token"])

    reminders = Reminders(rig)
    with _reporting(rig, "three replicas", commands, reminders) as (report, _):
        reminders.fall_overdue(commands // 5)
        begun, first = time.monotonic(), ticks()
        eventlet.sleep(seconds)
        run, most = ticks() - first, int((time.monotonic() - begun) / 2.0) + 2
    report.notes["ticks"] = f"{run} of at most {most}"
    if run > most:
        report.doubled.append(f"timer notify.reminders ran {run} times, at most {most}")
    if run < most // 8:  # a tick that takes longer than its interval skips those after it
        report.lost.append(f"timer notify.reminders ran {run} times of {most}")
    days = rig.database("evaluation")["schedules"].find_one({"_id": "evaluation.obligations"})
    report.notes["turns of the day"] = days["token"] if days else 0
    for name in services:
        for replica in (1, 2):
            rig.platform.processes.pop((name, replica)).stop(90)
    return report


class Accountable(Protocol):
    """Something beside the load whose effects are counted."""

    def account(self, found: Account) -> None:
        """Compare what was asked for with what is there."""


@contextmanager
def _reporting(rig: Rig, scenario: str, commands: int, *beside: Accountable) -> Iterator[tuple[Report, Load]]:
    """Load runs while the block hurts the platform; afterwards the accounts are made up."""
    report, load = Report(scenario), Load(rig, f"{scenario} {time.monotonic_ns()}")
    begun, repeated, faulty = time.monotonic(), rig.calls.repeated, rig.calls.faulty
    load.start(commands)
    yield report, load
    load.finish()
    account = load.account()
    for each in beside:
        each.account(account)
    report.commands = account.commands
    report.lost += account.lost
    report.doubled += account.doubled
    report.notes.update(account.notes)
    report.repeated = rig.calls.repeated - repeated
    report.seconds = time.monotonic() - begun
    if rig.calls.faulty > faulty:
        report.notes["answers of 500"] = rig.calls.faulty - faulty


def _steady(read: Callable[[], Counter[str]]) -> Counter[str]:
    """What ``read`` gives once the broker's counters, refreshed every few seconds, stand still."""
    seen: list[tuple[float, Counter[str]]] = []

    def stands_still() -> bool:
        seen.append((time.monotonic(), read()))
        since = [at for at, value in seen if value == seen[-1][1]]
        return seen[-1][0] - since[0] > 6.0

    wait_for(stands_still, 120, every=0.5)
    return seen[-1][1]
