"""Until when an activity is entered at all, and how the level above opens it for what is older. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Invalid
from services.chassis.policies import Ruling
from services.contracts.records_events import EntryWindowChanged

State = Mapping[str, Any]


@dataclass(frozen=True)
class Limit:
    """What bounds an entry: a rule in days after the event, and the openings beyond it, with their ids."""

    ruling: Ruling
    openings: Sequence[State] = ()


def last_day(held_on: date, ruling: Ruling) -> date:
    """The last day on which an activity is entered without an opening."""
    return held_on + timedelta(days=int(ruling.value))


def opened(held_on: date, today: date, by: str, limit: Limit | None) -> dict[str, str] | None:
    """The opening under which ``by`` enters on ``today`` what was held on ``held_on``; None where none is
    needed.

    Raises ``Invalid("activity.entry_closed")`` where one is needed and there is none.
    """
    if limit is None or today <= (latest := last_day(held_on, limit.ruling)):
        return None
    for each in limit.openings:
        if fits(each, held_on, today, by):
            return {"window": each["id"], "reason": each["reason"]}
    raise _refused("held_on", "activity.entry_closed", limit.ruling, latest)


def fits(window: State, held_on: date, today: date, by: str) -> bool:
    """Whether ``by`` may enter under ``window``: nobody enters under what they opened themselves."""
    held = window["held_from"] <= held_on.isoformat() <= window["held_until"]
    return held and is_open(window, today) and by != window["opened_by"]


def is_open(window: State, today: date) -> bool:
    """Whether ``window`` was not closed, and its last day is not over."""
    return window["closed_on"] is None and today.isoformat() <= window["open_until"]


def open_window(subject: str, given: State, *, by: str, today: date, longest: Ruling | None) -> Change:
    """The entry of what was held from ``held_from`` to ``held_until`` is opened to the end of ``open_until``.

    Raises ``Invalid``: ``entry_window.days_reversed``, ``entry_window.in_future``, ``entry_window.over``,
    ``entry_window.too_long``.
    """
    held_from, held_until, open_until = (given[name] for name in ("held_from", "held_until", "open_until"))
    if held_until < held_from:
        raise Invalid.at("held_until", "entry_window.days_reversed", earliest=held_from.isoformat())
    if held_until > today:
        raise Invalid.at("held_until", "entry_window.in_future", latest=today.isoformat())
    if open_until < today:
        raise Invalid.at("open_until", "entry_window.over", earliest=today.isoformat())
    if longest is not None and open_until > (latest := last_day(today, longest)):
        raise _refused("open_until", "entry_window.too_long", longest, latest)
    return _changed(
        subject,
        {
            "organisation": given["organisation"],
            "held_from": held_from.isoformat(),
            "held_until": held_until.isoformat(),
            "open_until": open_until.isoformat(),
            "reason": given["reason"],
            "opened_by": by,
            "opened_on": today.isoformat(),
            "closed_by": None,
            "closed_on": None,
            "close_reason": None,
        },
    )


def close_window(subject: str, before: State, *, reason: str, by: str, today: date) -> Change | None:
    """Nothing more is entered under the window; None where that is so already."""
    if not is_open(before, today):
        return None
    closed = {"closed_by": by, "closed_on": today.isoformat(), "close_reason": reason}
    return _changed(subject, {**before, **closed})


def _changed(subject: str, state: State) -> Change:
    days = ("held_from", "held_until", "open_until", "closed_on")
    told = {name: date.fromisoformat(state[name]) if state[name] else None for name in days}
    event = EntryWindowChanged.of(window=subject, organisation=state["organisation"], **told)
    return Change(state, [event])


def _refused(field: str, code: str, ruling: Ruling, latest: date) -> Invalid:
    return Invalid.at(field, code, **ruling.cited, latest=latest.isoformat())
