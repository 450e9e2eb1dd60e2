"""How an activity begins: planned, filed at once, or taken over from an earlier system. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date, timedelta
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Invalid
from services.contracts.records_events import ActivityApproved, ActivityPlanned
from services.records.activities import conduct, details, windows
from services.records.activities.kinds import Kind
from services.records.activities.model import happened, is_late, record, seen, submit
from services.records.activities.votes import Voting

State = Mapping[str, Any]

MOST_PLANNED_AHEAD = timedelta(days=731)


def plan(subject: str, given: State, organisation: State, kind: Kind, today: date) -> Change:
    """A new activity of ``organisation`` on the plan; one already held may be planned, to be recorded late.

    Raises ``Invalid``: ``organisation.inactive``, ``activity.kind_unfit``,
    ``activity.before_founding``, ``activity.too_far_ahead``, and as ``details.checked``.
    """
    state = seen({**_begun(given["organisation"], kind), **planned(given, organisation, kind, today)})
    return happened(ActivityPlanned, subject, state)


def planned(given: State, organisation: State, kind: Kind, today: date) -> dict[str, Any]:
    """What a plan says, checked as ``plan`` and kept as it is stored."""
    held_on: date = given["held_on"]
    _check_holder(kind, organisation, held_on)
    if held_on > today + MOST_PLANNED_AHEAD:
        last = (today + MOST_PLANNED_AHEAD).isoformat()
        raise Invalid.at("held_on", "activity.too_far_ahead", accepted=f"… {last}")
    return {
        "title": given["title"],
        "held_on": held_on.isoformat(),
        "starts_at": given.get("starts_at") or None,
        "place": given.get("place") or None,
        "agenda": list(given.get("agenda") or ()),
        "invitees": given.get("invitees"),
        "observers": list(given.get("observers") or ()),
        "details": details.checked(kind, given.get("details") or {}, "plan"),
    }


def _begun(organisation: str, kind: Kind) -> dict[str, Any]:
    """An activity of which nothing is known yet."""
    return {
        "organisation": organisation,
        "kind": kind.name,
        "restricted": kind.restricted,
        "state": "planned",
        "starts_at": None,
        "place": None,
        "agenda": [],
        "invitees": None,
        "observers": [],
        "invited": [],
        "announced_on": None,
        "cancelled_on": None,
        "cancel_reason": None,
        "entered_on": None,
        "late": False,
        "opened_by": None,
        "expected": 0,
        "present": 0,
        "excused": 0,
        "made_up": 0,
        "minutes": None,
        "has_minutes": False,
        "attendance": [],
        "decisions": [],
        "attachments": [],
        "votes": [],
        "elections": [],
        "quorum": None,
        "without_vote": 0,
        "changed": [],
        "revision": 1,
        "amendment": None,
        "versions": [],
        "details": {},
        "make_ups": [],
        "remarks": [],
        "reviews": [],
        "imported": False,
    }


def file(
    subject: str,
    given: State,
    organisation: State,
    *,
    kind: Kind,
    entitled: Set[str],
    voting: Voting | None = None,
    by: str,
    today: date,
    window_days: int,
    limit: windows.Limit | None = None,
    rulings: conduct.Rulings,
) -> Change:
    """A routine meeting planned, recorded and handed in at once; raises as each of these steps."""
    steps = [plan(subject, given, organisation, kind, today)]
    recorded = record(
        subject,
        steps[-1].state,
        given,
        kind=kind,
        entitled=entitled,
        voting=voting,
        by=by,
        today=today,
        window_days=window_days,
        limit=limit,
    )
    assert recorded is not None, "what was only planned says something else than its record"
    steps.append(recorded)
    steps.append(submit(subject, recorded.state, kind=kind, by=by, today=today, rulings=rulings))
    return Change(steps[-1].state, [event for step in steps for event in step.events])


def take_over(
    subject: str, given: State, organisation: State, *, kind: Kind, today: date, window_days: int
) -> Change:
    """An activity of an earlier system, approved there: it counts, and is marked as imported for ever.

    ``given`` holds ``organisation``, ``title``, ``held_on``, ``entered_on``, ``expected``,
    ``present``, ``excused``, ``has_minutes``. Raises ``Invalid``: ``activity.kind_unfit``,
    ``activity.before_founding``, ``activity.in_future``, ``activity.entered_before_held``,
    ``attendance.more_than_expected``.
    """
    held_on: date = given["held_on"]
    entered_on: date = given["entered_on"]
    _check_holder(kind, {**organisation, "active": True}, held_on)
    if held_on > today:
        raise Invalid.at("held_on", "activity.in_future", accepted=f"… {today.isoformat()}")
    if entered_on > today:
        raise Invalid.at("entered_on", "activity.in_future", accepted=f"… {today.isoformat()}")
    if entered_on < held_on:
        raise Invalid.at("entered_on", "activity.entered_before_held", accepted=f"{held_on.isoformat()} …")
    if given["present"] + given["excused"] > given["expected"]:
        raise Invalid.at("present", "attendance.more_than_expected", most=given["expected"])
    state = {
        **_begun(given["organisation"], kind),
        **{name: given[name] for name in ("title", "expected", "present", "excused", "has_minutes")},
        "held_on": held_on.isoformat(),
        "state": "approved",
        "entered_on": entered_on.isoformat(),
        "late": is_late(held_on, entered_on, window_days),
        "imported": True,
    }
    return happened(ActivityApproved, subject, seen(state))


def _check_holder(kind: Kind, organisation: State, held_on: date) -> None:
    if not organisation["active"]:
        raise Invalid.at("organisation", "organisation.inactive", accepted="active")
    if organisation["kind"] not in kind.holders:
        raise Invalid.at(
            "kind", "activity.kind_unfit", **kind.cited, accepted=", ".join(sorted(kind.holders))
        )
    if held_on < date.fromisoformat(organisation["founded_on"]):
        raise Invalid.at("held_on", "activity.before_founding", accepted=f"{organisation['founded_on']} …")
