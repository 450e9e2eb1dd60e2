"""Spells: where a person belonged, with which status, from which day to which. No I/O.

The spells of a person follow each other without a gap and without an overlap. The first begins before all
that the records know (``since`` None) unless a day was named; the last one goes on (``until`` None).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.chassis.errors import Invalid

State = Mapping[str, Any]
Spell = dict[str, Any]

STANDING = ("organisation", "political_status", "active")
_DAY = timedelta(days=1)


def begin(standing: State, since: date | None, reason: str = "entered") -> list[Spell]:
    """The first spell, with ``standing``'s organisation, status and activity."""
    return [_spell(standing, since, reason)]


def follow(spells: Sequence[State], standing: State, since: date, reason: str = "changed") -> list[Spell]:
    """``spells`` with ``standing`` from ``since`` on; as they are where it is what the last one says.

    What changes on the day on which the last spell began takes its place: a day has one standing. Raises
    ``Invalid("person.since_too_early")`` for a day before that, with the days that would be accepted.
    """
    kept = [dict(each) for each in spells]
    last = kept[-1]
    if _same(last, standing):
        return kept
    if last["since"] is not None and since.isoformat() < last["since"]:
        raise Invalid.at("since", "person.since_too_early", accepted=f"{last['since']} …")
    if last["since"] == since.isoformat():
        kept.pop()
        if kept and _same(kept[-1], standing):
            kept[-1]["until"] = None
            return kept
    if kept:
        kept[-1]["until"] = (since - _DAY).isoformat()
    return [*kept, _spell(standing, since, reason)]


def accepted(spells: Sequence[State], day: date) -> date:
    """``day``, or the beginning of the last spell where that is later: the earliest that ``follow`` takes."""
    since = spells[-1]["since"]
    return day if since is None else max(day, date.fromisoformat(since))


def on(spells: Sequence[State], day: date) -> State | None:
    """The spell of ``day``; None before the first."""
    text = day.isoformat()
    for spell in reversed(spells):
        if spell["since"] is None or spell["since"] <= text:
            return spell
    return None


def within(spells: Sequence[State], organisation: str, since: date, until: date) -> list[Spell]:
    """The spells at ``organisation`` that touch a day from ``since`` to ``until``, the oldest first."""
    first, last = since.isoformat(), until.isoformat()
    return [
        dict(each)
        for each in spells
        if each["organisation"] == organisation
        and (each["since"] is None or each["since"] <= last)
        and (each["until"] is None or each["until"] >= first)
    ]


def belonged(spells: Sequence[State]) -> list[str]:
    """Every organisation that the spells name, once."""
    return sorted({spell["organisation"] for spell in spells})


def member_on(person: State, organisations: Sequence[str] | None, statuses: Sequence[str], day: date) -> bool:
    """Whether ``person`` was active in one of ``organisations`` with one of ``statuses`` on ``day``.

    ``organisations`` None: wherever it was.
    Of a first spell without a beginning nobody said when the status was reached: before the day of
    admission (``joined_on``) it does not make a member.
    """
    spell = on(person["spells"], day)
    if spell is None or not spell["active"]:
        return False
    if spell["since"] is None and person["joined_on"] is not None and day.isoformat() < person["joined_on"]:
        return False
    there = organisations is None or spell["organisation"] in organisations
    return there and spell["political_status"] in statuses


def _spell(standing: State, since: date | None, reason: str) -> Spell:
    return {
        **{name: standing[name] for name in STANDING},
        "since": since.isoformat() if since is not None else None,
        "until": None,
        "reason": reason,
    }


def _same(spell: State, standing: State) -> bool:
    return all(spell[name] == standing[name] for name in STANDING)
