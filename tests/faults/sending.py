"""Messages under faults: a provider fails and doubles its reports while the sender dies again and again."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

from services.chassis.store import reading_all
from services.chassis.testing import wait_for
from services.notify.messages.lanes import lane_to_ask, lane_to_send
from services.notify.messages.model import FINAL
from tests.faults.report import Report
from tests.faults.rig import Rig
from tests.mailing import AT_ONCE, hand_over, purpose

UNREACHABLE_EVERY = 50  # every so many messages are for somebody without an address
# A claim that a crash left is cleared up when its lease, the time of a slow call and a pause are over.
SETTLE_SECONDS = 300.0
FAULTY_SHARE = 0.05
EACH_MADE_WITHIN = timedelta(milliseconds=10)


class Mailing:
    """Messages handed to notify as its own parts hand them over, and what became of each."""

    def __init__(self, rig: Rig, label: str) -> None:
        self._rig = rig
        self._label = label
        self._database = rig.database("notify")
        self.wanted: list[str] = []

    def hand_over(self, count: int) -> None:
        """``count`` messages; returns when they are due, by which all of them are likely to be there."""
        people = [person for branch in self._rig.branches for person in branch.people]
        made = [
            purpose(
                self._label,
                number,
                self._rig.branches[0].id,
                people[number % len(people)] if number % UNREACHABLE_EVERY else "somebody-without-a-number",
            )
            for number in range(count)
        ]
        due_at = self._rig.clock.now() + count * EACH_MADE_WITHIN
        # Some at a time, each asked for until it is there: what is there already stays as it is.
        for first in range(0, count, AT_ONCE):
            some = made[first : first + AT_ONCE]
            self.wanted += self._rig.asked(partial(hand_over, self._database, self._rig.clock, some, due_at))
        wait_for(lambda: self._rig.clock.now() >= due_at, 2 * count * EACH_MADE_WITHIN.total_seconds())

    def states(self) -> list[dict[str, Any]]:
        """State, reason and decisions of every message."""
        # Not by their ids: the embedded store compares each of them with each document.
        fields = {"state": 1, "reason": 1, "decisions": 1}

        def everything() -> list[dict[str, Any]]:
            with reading_all():
                return list(self._database["messages"].find({}, fields, batch_size=AT_ONCE))

        ours = set(self.wanted)
        return [each for each in self._rig.asked(everything) if each["_id"] in ours]

    def under_way(self) -> bool:
        """Whether one has no known end yet; as long as one waits to be sent or asked about, none is read."""
        lanes = (lane_to_send("sms", "ordinary"), lane_to_ask("campus"))
        waiting = self._database["messages"].find_one
        if any(self._rig.asked(partial(waiting, {"lane": each}, {"lane": 1})) for each in lanes):
            return True
        return any(each["state"] not in FINAL for each in self.states())


def sender_dies_again_and_again(
    rig: Rig, *, messages: int, kills: int, seconds: float, settle_seconds: float = SETTLE_SECONDS
) -> Report:
    """``kill -9`` of notify every few seconds while it sends, with a twentieth of the calls failing.

    Where ``settle_seconds`` are fewer than what a crash leaves unclear takes to be cleared up, what is still
    under way is counted and not called lost.
    """
    report = Report("kill -9 of notify while it sends")
    mailing = Mailing(rig, f"mailing {time.monotonic_ns()}")
    begun = time.monotonic()
    half = FAULTY_SHARE / 2
    rig.provider_fails(fail_rate=half, fail_after_rate=half, failed_rate=0.02, double_receipts=True)
    mailing.hand_over(messages)
    for _ in range(kills):
        time.sleep(seconds)  # the fault's own pace, not a wait for an effect
        rig.kill("notify")
        report.hurt += 1
    with contextlib.suppress(AssertionError):  # what is missing is told by the account
        # Seldom: whoever asks for one that waits has the embedded store read all that wait.
        wait_for(lambda: not mailing.under_way(), settle_seconds, every=min(settle_seconds / 6, 20.0))
    _account(rig, mailing, report, to_the_end=settle_seconds >= SETTLE_SECONDS)
    rig.provider_fails(fail_rate=0, fail_after_rate=0, failed_rate=0, double_receipts=False)
    report.seconds = time.monotonic() - begun
    return report


def _account(rig: Rig, mailing: Mailing, report: Report, *, to_the_end: bool) -> None:
    found = mailing.states()
    ours = set(mailing.wanted)
    taken = Counter(each["reference"] for each in rig.sent() if each["reference"] in ours)
    unclear = {each["_id"] for each in found if any(d["state"] == "unknown" for d in each["decisions"])}
    states = Counter(each["state"] for each in found)
    report.commands = len(ours)
    if len(found) < len(ours):
        report.lost.append(f"{len(ours) - len(found)} messages are gone")
    for each in found:
        if each["state"] in ("permanent_failure", "technical_failure", "suppressed") and not each["reason"]:
            report.lost.append(f"{each['_id']} ended as {each['state']} without a reason")
        if to_the_end and each["state"] not in FINAL:
            report.lost.append(f"{each['_id']} is {each['state']} ({each['reason']})")
    twice = {reference for reference, count in taken.items() if count > 1}
    report.doubled += [f"{each} was sent {taken[each]} times" for each in sorted(twice)]
    report.notes.update(states)
    report.notes["in the unknown window"] = len(unclear)
    report.notes["doubled in it"] = len(twice & unclear)
    report.notes["at the provider"] = sum(taken.values())
