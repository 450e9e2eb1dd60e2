"""Credits of training: what one is worth, and that it is reversed where it was wrong, never edited. No I/O.

Hours are kept in whole minutes. States are as the store keeps them: dates are ISO texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid
from services.chassis.policies import Ruling
from services.contracts.records_events import TrainingCredited, TrainingReversed

State = Mapping[str, Any]
Rulings = Mapping[str, Ruling]
MINUTES = 60  # of an hour of credit
_LENGTHS = ("minutes", "full_days", "half_days")


def worth(given: State, rulings: Rulings) -> int:
    """Minutes of credit for training of ``minutes``, ``full_days`` and ``half_days`` (each >= 0) together.

    A whole day and half a day are worth the hours of ``full_day`` and ``half_day``; minutes are themselves.
    """
    days = sum(
        int(given.get(f"{length}s") or 0) * int(rulings[length].value) for length in ("full_day", "half_day")
    )
    return int(given.get("minutes") or 0) + days * MINUTES


def credit(subject: str, given: State, rulings: Rulings, *, today: date) -> Change:
    """A new credit; it counts in the calendar year of its day ``on``.

    ``given`` holds ``person``, ``organisation``, ``on``, ``title``, ``form``, ``origin``, ``activity``,
    ``lecture``, ``entered_by``, how long it was (see ``worth``), and as ``rule`` which ruling set that, where
    it was not said. ``rulings`` are those in force on that day. Raises ``Invalid``: ``credit.in_future``,
    ``credit.no_pack``, ``credit.nothing``.
    """
    on: date = given["on"]
    if on > today:
        raise Invalid.at("on", "credit.in_future", latest=today.isoformat())
    if not {"full_day", "half_day"} <= rulings.keys():
        raise Invalid.at("on", "credit.no_pack", on=on.isoformat())
    minutes = worth(given, rulings)
    if minutes < 1:
        days = {name: int(rulings[name].value) for name in ("full_day", "half_day")}
        raise Invalid.at("minutes", "credit.nothing", **rulings["full_day"].cited, **days)
    by_days = given.get("full_days") or given.get("half_days")
    applied = (
        rulings.get(given.get("rule") or "")
        or rulings["full_day" if given.get("full_days") or not by_days else "half_day"]
    )
    state = {
        **{name: given.get(name) for name in ("person", "organisation", "title", "form", "origin")},
        "on": on.isoformat(),
        "year": on.year,
        "minutes": minutes,
        "activity": given.get("activity"),
        "lecture": given.get("lecture"),
        "reference": given.get("reference"),
        "pack": applied.pack.id,
        "article": applied.parameter.article,
        "reverses": None,
        "reason": None,
        "entered_by": given.get("entered_by"),
        "entered_on": today.isoformat(),
    }
    event = TrainingCredited.of(**_facts(subject, state), pack=state["pack"])
    return Change(state, [event])


def reverse(
    subject: str, credit: str, before: State, *, reason: str | None, by: str | None, today: date
) -> Change:
    """The line that takes away what ``credit`` gave, in the same year; the credit itself stays as it is.

    Raises ``Conflict("credit.is_reversal")``: what was taken away wrongly is credited anew.
    """
    if before["reverses"] is not None:
        raise Conflict("credit.is_reversal", params={"accepted": "credit"})
    state = {
        **before,
        "minutes": -before["minutes"],
        "reverses": credit,
        "reason": reason,
        "entered_by": by,
        "entered_on": today.isoformat(),
    }
    return Change(state, [TrainingReversed.of(**_facts(subject, state), reverses=credit)])


def same(before: State, given: State, rulings: Rulings) -> bool:
    """Whether ``given`` says once more what was credited: person, day, form, title and worth."""
    told = {"on": given["on"].isoformat(), "minutes": worth(given, rulings)}
    told |= {name: given[name] for name in ("person", "form", "title")}
    return all(before[name] == value for name, value in told.items())


def standing(lines: Iterable[State]) -> list[State]:
    """The credits among ``lines`` that were not reversed, by day."""
    lines = list(lines)
    gone = {line["reverses"] for line in lines if line["reverses"] is not None}
    kept = [line for line in lines if line["reverses"] is None and line["id"] not in gone]
    return sorted(kept, key=lambda line: (line["on"], line["id"]))


def reversed_by_hand(lines: Iterable[State]) -> set[str]:
    """Those of whose credits among ``lines`` somebody took one back."""
    return {
        line["person"] for line in lines if line["reverses"] is not None and line["entered_by"] is not None
    }


def of_activity(activity: State, rulings: Rulings) -> tuple[int, list[str]]:
    """The minutes that an approved activity gives, and to whom: whoever was present and is no guest.

    Guests count nowhere; 0 and nobody where the kind gives no credit, or who was there is not known.
    """
    ruling = rulings.get("activity_minutes")
    minutes = int(ruling.value.get(activity["kind"], 0)) if ruling is not None else 0
    if not minutes or activity["state"] != "approved":
        return 0, []
    return minutes, [
        entry["person"]
        for entry in activity["attendance"]
        if entry["state"] == "present" and not entry.get("guest")
    ]


def of_lecture(
    subject: str,
    lecture: str,
    studied: State,
    given: State,
    rulings: Rulings,
    *,
    published_on: date,
    today: date,
) -> Change:
    """What a published lecture gives to a person who studied it on the day ``on``.

    ``given`` holds ``person``, ``organisation``, ``on`` and ``entered_by``. Raises ``Invalid``:
    ``credit.before_published``, ``credit.lecture_gives_none`` of a kind that the pack gives nothing, and as
    ``credit``.
    """
    on: date = given["on"]
    if on < published_on:
        accepted = f"{published_on.isoformat()} … {today.isoformat()}"
        raise Invalid.at("on", "credit.before_published", accepted=accepted)
    ruling = rulings.get("lecture_minutes")
    if ruling is None:
        raise Invalid.at("on", "credit.no_pack", on=on.isoformat())
    minutes = int(ruling.value.get(studied["kind"], 0))
    if not minutes:
        raise Invalid.at(
            "lecture",
            "credit.lecture_gives_none",
            rule="lecture_minutes",
            pack=ruling.pack.id,
            article=ruling.parameter.article,
            accepted=", ".join(sorted(kind for kind, worth in ruling.value.items() if worth)),
        )
    told = {**given, "title": studied["title"], "form": "lecture", "origin": "entered", "lecture": lecture}
    return credit(subject, {**told, "minutes": minutes, "rule": "lecture_minutes"}, rulings, today=today)


def _facts(subject: str, state: State) -> dict[str, Any]:
    named = ("person", "organisation", "year", "form", "origin", "activity", "minutes")
    return {
        "credit": subject,
        "on": date.fromisoformat(state["on"]),
        **{name: state[name] for name in named},
    }
