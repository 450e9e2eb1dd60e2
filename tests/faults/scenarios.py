"""What is done to the platform under load. Each scenario returns its figures; sizes are the caller's."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import eventlet

from services.chassis.testing import wait_for
from tests.faults.load import Load
from tests.faults.report import Report
from tests.faults.rig import PARTS, Rig


def killing_each_service(rig: Rig, *, commands: int, kills_each: int) -> Report:
    """``kill -9`` of each process in turn, started again at once, while commands keep coming."""
    with _reporting(rig, "kill -9 of each process", commands) as (report, load):
        turns = [name for _ in range(kills_each) for name in PARTS]
        for number, name in enumerate(turns, 1):
            load.wait_for_accepted(commands * number // (len(turns) + 1))
            rig.kill(name)
            report.hurt += 1
    _account_for_messages(rig, report)
    return report


def broker_goes_away(rig: Rig, *, commands: int, times: int, seconds: float) -> Report:
    """The broker is killed and comes back; what was written meanwhile is published afterwards."""
    with _reporting(rig, "kill -9 of the broker", commands) as (report, load):
        for number in range(1, times + 1):
            load.wait_for_accepted(commands * number // (times + 1))
            rig.kill_broker()
            report.hurt += 1
            eventlet.sleep(seconds)  # an outage has a length: this is the fault, not a wait for an effect
            report.notes["waiting"] = max(rig.backlog(), int(str(report.notes.get("waiting", 0))))
            rig.start_broker()
            rig.wait_all_ready()
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
    report.notes["redelivered"] = _steady(rig.redelivered) - before
    report.notes["exit codes"] = dict(codes)
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

    with _reporting(rig, "three replicas", commands) as (report, _):
        begun, first = time.monotonic(), ticks()
        eventlet.sleep(seconds)
        run, most = ticks() - first, int((time.monotonic() - begun) / 2.0) + 2
    report.notes["ticks"] = f"{run} of at most {most}"
    if run > most:
        report.doubled.append(f"timer notify.reminders ran {run} times, at most {most}")
    if run < most - 4:
        report.lost.append(f"timer notify.reminders ran {run} times of {most}")
    days = rig.database("evaluation")["schedules"].find_one({"_id": "evaluation.obligations"})
    report.notes["turns of the day"] = days["token"] if days else 0
    _account_for_messages(rig, report)
    for name in services:
        for replica in (1, 2):
            rig.platform.processes.pop((name, replica)).stop(30)
    return report


@contextmanager
def _reporting(rig: Rig, scenario: str, commands: int) -> Iterator[tuple[Report, Load]]:
    """Load runs while the block hurts the platform; afterwards the accounts are made up."""
    report, load = Report(scenario), Load(rig, f"{scenario} {time.monotonic_ns()}")
    begun, repeated, faulty = time.monotonic(), rig.calls.repeated, rig.calls.faulty
    load.start(commands)
    yield report, load
    load.finish()
    account = load.account()
    report.commands = account.commands
    report.lost += account.lost
    report.doubled += account.doubled
    report.repeated = rig.calls.repeated - repeated
    report.seconds = time.monotonic() - begun
    if rig.calls.faulty > faulty:
        report.notes["answers of 500"] = rig.calls.faulty - faulty


def _account_for_messages(rig: Rig, report: Report) -> None:
    """No reminder went out twice, and none that the platform holds for sent is unknown to the provider."""
    taken = Counter(each["reference"] for each in rig.sent())
    report.notes["sms"] = len(taken)
    report.doubled += [f"sms {reference} {times} times" for reference, times in taken.items() if times > 1]
    sent = rig.database("notify")["messages"].find({"state": {"$in": ["sent", "delivered"]}}, {"_id": 1})
    report.lost += [f"sms {each['_id']}" for each in sent if each["_id"] not in taken]


def _steady(read: Callable[[], int]) -> int:
    """What ``read`` gives once the broker's counters, refreshed every few seconds, stand still."""
    seen: list[tuple[float, int]] = []

    def stands_still() -> bool:
        seen.append((time.monotonic(), read()))
        since = [at for at, value in seen if value == seen[-1][1]]
        return seen[-1][0] - since[0] > 6.0

    wait_for(stands_still, 40, every=0.5)
    return seen[-1][1]
