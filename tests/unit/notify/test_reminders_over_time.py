"""Reminders over any order and repetition of events and ticks: decided once, at its hour, never too many.

The rules are run as the service runs them, with its stores replaced by dictionaries: events pass the inbox's
rule (a sequence that is not newer is ignored), a tick climbs, releases and sends.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.contacts.model import Level
from services.notify.messages import model as messages
from services.notify.messages.model import Message, State
from services.notify.reminders.hours import Hours, QuietHours
from services.notify.reminders.model import (
    Ladder,
    Reason,
    Recipient,
    Rung,
    Watch,
    decide,
    due_soon,
    is_overtaken,
    is_wanted,
    next_step,
    overdue,
    stop,
    take,
)
from services.notify.reminders.sharing import Held, share_out

CAMPUS = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 9, 21, 16, 0, tzinfo=UTC)  # midnight, a Tuesday
DUE = date(2026, 9, 30)
HOURS = Hours(QuietHours(time(21), time(8)), SimpleNamespace(works=lambda day: day.weekday() < 5))
RUNGS = (
    Rung("week_before", -7, (Level.OWN,), "t"),
    Rung("day_before", -1, (Level.OWN,), "t"),
    Rung("first", 1, (Level.OWN,), "t"),
    Rung("second", 3, (Level.OWN,), "t"),
)
LADDER = Ladder("obligation", RUNGS, 600, 45)
MOST = 2
# What evaluation says of one obligation, numbered as it says it.
STORIES = (
    ("due_soon", "overdue", "missed"),
    ("due_soon", "overdue", "fulfilled"),
    ("due_soon", "fulfilled"),
    ("overdue", "fulfilled", "reopened", "fulfilled"),
    ("due_soon", "overdue", "fulfilled", "reopened"),
)


@dataclass
class Row:
    watch: str
    round: int
    step: str
    message: Message
    sent_at: datetime | None = None


@dataclass
class World:
    """One head of some obligations, and everything that was decided about them."""

    now: datetime = BEGIN
    watches: dict[str, Watch] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    decided: Counter = field(default_factory=Counter)
    taken: dict[date, set[str]] = field(default_factory=dict)
    digests: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def hear(self, obligation: str, sequence: int, what: str) -> None:
        if self.heard.get(obligation, 0) >= sequence:
            return
        self.heard[obligation] = sequence
        watch = self.watches.get(obligation) or Watch(obligation, "obligation", "b", "theme_day", "p", DUE)
        if what == "due_soon":
            watch = due_soon(watch, DUE, self.now)
        elif what in ("overdue", "reopened"):
            watch = overdue(watch, DUE, self.now)
        else:
            watch = stop(watch, Reason(what))
            for row in self.rows.values():
                if row.watch == obligation:
                    row.message = messages.suppress(row.message, what, self.now)
        self.watches[obligation] = watch

    def tick(self) -> None:
        for watch in list(self.watches.values()):
            step = next_step(LADDER, watch, HOURS, CAMPUS)
            if step and step[1] <= self.now:
                self._take(watch, step[0])
        self._release()
        self._send()

    def _take(self, watch: Watch, rung: Rung) -> None:
        self.decided[watch.id, watch.round, rung.step] += 1
        for each in decide(LADDER, watch, rung, (Recipient("p", "head"),), self.now, HOURS, CAMPUS):
            message = (
                messages.created(self.now, None, str(each.reason))
                if each.reason
                else messages.held(self.now, self.now, None)
            )
            self.rows[f"{watch.id}/{watch.round}/{rung.step}"] = Row(
                watch.id, watch.round, rung.step, message
            )
        self.watches[watch.id] = take(LADDER, watch, rung, self.now, CAMPUS)

    def _unwanted(self, row: Row) -> str | None:
        watch = self.watches.get(row.watch)
        if watch is None:
            return None
        reason = is_wanted(watch, row.round)
        rung = next(each for each in RUNGS if each.step == row.step)
        if reason is None and is_overtaken(LADDER, watch, rung, self.now, HOURS, CAMPUS):
            return str(Reason.OVERTAKEN)
        return reason and str(reason)

    def _release(self) -> None:
        ready = []
        for id_, row in self.rows.items():
            if row.message.release_at is None or row.message.release_at > self.now:
                continue
            if reason := self._unwanted(row):
                row.message = messages.suppress(row.message, reason, self.now)
            elif waits := HOURS.wait(self.now, CAMPUS):
                row.message = messages.defer(row.message, *waits, self.now)
            else:
                ready.append(Held(id_, 5, row.message.decisions[0].at.isoformat()))
        today = self.now.astimezone(CAMPUS).date()
        used = self.taken.setdefault(today, set())
        shares = share_out(ready, used=len(used), most=MOST)
        assert sorted((*shares.alone, *shares.merged, *shares.deferred)) == sorted(each.id for each in ready)
        for id_ in shares.alone:
            used.add(id_)
            self.rows[id_].message = messages.release(self.rows[id_].message, self.now)
        if shares.merged:
            digest = f"digest/{today}/{len(used)}"
            used.add(digest)
            self.digests[digest] = shares.merged
            self.rows[digest] = Row("", 0, "digest", messages.created(self.now, self.now, None))
            for id_ in shares.merged:
                self.rows[id_].message = messages.merge(self.rows[id_].message, digest, self.now)
        for id_ in shares.deferred:
            until = HOURS.next_day(self.now, CAMPUS)
            self.rows[id_].message = messages.defer(self.rows[id_].message, until, "daily_limit", self.now)

    def _send(self) -> None:
        today = self.now.astimezone(CAMPUS).date()
        for id_, row in self.rows.items():
            if row.message.state is not State.QUEUED or row.message.act_at > self.now:
                continue
            about = [self.rows[each] for each in self.digests.get(id_, ())] or [row]
            if all(self._unwanted(each) for each in about):
                row.message = messages.suppress(row.message, "fulfilled", self.now)
            elif waits := HOURS.wait(self.now, CAMPUS):
                row.message = messages.put_off(row.message, *waits, self.now)
            elif id_ in self.taken.setdefault(today, set()) or len(self.taken[today]) < MOST:
                self.taken[today].add(id_)
                row.message = messages.became(row.message, State.SENDING, self.now, None)
                row.sent_at = self.now
            else:
                until = HOURS.next_day(self.now, CAMPUS)
                row.message = messages.put_off(row.message, until, "daily_limit", self.now)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[str, object]]:
    """What is heard of some obligations, repeated and in any order, between ticks of any distance."""
    told = []
    for number in range(draw(st.integers(1, 6))):
        story = draw(st.sampled_from(STORIES))
        words = [(f"o{number}", sequence, what) for sequence, what in enumerate(story, 1)]
        told += words + draw(st.lists(st.sampled_from(words), max_size=3))
    steps: list[tuple[str, object]] = [("hear", each) for each in draw(st.permutations(told))]
    for hours in draw(st.lists(st.integers(0, 60), min_size=5, max_size=30)):
        steps.insert(draw(st.integers(0, len(steps))), ("tick", hours))
    return steps + [("tick", 11)] * 12


def run(history: list[tuple[str, object]]) -> tuple[World, list[tuple[str, datetime]]]:
    world, stopped = World(), []
    for kind, given_ in history:
        if kind == "hear":
            world.hear(*given_)
        else:
            world.now += timedelta(hours=given_)
            before = {id_ for id_, row in world.rows.items() if row.sent_at}
            world.tick()
            for id_, row in world.rows.items():
                if row.sent_at and id_ not in before:
                    about = world.digests.get(id_) or (id_,)
                    live = [world.watches[world.rows[each].watch].stopped for each in about]
                    stopped.append((id_, None in live))
    return world, stopped


@settings(max_examples=150, deadline=None)
@given(histories())
def test_each_rung_is_decided_once_and_none_is_lost(history: list[tuple[str, object]]) -> None:
    world, _ = run(history)
    assert set(world.decided.values()) <= {1}
    for watch in world.watches.values():
        for each in watch.taken:
            assert f"{watch.id}/{watch.round}/{each.step}" in world.rows
    for row in world.rows.values():
        assert row.message.decisions[-1].reason or row.sent_at or row.message.state is State.QUEUED
        assert row.message.release_at is None or row.message.release_at > world.now


@settings(max_examples=150, deadline=None)
@given(histories())
def test_nothing_goes_out_in_quiet_hours_nor_after_it_was_settled_nor_beyond_the_days_number(
    history: list[tuple[str, object]],
) -> None:
    world, live = run(history)
    sent = [row.sent_at for row in world.rows.values() if row.sent_at]
    for instant in sent:
        local = instant.astimezone(CAMPUS)
        assert time(8) <= local.time() < time(21)
        assert local.weekday() < 5
    assert all(wanted for _, wanted in live)
    assert max(Counter(instant.astimezone(CAMPUS).date() for instant in sent).values(), default=0) <= MOST


@given(
    st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=12),
    st.integers(0, 6),
    st.none() | st.integers(1, 6),
)
def test_every_message_of_a_day_has_one_share_and_the_digest_counts_as_one(
    given_: list[tuple[int, bool]], used: int, most: int | None
) -> None:
    held = [Held(f"m{n}", priority, "", mergeable) for n, (priority, mergeable) in enumerate(given_)]
    shares = share_out(held, used=used, most=most)
    every = [*shares.alone, *shares.merged, *shares.deferred]
    assert sorted(every) == sorted(each.id for each in held)
    assert len(shares.merged) != 1
    if most is None:
        assert len(shares.alone) == len(held)
    else:
        out = len(shares.alone) + bool(shares.merged)
        assert out <= max(most - used, 0)
        assert not shares.deferred or out == max(most - used, 0), "nothing waits while there is room"
    mergeable = {each.id for each in held if each.mergeable}
    assert set(shares.merged) <= mergeable


@pytest.mark.parametrize(
    ("count", "used", "alone", "merged", "deferred"),
    [(3, 0, 3, 0, 0), (4, 0, 2, 2, 0), (10, 0, 2, 8, 0), (2, 2, 0, 2, 0), (1, 2, 1, 0, 0), (4, 3, 0, 0, 4)],
)
def test_what_is_beyond_the_days_number_is_said_by_one_digest(
    count: int, used: int, alone: int, merged: int, deferred: int
) -> None:
    shares = share_out([Held(str(n), 5, "") for n in range(count)], used=used, most=3)
    assert (len(shares.alone), len(shares.merged), len(shares.deferred)) == (alone, merged, deferred)


def test_what_is_urgent_goes_first() -> None:
    held = [Held("a", 5, "1"), Held("b", 3, "2"), Held("c", 5, "0")]
    assert share_out(held, used=2, most=3).alone == ()
    assert share_out(held[:2], used=1, most=2) == share_out(held[:2][::-1], used=1, most=2)
    assert share_out([Held("a", 5, "1", False), Held("b", 3, "2", False)], used=0, most=1).alone == ("b",)
