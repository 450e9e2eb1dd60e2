"""What a person's year of training asks for, and where they stand on a day of it. No I/O.

Every figure is a fact with its rule, pack and article; nothing follows from it but what people decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.chassis.months import months_after
from services.chassis.policies import Ruling
from services.records.training.model import MINUTES, Rulings, State, standing

PARTY = frozenset({"member", "probationary"})


@dataclass(frozen=True)
class Target:
    """Minutes and classes owed in a year, from the day ``since`` on which the person came to owe them."""

    role: str
    minutes: int
    classes: int
    since: date
    rules: tuple[tuple[str, Ruling], ...]


def target(year: int, day: date, person: State, posts: Iterable[State], rulings: Rulings) -> Target | None:
    """What ``person`` owes in ``year``, as they stand on ``day``; None for whoever is no Party member.

    Whoever holds a leading post on ``day`` (of a past year: on its last day) owes what is asked of leading
    posts. Who became a member in the course of the year owes as much of it as days were left, rounded up to
    whole minutes. ``rulings`` are those in force when the year began.
    """
    if person["political_status"] not in PARTY or "member_hours" not in rulings:
        return None
    first, last = bounds(year)
    joined = date.fromisoformat(person["joined_on"]) if person.get("joined_on") else first
    if joined > last:
        return None
    since = max(first, joined)
    leads = leading(min(day, last), posts, rulings["leading_posts"])
    hours = rulings["leading_hours" if leads else "member_hours"]
    named = [("leading_hours" if leads else "member_hours", hours)]
    if leads:
        named.append(("leading_classes", rulings["leading_classes"]))
    if since > first:
        named.append(("part_year", rulings["part_year"]))
    whole = int(hours.value) * MINUTES
    return Target(
        role="leading" if leads else "member",
        minutes=-(-whole * _days(since, last) // _days(first, last)),
        classes=int(rulings["leading_classes"].value) if leads else 0,
        since=since,
        rules=tuple(named),
    )


def leading(day: date, posts: Iterable[State], ruling: Ruling) -> bool:
    """Whether a post (``role``, ``kind`` of its organisation, ``since``, ``until``) leads on ``day``."""
    return any(
        post["role"] in ruling.value["roles"] and post["kind"] in ruling.value["kinds"] and _held(post, day)
        for post in posts
    )


def expected(owed: Target, year: int, day: date) -> int:
    """The pace: minutes that an even year has reached at the end of ``day``, rounded down.

    0 before the target begins, all of it from the last day of the year on; never less than the day before.
    """
    _, last = bounds(year)
    if day < owed.since:
        return 0
    return owed.minutes * _days(owed.since, min(day, last)) // _days(owed.since, last)


def progress(
    year: int, day: date, person: State, posts: Sequence[State], lines: Iterable[State], rulings: Rulings
) -> dict[str, Any]:
    """Where ``person`` stands in ``year`` at the end of ``day``, by the ``lines`` of credit up to then.

    ``lines`` reach back to the year before, for a new secretary's first class.
    """
    known = [line for line in lines if line["on"] <= day.isoformat()]
    counted = [line for line in standing(known) if line["year"] == year]
    credited = sum(line["minutes"] for line in counted)
    classes = sum(1 for line in counted if line["form"] == "class")
    owed = target(year, day, person, posts, rulings)
    due = expected(owed, year, day) if owed else 0
    return {
        "year": year,
        "day": day.isoformat(),
        "role": owed.role if owed else "none",
        "credited": credited,
        "target": owed.minutes if owed else None,
        "expected": due if owed else None,
        "behind": max(0, due - credited),
        "classes": classes,
        "classes_owed": owed.classes if owed else 0,
        "reached": bool(owed and credited >= owed.minutes and classes >= owed.classes),
        "rules": [cited(name, ruling) for name, ruling in (owed.rules if owed else ())],
        "first_class": first_class(year, day, posts, standing(known), rulings) if owed else None,
    }


def first_class(
    year: int, day: date, posts: Sequence[State], credits_: Iterable[State], rulings: Rulings
) -> dict[str, Any] | None:
    """A new secretary's first training class: due so many months after the post was first taken.

    None where nobody became secretary for the first time, or where that was over before ``year``.
    """
    ruling = rulings["new_secretary_months"]
    kinds = rulings["leading_posts"].value["kinds"]
    terms = [post for post in posts if post["role"] == "secretary" and post["kind"] in kinds]
    if not any(_held(post, day) for post in terms):
        return None
    since = min(date.fromisoformat(post["since"]) for post in terms)
    due = months_after(since, int(ruling.value))
    if due.year < year or since.year > year:
        return None
    done = next(
        (line["on"] for line in credits_ if line["form"] == "class" and line["on"] >= since.isoformat()), None
    )
    if done is None:
        state = "overdue" if day > due else "open"
    else:
        state = "done" if done <= due.isoformat() else "done_late"
    return {
        "since": since.isoformat(),
        "due_on": due.isoformat(),
        "done_on": done,
        "state": state,
        "rule": cited("new_secretary_months", ruling),
    }


def cited(name: str, ruling: Ruling) -> dict[str, Any]:
    """A rule as a verdict names it."""
    parameter = ruling.parameter
    return {
        "rule": name,
        "value": str(parameter.value),
        "unit": parameter.unit,
        "pack": ruling.pack.id,
        "article": parameter.article,
        "hardness": parameter.hardness,
        "confidence": parameter.confidence,
        "verify": parameter.verify,
    }


def bounds(year: int) -> tuple[date, date]:
    """First and last day of a calendar year."""
    return date(year, 1, 1), date(year, 12, 31)


def _held(post: Mapping[str, Any], day: date) -> bool:
    today = day.isoformat()
    return bool(post["since"] <= today and (post["until"] is None or today <= post["until"]))


def _days(first: date, last: date) -> int:
    return (last - first + timedelta(days=1)).days
