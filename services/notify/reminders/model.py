"""Ladders as data, and the decisions they lead to; no store, no clock, no message text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.notify.contacts.model import Level
from services.notify.reminders.hours import Hours


class Reason(StrEnum):
    """Why a reminder was put off or not sent; the texts are in the catalogue."""

    QUIET_HOURS = "quiet_hours"
    NOT_WORKING_DAY = "not_working_day"
    DAILY_LIMIT = "daily_limit"
    MERGED = "merged"
    PAUSED = "paused"
    NO_HEAD = "no_head"
    NO_LEVEL_ABOVE = "no_level_above"
    NO_CONTACT = "no_contact"
    NO_CONSENT = "no_consent"
    DECLINED = "declined"
    LEFT = "left"
    TOO_OLD = "too_old"
    OVERTAKEN = "overtaken"
    FULFILLED = "fulfilled"
    MISSED = "missed"
    EXEMPTED = "exempted"
    REOPENED = "reopened"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Rung:
    """One step: ``days`` after the day on which it is due, or before it where negative; never 0.

    ``to`` says who is reminded; ``template`` is its id, of which the newest version counts.
    """

    step: str
    days: int
    to: tuple[Level, ...]
    template: str


@dataclass(frozen=True)
class Ladder:
    """The steps of one kind in their order, and when they are not taken.

    ``rules``: what it is for, where that is not all of the kind that no other ladder is for.
    ``settle_seconds``: how long word that is on its way may still arrive before the first step after the
    due day. ``too_old_days``: nobody is reminded of what was due longer ago than that. ``due_in_days`` is for
    what begins without a due day of its own.
    """

    kind: str
    rungs: tuple[Rung, ...]
    settle_seconds: int
    too_old_days: int
    due_in_days: int = 0
    rules: tuple[str, ...] = ()

    def before(self) -> tuple[Rung, ...]:
        """The rungs before the due day."""
        return tuple(rung for rung in self.rungs if rung.days < 0)

    def after(self) -> tuple[Rung, ...]:
        """The rungs after the due day."""
        return tuple(rung for rung in self.rungs if rung.days > 0)


@dataclass(frozen=True)
class Taken:
    """A rung that was decided on, and when."""

    step: str
    at: datetime


@dataclass(frozen=True)
class Watch:
    """One thing with a due day as notify follows it: an obligation, an opinion, an election.

    ``round`` counts how often it began: after a reopening, or with another due day, the ladder begins anew.
    ``began`` is when this round was first heard of, ``overdue`` when it was heard to be overdue. ``stopped``
    says why nobody is to be reminded now.
    """

    id: str
    kind: str
    organisation: str
    rule: str
    period: str
    due_on: date
    round: int = 0
    began: datetime | None = None
    overdue: datetime | None = None
    stopped: Reason | None = None
    taken: tuple[Taken, ...] = ()


@dataclass(frozen=True)
class Recipient:
    """A person who answers for an organisation, and as what; without ``reachable`` no address is known."""

    person: str
    answers_as: str
    active: bool = True
    reachable: bool = True


@dataclass(frozen=True)
class Reminder:
    """A decision: a message to ``recipient``, or none for ``reason``."""

    rung: Rung
    recipient: str | None
    answers_as: str | None = None
    reason: Reason | None = None


# -- what was heard -----------------------------------------------------------------------------


def due_soon(watch: Watch, due_on: date, now: datetime) -> Watch:
    """It falls due on ``due_on``: a new round begins, unless one is under way for that day."""
    if watch.began is not None and watch.stopped is None and watch.due_on == due_on:
        return watch
    return replace(_begun(watch, now), due_on=due_on)


def overdue(watch: Watch, due_on: date, now: datetime) -> Watch:
    """It is overdue: the round that is under way goes on to the rungs after the due day."""
    begun = due_soon(watch, due_on, now)
    return begun if begun.overdue is not None else replace(begun, overdue=now)


def stop(watch: Watch, reason: Reason) -> Watch:
    """Nobody is reminded of it any more."""
    return replace(watch, stopped=reason)


def reopened(watch: Watch, due_on: date, now: datetime, zone: ZoneInfo) -> Watch:
    """What had settled it was withdrawn: overdue again if its day has passed, else merely open."""
    if now.astimezone(zone).date() > due_on:
        return overdue(watch, due_on, now)
    return stop(watch, Reason.REOPENED)


def moved(watch: Watch, organisation: str, now: datetime) -> Watch:
    """Another organisation answers for it from now on: for whoever does there the ladder begins anew."""
    there = replace(watch, organisation=organisation)
    if watch.began is None or watch.stopped is not None:
        return there
    begun = _begun(there, now)
    return replace(begun, overdue=now) if watch.overdue is not None else begun


def _begun(watch: Watch, now: datetime) -> Watch:
    return replace(watch, round=watch.round + 1, began=now, overdue=None, stopped=None, taken=())


# -- what is due --------------------------------------------------------------------------------


def next_step(ladder: Ladder, watch: Watch, hours: Hours, zone: ZoneInfo) -> tuple[Rung, datetime] | None:
    """The rung to be decided next and the instant from which it is due; None when there is none.

    A rung before the due day counts from the working day on or before its date, so that nobody learns on a
    Monday of what was due on the Sunday. Once it is overdue those left are decided at once, as overtaken. Of
    the rungs after the due day the first waits until word on its way has settled; each later one lies as many
    days after the step before it as the ladder says. So a ladder that could not be climbed for some days goes
    on where it stood, and nobody's superior hears of it before they do.
    """
    if watch.began is None or watch.stopped is not None:
        return None
    taken = {each.step: each.at for each in watch.taken}
    for rung in ladder.before() if _heard_before(watch) else ():
        if rung.step not in taken:
            if watch.overdue is not None:
                return rung, watch.overdue
            day = hours.day_before(watch.due_on + timedelta(days=rung.days))
            return rung, max(watch.began, _first_instant(day, zone))
    if watch.overdue is None:
        return None
    before: Rung | None = None
    for rung in ladder.after():
        at = _first_instant(watch.due_on + timedelta(days=rung.days), zone)
        if rung.step in taken:
            before = rung
        elif before is None:
            return rung, max(at, watch.overdue + timedelta(seconds=ladder.settle_seconds))
        else:
            day = taken[before.step].astimezone(zone).date() + timedelta(days=rung.days - before.days)
            return rung, max(at, _first_instant(day, zone))
    return None


def decide(
    ladder: Ladder,
    watch: Watch,
    rung: Rung,
    recipients: Sequence[Recipient] | None,
    now: datetime,
    hours: Hours,
    zone: ZoneInfo,
) -> tuple[Reminder, ...]:
    """Who is reminded by ``rung``, or why nobody is: always at least one decision.

    ``recipients`` is None where there is no such level.
    """
    if is_too_old(ladder, watch, now, zone):
        return (Reminder(rung, None, reason=Reason.TOO_OLD),)
    if is_overtaken(ladder, watch, rung, now, hours, zone):
        return (Reminder(rung, None, reason=Reason.OVERTAKEN),)
    if recipients is None:
        return (Reminder(rung, None, reason=Reason.NO_LEVEL_ABOVE),)
    if not recipients:
        return (Reminder(rung, None, reason=Reason.NO_HEAD),)
    return tuple(
        Reminder(rung, each.person, each.answers_as, _unfit(each))
        for each in sorted(recipients, key=lambda each: each.person)
    )


def is_too_old(ladder: Ladder, watch: Watch, now: datetime, zone: ZoneInfo) -> bool:
    """Whether it was due longer ago than anybody is reminded of."""
    return (now.astimezone(zone).date() - watch.due_on).days > ladder.too_old_days


def is_overtaken(
    ladder: Ladder, watch: Watch, rung: Rung, now: datetime, hours: Hours, zone: ZoneInfo
) -> bool:
    """Whether a rung before the due day comes too late: it is overdue, or the next one's day is here."""
    if rung.days > 0:
        return False
    later = [each for each in ladder.before() if each.days > rung.days]
    today = now.astimezone(zone).date()
    return (
        watch.overdue is not None
        or today > watch.due_on
        or any(hours.day_before(watch.due_on + timedelta(days=each.days)) <= today for each in later)
    )


def take(ladder: Ladder, watch: Watch, rung: Rung, now: datetime, zone: ZoneInfo) -> Watch:
    """The watch after ``rung`` was decided; one that is too old goes no further."""
    taken = replace(watch, taken=(*watch.taken, Taken(rung.step, now)))
    return stop(taken, Reason.TOO_OLD) if is_too_old(ladder, watch, now, zone) else taken


def is_wanted(watch: Watch | None, round_: int) -> Reason | None:
    """Why a message of ``round_`` about ``watch`` is wanted no more; None where it is."""
    if watch is None:
        return None
    if watch.round != round_:
        return Reason.SUPERSEDED
    return watch.stopped


def _heard_before(watch: Watch) -> bool:
    """Whether this round began before it was overdue: else the rungs before the due day are none of it."""
    return watch.overdue is None or watch.began != watch.overdue


def _unfit(recipient: Recipient) -> Reason | None:
    if not recipient.active:
        return Reason.LEFT
    return None if recipient.reachable else Reason.NO_CONTACT


def _first_instant(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
