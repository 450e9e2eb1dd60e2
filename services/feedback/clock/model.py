"""The clock of an opinion: a pure function of what happened to it and of the calendar. No I/O.

What happened is a history of entries ``{number, on, what, …}``: ``started`` (it came in, or was opened
again), ``limited`` (with ``speed``), ``paused`` (with ``reason``), ``resumed``, ``stopped``, ``taken_up``
(what had stopped it came to nothing: it goes on where it stood). Entries are read in the order of their
numbers, however they lie. Days are campus days: nobody's hour is known, so none counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

Entry = Mapping[str, Any]
STARTED, LIMITED, PAUSED, RESUMED, STOPPED = "started", "limited", "paused", "resumed", "stopped"
TAKEN_UP = "taken_up"
ORDINARY = "ordinary"
_DAY = timedelta(days=1)
_FURTHEST = timedelta(days=400)  # of days off in a row there are fewer, and a span without end must end


class Calendar(Protocol):
    """What the clock asks about days; injected."""

    def works(self, day: date) -> bool:
        """Whether ``day`` is a working day."""

    def announced(self, day: date) -> bool:
        """Whether that is certain: a year whose holidays are not announced is provisional."""


@dataclass(frozen=True)
class Limits:
    """Working days to answer by speed; ``soon`` is how many are left when a reminder is due.

    ``pack`` and ``article`` say where that is written.
    """

    days: Mapping[str, int]
    soon: int
    pack: str
    article: str


@dataclass(frozen=True)
class Reading:
    """What the clock shows on a day.

    ``used`` working days have counted of ``limit``. ``due_on`` is the last day in time, None while it is
    paused, since nobody knows then. ``overdue``: it was not stopped by then. ``provisional``: a day that
    counts is of a year that is not announced.
    """

    state: str
    speed: str
    limit: int
    used: int
    due_on: date | None
    soon: bool
    overdue: bool
    provisional: bool
    stopped_on: date | None


def read(history: Sequence[Entry], calendar: Calendar, limits: Limits, today: date) -> Reading:
    """The clock on ``today``, a day not before the last entry.

    The day on which it starts does not count; the one on which it is paused does, since it ran that day; the
    one on which it goes on does not. So nothing that is entered today changes what has counted until today.
    """
    run = _last_run(history)
    started = _day(run[0])
    speed = next((str(each["speed"]) for each in reversed(run) if each["what"] == LIMITED), ORDINARY)
    limit = limits.days[speed]
    state = _state(run)
    stopped_on = _day(run[-1]) if state == STOPPED else None
    pauses = list(_pauses(run))
    until = stopped_on or today
    used, provisional = 0, False
    for day in _days(started, until):
        if _paused(day, pauses):
            continue
        used += calendar.works(day)
        provisional = provisional or not calendar.announced(day)
    due_on: date | None = None
    if state != PAUSED:
        due_on, unsure = _due(started, limit, calendar, pauses)
        provisional = provisional or unsure
    overdue = used > limit
    return Reading(
        state=state,
        speed=speed,
        limit=limit,
        used=used,
        due_on=due_on,
        soon=state == "running" and not overdue and limit - used <= limits.soon,
        overdue=overdue,
        provisional=provisional,
        stopped_on=stopped_on,
    )


def entered(history: Sequence[Entry], what: str, on: date, **more: Any) -> tuple[Entry, ...]:
    """``history`` and one entry more. What changes nothing is left out: pausing what is paused."""
    if history:
        state = _state(_last_run(history))
        idle = {
            PAUSED: state != "running",
            RESUMED: state != PAUSED,
            STOPPED: state == STOPPED,
            TAKEN_UP: state != STOPPED,
        }
        if idle.get(what, False):
            return tuple(history)
    entry = {"number": len(history) + 1, "on": on.isoformat(), "what": what, **more}
    return (*history, entry)


def started_on(history: Sequence[Entry]) -> date:
    """The day on which its last run began: what is in force on it counts for the whole run."""
    return _day(_last_run(history)[0])


def is_paused(history: Sequence[Entry]) -> bool:
    """Whether it stands still for a reason."""
    return bool(history) and _state(_last_run(history)) == PAUSED


def pause_of(history: Sequence[Entry]) -> Entry | None:
    """The entry by which it was paused last."""
    return next((each for each in reversed(_ordered(history)) if each["what"] == PAUSED), None)


def _ordered(history: Sequence[Entry]) -> list[Entry]:
    return sorted(history, key=lambda each: int(each["number"]))


def _last_run(history: Sequence[Entry]) -> list[Entry]:
    ordered = _ordered(history)
    begun = max(at for at, each in enumerate(ordered) if each["what"] == STARTED)
    return ordered[begun:]


def _state(run: Sequence[Entry]) -> str:
    for each in reversed(run):
        if each["what"] in (PAUSED, STOPPED):
            return str(each["what"])
        if each["what"] in (STARTED, RESUMED, TAKEN_UP):
            return "running"
    raise ValueError("a run begins with its start")


def _pauses(run: Sequence[Entry]) -> Iterator[tuple[date, date | None]]:
    since: date | None = None
    stopped: date | None = None
    for each in run:
        if each["what"] == STOPPED:
            stopped = _day(each)
        elif each["what"] == TAKEN_UP and stopped is not None:
            yield stopped, _day(each)
        if each["what"] == PAUSED:
            since = _day(each)
        elif since is not None and each["what"] in (RESUMED, STOPPED):
            yield since, _day(each)
            since = None
    if since is not None:
        yield since, None


def _paused(day: date, pauses: Sequence[tuple[date, date | None]]) -> bool:
    return any(since < day and (until is None or day <= until) for since, until in pauses)


def _days(after: date, until: date) -> Iterator[date]:
    day = after + _DAY
    while day <= until:
        yield day
        day += _DAY


def _due(
    started: date, limit: int, calendar: Calendar, pauses: Sequence[tuple[date, date | None]]
) -> tuple[date, bool]:
    """The day on which the last day in time falls, and whether a year on the way is not announced."""
    counted, unsure, day, idle = 0, False, started, timedelta()
    while counted < limit and idle < _FURTHEST:
        day += _DAY
        idle += _DAY
        if _paused(day, pauses):
            idle = timedelta()
            continue
        unsure = unsure or not calendar.announced(day)
        if calendar.works(day):
            counted += 1
            idle = timedelta()
    # Whoever goes on after a pause that began on the last day is in time until the next day that counts.
    for ahead in _days(day, max((until for _, until in pauses if until), default=day)):
        if calendar.works(ahead):
            if not _paused(ahead, pauses):
                break
            day = ahead
    return day, unsure


def _day(entry: Entry) -> date:
    return date.fromisoformat(entry["on"])
