"""What one person says of one activity before and at it: an answer to the notice, a check-in. Pure.

Each person's word is a document of its own, so that a hall that checks in at once never waits for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import date, datetime, timedelta
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid
from services.chassis.identity import derived_id
from services.chassis.policies import Ruling
from services.records.activities.model import expect

State = Mapping[str, Any]
ANSWERS = ("coming", "excused")


def participation_of(activity: str, person: str) -> str:
    """The id of what ``person`` says of ``activity``."""
    return derived_id("activity participation", activity, person)


def silent(activity: str, person: str) -> dict[str, Any]:
    """What is known of a person who has said nothing yet."""
    return {
        "activity": activity,
        "person": person,
        "answer": None,
        "cause": None,
        "reason": None,
        "answered_on": None,
        "checked_in_at": None,
        "wrong": [],
    }


def reply(before: State, given: State, activity: State, today: date) -> Change | None:
    """Say whether one comes; an excuse has its cause or a reason. Said anew it takes the place of the first.

    Raises ``Conflict``: ``activity.state`` unless planned, ``activity.over`` after its day;
    ``Invalid("attendance.reason_missing")``.
    """
    expect(activity, "planned")
    if activity["held_on"] < today.isoformat():
        raise Conflict("activity.over", params={"held_on": activity["held_on"]})
    excused = given["answer"] == "excused"
    reason = (given.get("reason") or None) if excused else None
    cause = (given.get("cause") or ("other" if reason else None)) if excused else None
    if excused and reason is None and cause in (None, "other"):
        raise Invalid.at("reason", "attendance.reason_missing")
    said = {"answer": given["answer"], "cause": cause, "reason": reason}
    if all(before[name] == value for name, value in said.items()):
        return None
    return Change({**before, **said, "answered_on": today.isoformat()})


def check_in(before: State, *, right: bool, now: datetime, wrong_codes: Ruling) -> Change | None:
    """Note that the person is there, once, or that the code was wrong; None for who is checked in already.

    Raises ``Conflict("check_in.too_many_wrong")`` where as many wrong codes as the rule allows came within
    its minutes, whatever the code is now.
    """
    if before["checked_in_at"] is not None:
        return None
    most, minutes = int(wrong_codes.value["most"]), int(wrong_codes.value["minutes"])
    recent = [each for each in before["wrong"] if each > now - timedelta(minutes=minutes)]
    if len(recent) >= most:
        told = {**wrong_codes.cited, "most": most, "minutes": minutes}
        raise Conflict("check_in.too_many_wrong", params=told)
    if right:
        return Change({**before, "checked_in_at": now, "wrong": []})
    return Change({**before, "wrong": [*recent, now]})


def drafted(entitled: Set[str], said: Iterable[State]) -> list[dict[str, Any]]:
    """The attendance as it can be told from ``said``, for the writer to confirm.

    Whoever checked in was present; whoever is excused has said why; of who else is entitled nothing is known
    but that no sign came: absent. Others are there only where they checked in.
    """
    known = {each["person"]: each for each in said}
    listed = sorted(entitled) + sorted(
        person for person, each in known.items() if person not in entitled and each["checked_in_at"]
    )
    return [_drafted(person, known.get(person)) for person in listed]


def _drafted(person: str, said: State | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"person": person, "state": "absent", "cause": None, "reason": None}
    if said is not None and said["checked_in_at"] is not None:
        return {**entry, "state": "present", "source": "check_in"}
    if said is not None and said["answer"] == "excused":
        excuse = {name: said[name] for name in ("cause", "reason")}
        return {**entry, **excuse, "state": "excused", "source": "reply"}
    return {**entry, "source": "reply" if said is not None and said["answer"] else "none"}
