"""The life of an activity that began: recorded, submitted, approved or returned. No I/O.

The date of the event (``held_on``) and the date of the entry (``entered_on``) are both kept; what was once
entered late stays late. States are as the store keeps them: dates are ISO texts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import date, timedelta
from typing import Any

from services.chassis.contract import Change, EventContract
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.contracts.records_events import (
    ActivityApproved,
    ActivityRecorded,
    ActivityReturned,
    ActivitySubmitted,
)
from services.records.activities import conduct, details, visibility, windows
from services.records.activities.content import content, differing
from services.records.activities.kinds import Kind
from services.records.activities.votes import Voting
from services.records.posts.model import ON_COMMITTEES

State = Mapping[str, Any]

# Members who are entitled: whoever has a vote or will have one.
ENTITLED = frozenset({"member", "probationary"})
BODY_ROLES = ON_COMMITTEES  # who sits in the committee that meets by itself
TALK = "talk"


def seen(state: State) -> dict[str, Any]:
    """``state`` with whom it concerns, by which it is found."""
    known = {**state, "people": visibility.participants(state)}
    return {**known, "audience": visibility.audience(known)}


def record(
    subject: str,
    before: State,
    given: State,
    *,
    kind: Kind,
    entitled: Set[str],
    voting: Voting | None = None,
    by: str,
    today: date,
    window_days: int,
    limit: windows.Limit | None = None,
) -> Change | None:
    """What happened, or what happened after all: until it is submitted a record may be made anew.

    All who were ``entitled`` on its day are listed, present or not, or spoken for by ``others``; whoever else
    is listed is a guest, and counts nowhere. Whoever recorded (``by``) stays known when somebody else records
    anew. Late is who enters more than ``window_days`` after the event; recording anew does not undo it.
    The first entry and a day that is moved are held to ``limit``; under which opening stays known.
    ``changed`` is what differs since the record was returned. Raises ``Conflict("activity.state")``,
    ``Invalid``: ``activity.in_future``, and as ``content`` and ``windows.opened``. None where the record
    says so already.
    """
    expect(before, "planned", "recorded", "returned")
    held_on: date = given.get("held_on") or date.fromisoformat(before["held_on"])
    if held_on > today:
        raise Invalid.at("held_on", "activity.in_future", accepted=f"… {today.isoformat()}")
    moved = held_on.isoformat() != before["held_on"]
    first = before["entered_on"] is None
    # Before what is said of it: nobody lists a whole branch to hear that the day is closed.
    opening = windows.opened(held_on, today, by, limit) if first or moved else None
    said = content(before, given, held_on, kind=kind, entitled=entitled, voting=voting)
    late = before["late"] or ((first or moved) and is_late(held_on, today, window_days))
    make_ups = standing(before["make_ups"], said["attendance"])
    state = {
        **before,
        "state": "recorded",
        **said,
        "entered_on": before["entered_on"] or today.isoformat(),
        "late": late,
        "opened_by": opening or before.get("opened_by"),
        "changed": sorted({*before["changed"], *differing(before, said)}) if before["reviews"] else [],
        "make_ups": make_ups,
        "made_up": len(make_ups),
        "remarks": [],
        "recorded_by": sorted({*before.get("recorded_by", ()), by}),
    }
    state = seen(state)
    return None if state == before else happened(ActivityRecorded, subject, state)


def standing(make_ups: Sequence[State], attendance: Sequence[State]) -> list[State]:
    """Those of ``make_ups`` whose person was missing by ``attendance``, entitled and not present."""
    missing = {entry["person"] for entry in attendance if entry["state"] != "present" and not entry["guest"]}
    return [each for each in make_ups if each["person"] in missing]


def is_late(held_on: date, entered_on: date, window_days: int) -> bool:
    """Whether an entry on ``entered_on`` missed the entry window: a week after day 1 ends with day 8."""
    return entered_on > held_on + timedelta(days=window_days)


def submit(
    subject: str, before: State, *, kind: Kind, by: str, today: date, rulings: conduct.Rulings
) -> Change:
    """Hand the record to the level above, with remarks where a rule that warns was not kept.

    Raises ``Conflict("activity.state")`` unless recorded, ``Invalid`` where what a review needs is missing:
    ``activity.nobody_present``, ``activity.minutes_missing``, and as ``details.checked`` and
    ``conduct.judged``.
    """
    expect(before, "recorded")
    remarks = ready(before, kind=kind, today=today, rulings=rulings)
    state = {**before, "state": "submitted", "submitted_by": by, "remarks": remarks}
    return happened(ActivitySubmitted, subject, state)


def ready(before: State, *, kind: Kind, today: date, rulings: conduct.Rulings) -> list[conduct.Remark]:
    """Remarks for whoever reviews the record; raises as ``submit`` where what a review needs is missing."""
    if not before["present"]:
        raise Invalid.at("attendance", "activity.nobody_present")
    if not before["has_minutes"] and kind.minutes == "submit":
        raise Invalid.at("minutes", "activity.minutes_missing", **kind.cited, accepted="minutes")
    details.checked(kind, before["details"], "submit")
    return conduct.judged(before, today, rulings)


def review(
    subject: str,
    before: State,
    *,
    verdict: str,
    comment: str | None,
    by: str,
    today: date,
    committee: Collection[str] = (),
) -> Change:
    """The level above approves, or returns with a comment. ``committee``: who sat on it on the day of a talk.

    Raises ``Conflict("activity.state")`` unless submitted, ``Forbidden("activity.own_record")`` to whoever
    had a hand in it, ``Invalid("review.comment_missing")``.
    """
    expect(before, "submitted")
    if by in {before.get("submitted_by"), *before.get("recorded_by", ())}:
        raise Forbidden("activity.own_record")
    state = {**before, "reviews": [*before["reviews"], verdict_of(verdict, comment, by, today)]}
    if verdict == "approve":
        return approved(subject, {**state, "state": "approved"}, committee)
    return happened(ActivityReturned, subject, {**state, "state": "returned", "changed": []})


def verdict_of(verdict: str, comment: str | None, by: str, today: date) -> dict[str, Any]:
    """A review as it is kept; raises ``Invalid("review.comment_missing")`` for a return without one."""
    if verdict == "return" and not comment:
        raise Invalid.at("comment", "review.comment_missing", accepted="1 …")
    return {"verdict": verdict, "comment": comment or None, "by": by, "on": today.isoformat()}


def expect(before: State, *states: str) -> None:
    """Raises ``Conflict("activity.state")`` unless the activity is in one of ``states``."""
    if before["state"] not in states:
        raise Conflict("activity.state", params={"state": before["state"], "accepted": ", ".join(states)})


def approved(subject: str, state: State, committee: Collection[str], **more: Any) -> Change:
    """``state`` counts from now on; of a talk it tells who of the concerned sat on the ``committee``."""
    told: dict[str, Any] = {}
    if state["kind"] == TALK:
        told["committee"] = [each for each in visibility.concerned(state) if each in committee]
    return happened(ActivityApproved, subject, state, **told, **more)


def happened(contract: type[EventContract], subject: str, state: State, **more: Any) -> Change:
    """``state`` with the one event that says what is known of it; ``more`` is what only this event says."""
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
        if state["made_up"]:
            facts["made_up"] = state["made_up"]
    if state["restricted"]:
        facts |= {"restricted": True, "concerned": visibility.concerned(state)}
    if contract is ActivityApproved:
        facts["imported"] = state["imported"]
        facts |= _details_told(state["details"])
    return Change(state, [contract.of(**facts, **more)])


def _details_told(given: Mapping[str, Any]) -> dict[str, Any]:
    """Of what a kind asks for, the little that others count by."""
    told: dict[str, Any] = {}
    if given.get("lecturers"):
        told["lecturers"] = list(given["lecturers"])
    if given.get("reported_on"):
        told["reported_on"] = date.fromisoformat(given["reported_on"])
    return told
