"""The life of an activity: planned, recorded, submitted, approved or returned. No I/O.

The date of the event (``held_on``) and the date of the entry (``entered_on``) are both kept; what was once
entered late stays late. States are as the store keeps them: dates are ISO texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from datetime import date, timedelta
from typing import Any

from services.chassis.contract import Change, EventContract
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.contracts.records_events import (
    ActivityApproved,
    ActivityPlanned,
    ActivityRecorded,
    ActivityReturned,
    ActivitySubmitted,
)

State = Mapping[str, Any]

_ANY = frozenset({"university_committee", "secondary", "branch", "group"})
_COMMITTEES = frozenset({"university_committee", "secondary"})
HOLDERS: Mapping[str, frozenset[str]] = {
    "branch_meeting": frozenset({"branch"}),
    "branch_committee": frozenset({"branch"}),
    "group_meeting": frozenset({"group"}),
    "party_lecture": _ANY,
    "theme_day": _ANY,
    "organisational_life_meeting": frozenset({"branch", "group"}),
    "democratic_appraisal": frozenset({"branch"}),
    "democratic_life_meeting": _COMMITTEES,
    "joint_meeting": _COMMITTEES,
    "study_session": _ANY,
    "heritage_visit": _ANY,
    "integrity_education": _ANY,
    "talk": _ANY,
}
MOST_PLANNED_AHEAD = timedelta(days=731)
# Who is entitled: whoever has a vote or will have one. Of a body that meets by itself, those who sit in it.
ENTITLED = frozenset({"member", "probationary"})
BODIES = frozenset({"branch_committee", "democratic_life_meeting", "joint_meeting"})
BODY_ROLES = (
    "secretary",
    "deputy_secretary",
    "organisation_commissioner",
    "publicity_commissioner",
    "discipline_commissioner",
)
_OF_SOME = frozenset({"talk"})  # held between some: nobody is missing who was not asked


def _wrong(field: str, code: str) -> Invalid:
    return Invalid(code, fields={field: [code]})


def plan(subject: str, given: State, organisation: State, today: date) -> Change:
    """A new activity of ``organisation`` on the plan; one already held may be planned, to be recorded late.

    Raises ``Invalid``: ``organisation.inactive``, ``activity.kind_unfit``,
    ``activity.before_founding``, ``activity.too_far_ahead``.
    """
    held_on: date = given["held_on"]
    _check_holder(given["kind"], organisation, held_on)
    if held_on > today + MOST_PLANNED_AHEAD:
        raise _wrong("held_on", "activity.too_far_ahead")
    state = {
        "organisation": given["organisation"],
        "kind": given["kind"],
        "title": given["title"],
        "held_on": held_on.isoformat(),
        "place": given.get("place") or None,
        "state": "planned",
        **_NOTHING_RECORDED,
        "attendance": [],
        "decisions": [],
        "reviews": [],
        "imported": False,
    }
    return _happened(ActivityPlanned, subject, state)


_NOTHING_RECORDED: Mapping[str, Any] = {
    "entered_on": None,
    "late": False,
    "expected": 0,
    "present": 0,
    "excused": 0,
    "minutes": None,
    "has_minutes": False,
}


def record(
    subject: str,
    before: State,
    given: State,
    *,
    entitled: Set[str],
    by: str,
    today: date,
    window_days: int,
) -> Change | None:
    """What happened, or what happened after all: until it is submitted a record may be made anew.

    All who were ``entitled`` on its day are listed, present or not; whoever else is listed is a guest, and
    counts nowhere. Whoever recorded (``by``) stays known when somebody else records anew. Late is who enters
    more than ``window_days`` after the event; recording anew does not undo it. Raises
    ``Conflict("activity.state")``, ``Invalid``: ``activity.in_future``, ``attendance.twice``,
    ``attendance.reason_missing``, ``attendance.incomplete``. None where the record says so already.
    """
    _expect(before, "planned", "recorded", "returned")
    held_on: date = given.get("held_on") or date.fromisoformat(before["held_on"])
    if held_on > today:
        raise _wrong("held_on", "activity.in_future")
    attendance = _attendance(given["attendance"], entitled)
    counting = [entry for entry in attendance if not entry["guest"]]
    missing = len(entitled) - len(counting)
    if missing and before["kind"] not in _OF_SOME:
        told = ["attendance.incomplete"]
        raise Invalid(told[0], params={"missing": missing}, fields={"attendance": told})
    moved = held_on.isoformat() != before["held_on"]
    first = before["entered_on"] is None
    late = before["late"] or ((first or moved) and is_late(held_on, today, window_days))
    counted = Counter(entry["state"] for entry in counting)
    minutes = given.get("minutes") or None
    state = {
        **before,
        "state": "recorded",
        "held_on": held_on.isoformat(),
        "entered_on": before["entered_on"] or today.isoformat(),
        "late": late,
        "attendance": attendance,
        "expected": len(counting),
        "present": counted["present"],
        "excused": counted["excused"],
        "minutes": minutes,
        "has_minutes": minutes is not None,
        "decisions": list(given.get("decisions") or ()),
        "recorded_by": sorted({*before.get("recorded_by", ()), by}),
    }
    return None if state == before else _happened(ActivityRecorded, subject, state)


def is_late(held_on: date, entered_on: date, window_days: int) -> bool:
    """Whether an entry on ``entered_on`` missed the entry window: a week after day 1 ends with day 8."""
    return entered_on > held_on + timedelta(days=window_days)


def submit(subject: str, before: State, *, by: str) -> Change:
    """Hand the record to the level above.

    Raises ``Conflict("activity.state")`` unless recorded, ``Invalid`` where what a review needs is missing:
    ``activity.nobody_present`` or ``activity.minutes_missing``.
    """
    _expect(before, "recorded")
    if not before["present"]:
        raise _wrong("attendance", "activity.nobody_present")
    if not before["has_minutes"]:
        raise _wrong("minutes", "activity.minutes_missing")
    return _happened(ActivitySubmitted, subject, {**before, "state": "submitted", "submitted_by": by})


def review(subject: str, before: State, *, verdict: str, comment: str | None, by: str, today: date) -> Change:
    """The level above approves, or returns with a comment.

    Raises ``Conflict("activity.state")`` unless submitted, ``Forbidden("activity.own_record")`` to whoever
    had a hand in it, ``Invalid("review.comment_missing")``.
    """
    _expect(before, "submitted")
    if by in {before.get("submitted_by"), *before.get("recorded_by", ())}:
        raise Forbidden("activity.own_record")
    if verdict == "return" and not comment:
        raise _wrong("comment", "review.comment_missing")
    said = {"verdict": verdict, "comment": comment or None, "by": by, "on": today.isoformat()}
    state = {**before, "reviews": [*before["reviews"], said]}
    if verdict == "approve":
        return _happened(ActivityApproved, subject, {**state, "state": "approved"})
    return _happened(ActivityReturned, subject, {**state, "state": "returned"})


def take_over(subject: str, given: State, organisation: State, *, today: date, window_days: int) -> Change:
    """An activity of an earlier system, approved there: it counts, and is marked as imported for ever.

    ``given`` holds ``organisation``, ``kind``, ``title``, ``held_on``, ``entered_on``, ``expected``,
    ``present``, ``excused``, ``has_minutes``. Raises ``Invalid``: ``activity.kind_unfit``,
    ``activity.before_founding``, ``activity.in_future``, ``activity.entered_before_held``,
    ``attendance.more_than_expected``.
    """
    held_on: date = given["held_on"]
    entered_on: date = given["entered_on"]
    _check_holder(given["kind"], {**organisation, "active": True}, held_on)
    if held_on > today:
        raise _wrong("held_on", "activity.in_future")
    if entered_on > today:
        raise _wrong("entered_on", "activity.in_future")
    if entered_on < held_on:
        raise _wrong("entered_on", "activity.entered_before_held")
    if given["present"] + given["excused"] > given["expected"]:
        raise _wrong("present", "attendance.more_than_expected")
    state = {
        **{name: given[name] for name in ("organisation", "kind", "title")},
        "held_on": held_on.isoformat(),
        "place": None,
        "state": "approved",
        **_NOTHING_RECORDED,
        **{name: given[name] for name in ("expected", "present", "excused", "has_minutes")},
        "entered_on": entered_on.isoformat(),
        "late": is_late(held_on, entered_on, window_days),
        "attendance": [],
        "decisions": [],
        "reviews": [],
        "imported": True,
    }
    return _happened(ActivityApproved, subject, state)


def _check_holder(kind: str, organisation: State, held_on: date) -> None:
    if not organisation["active"]:
        raise _wrong("organisation", "organisation.inactive")
    if organisation["kind"] not in HOLDERS[kind]:
        raise _wrong("kind", "activity.kind_unfit")
    if held_on < date.fromisoformat(organisation["founded_on"]):
        raise _wrong("held_on", "activity.before_founding")


def _attendance(given: Sequence[State], entitled: Set[str]) -> list[dict[str, Any]]:
    problems: dict[str, list[str]] = {}
    seen: set[str] = set()
    attendance = []
    for position, entry in enumerate(given):
        reason = entry.get("reason") or None
        if entry["person"] in seen:
            problems[f"attendance.{position}.person"] = ["attendance.twice"]
        if entry["state"] == "excused" and reason is None:
            problems[f"attendance.{position}.reason"] = ["attendance.reason_missing"]
        seen.add(entry["person"])
        attendance.append(
            {
                "person": entry["person"],
                "state": entry["state"],
                "reason": reason,
                "guest": entry["person"] not in entitled,
            }
        )
    if problems:
        raise Invalid(next(iter(problems.values()))[0], fields=problems)
    return attendance


def _expect(before: State, *states: str) -> None:
    if before["state"] not in states:
        raise Conflict("activity.state", params={"state": before["state"]})


def _happened(contract: type[EventContract], subject: str, state: State) -> Change:
    facts: dict[str, Any] = {
        "activity": subject,
        "organisation": state["organisation"],
        "kind": state["kind"],
        "held_on": date.fromisoformat(state["held_on"]),
    }
    if state["entered_on"] is not None:
        facts |= {name: state[name] for name in ("late", "expected", "present", "excused", "has_minutes")}
        facts |= {
            "entered_on": date.fromisoformat(state["entered_on"]),
            "decisions": len(state["decisions"]),
        }
    if contract is ActivityApproved:
        facts["imported"] = state["imported"]
    return Change(state, [contract.of(**facts)])
