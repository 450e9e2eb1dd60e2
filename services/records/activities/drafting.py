"""Ready-made bodies of a routine meeting: from a template, or as the last one of its kind was. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.contract import Change
from services.contracts.records_events import ActivityTemplateChanged
from services.records.activities import details
from services.records.activities.kinds import Kind

State = Mapping[str, Any]
COPIED = ("title", "starts_at", "place", "agenda", "invitees", "observers", "details")
# Details that say what came of one meeting: nobody says it of the next one before that was held.
_OF_ONE = frozenset({"flag", "date", "counts"})
_MONTHS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_YEAR = re.compile(r"(?<!\d)(\d{4})(?=年)")
_MONTH = re.compile(r"(?<!\d)(\d{1,2})(?=月)|(十[一二]?|[一二三四五六七八九])(?=月)")
_DAY = re.compile(r"(?<=月)(\d{1,2})(?=日)")


def draft(
    organisation: str, kind: Kind, source: State, entitled: Sequence[str], held_on: date, was: date | None
) -> dict[str, Any]:
    """A body for filing: what ``source`` says, with all ``entitled`` present and the title of its new day.

    What came of the last meeting, its grades, days and confirmations, is not copied. ``was`` is the day of
    the activity that is copied; a template has none, and its title is filled in at ``{year}``, ``{month}``
    and ``{day}``.
    """
    title = str(source.get("title") or "")
    named = retitled(title, was, held_on) if was else filled(title, held_on)
    known = {name: source[name] for name in COPIED if source.get(name)}
    return {
        "place": None,
        "starts_at": None,
        "agenda": [],
        "invitees": None,
        "observers": [],
        **known,
        "details": {
            name: value
            for name, value in (source.get("details") or {}).items()
            if name in kind.details and kind.details[name].form not in _OF_ONE
        },
        "organisation": organisation,
        "kind": kind.name,
        "title": named,
        "held_on": held_on.isoformat(),
        "attendance": [{"person": each, "state": "present"} for each in entitled],
    }


def asked(kind: Kind, body: State) -> list[str]:
    """The fields of ``body`` that a writer still has to fill in before it can be handed in."""
    missing = [name for name in details.asked(kind, "submit") if name not in body["details"]]
    fields = [] if body["title"] else ["title"]
    if kind.entitled == "participants":
        fields.append("attendance")
    if kind.minutes == "submit":
        fields.append("minutes")
    return [*fields, *(f"details.{name}" for name in missing)]


def retitled(title: str, was: date, now: date) -> str:
    """``title`` with the year, month and day of ``was`` turned to those of ``now``, in digits or in words.

    ``2026年9月主题党日`` of September becomes ``2026年10月主题党日``; a number that is not that of ``was``
    belongs to the title and stays.
    """
    title = _YEAR.sub(lambda m: f"{now.year}" if m[0] == f"{was.year}" else m[0], title)
    title = _DAY.sub(lambda m: f"{now.day}" if int(m[0]) == was.day else m[0], title)
    return _MONTH.sub(lambda m: _month(m, was, now), title)


def _month(met: re.Match[str], was: date, now: date) -> str:
    if met[1]:
        return str(now.month) if int(met[1]) == was.month else met[1]
    return _MONTHS[now.month - 1] if met[2] == _MONTHS[was.month - 1] else met[2]


def filled(title: str, day: date) -> str:
    """``title`` with ``{year}``, ``{month}`` and ``{day}`` of ``day``; other braces stay."""
    for place, number in (("{year}", day.year), ("{month}", day.month), ("{day}", day.day)):
        title = title.replace(place, str(number))
    return title


# -- templates -------------------------------------------------------------------------------------


def keep_template(subject: str, before: State | None, given: State, kind: Kind) -> Change | None:
    """A template as ``given``, in the place of the one ``before``; None where it says so already.

    Its details need not be complete, but each has to be what ``kind`` takes: raises as ``details.checked``.
    """
    state = {
        "organisation": given["organisation"],
        "kind": kind.name,
        "active": True,
        "offered": [mark(given["organisation"]), mark(given["organisation"], kind.name)],
        **{name: given.get(name) for name in COPIED},
        "details": details.checked(kind, given.get("details") or {}, None),
    }
    return None if state == before else _template_changed(subject, state)


def drop_template(subject: str, before: State) -> Change | None:
    """A template is offered no more; None where it was dropped before."""
    if not before["active"]:
        return None
    return _template_changed(subject, {**before, "active": False, "offered": []})


def mark(organisation: str, kind: str | None = None) -> str:
    """By what the templates are found that ``organisation`` offers, all of them or those of a kind."""
    return organisation if kind is None else f"{organisation}:{kind}"


def _template_changed(subject: str, state: State) -> Change:
    told = {name: state[name] for name in ("organisation", "kind", "active")}
    return Change(state, [ActivityTemplateChanged.of(template=subject, **told)])
