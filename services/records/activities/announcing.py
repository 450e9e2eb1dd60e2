"""A planned activity is announced, planned anew, or cancelled; whom it concerns is told each time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import date
from typing import Any

from services.chassis.contract import Change, EventContract, NewEvent
from services.chassis.errors import Conflict, Invalid
from services.contracts.records_events import ActivityAnnounced, ActivityCancelled, ActivityPlanned
from services.contracts.records_events.activities import MOST_INVITEES
from services.records.activities.beginnings import planned
from services.records.activities.kinds import Kind
from services.records.activities.model import expect, happened, seen

State = Mapping[str, Any]
# What makes it another meeting for whoever means to come.
_TOLD = ("held_on", "starts_at", "place", "invited")


def announce(subject: str, before: State, *, entitled: Set[str], today: date) -> Change | None:
    """Tell whoever is invited: those named in the plan, or all who are ``entitled``, and the observers.

    None where they were told just so today. Raises ``Conflict``: ``activity.state`` unless planned,
    ``activity.over`` once its day is past; ``Invalid("activity.nobody_invited")``.
    """
    expect(before, "planned")
    if before["held_on"] < today.isoformat():
        raise Conflict("activity.over", params={"held_on": before["held_on"]})
    invited = _invited(before, entitled)
    if not invited:
        raise Invalid.at("invitees", "activity.nobody_invited")
    state = seen({**before, "invited": invited, "announced_on": today.isoformat()})
    return None if state == before else Change(state, _announced(subject, state, moved=False))


def replan(
    subject: str,
    before: State,
    given: State,
    organisation: State,
    *,
    kind: Kind,
    entitled: Set[str],
    today: date,
) -> Change | None:
    """Put ``given`` in the place of the plan; whoever was told is told of another day, time, place or list.

    Raises ``Conflict("activity.state")`` unless planned, and as ``planned``. None where nothing is different.
    """
    expect(before, "planned")
    state = {**before, **planned(given, organisation, kind, today)}
    announced = before["announced_on"] is not None
    if announced:
        state["invited"] = _invited(state, entitled)
    state = seen(state)
    if state == before:
        return None
    change = happened(ActivityPlanned, subject, state)
    if not announced or all(state[name] == before[name] for name in _TOLD):
        return change
    state["announced_on"] = today.isoformat()
    return Change(state, [*change.events, *_announced(subject, state, moved=True)])


def cancel(subject: str, before: State, *, reason: str, today: date) -> Change:
    """Call a planned activity off; the reason stays in records. Raises ``Conflict("activity.state")``."""
    expect(before, "planned")
    state = {**before, "state": "cancelled", "cancelled_on": today.isoformat(), "cancel_reason": reason}
    return Change(state, _told(ActivityCancelled, subject, state, cancelled_on=today))


def _invited(state: State, entitled: Iterable[str]) -> list[str]:
    asked = entitled if state["invitees"] is None else state["invitees"]
    return sorted({*asked, *state["observers"]})


def _announced(subject: str, state: State, *, moved: bool) -> list[NewEvent]:
    announced_on = date.fromisoformat(state["announced_on"])
    return _told(
        ActivityAnnounced,
        subject,
        state,
        announced_on=announced_on,
        starts_at=state["starts_at"],
        moved=moved,
    )


def _told(contract: type[EventContract], subject: str, state: State, **more: Any) -> list[NewEvent]:
    """One event for every so many who are invited, at least one."""
    invited = state["invited"]
    parts = [invited[start : start + MOST_INVITEES] for start in range(0, len(invited), MOST_INVITEES)] or [
        []
    ]
    return [
        event
        for number, part in enumerate(parts, 1)
        for event in happened(
            contract, subject, state, invitees=part, part=number, parts=len(parts), **more
        ).events
    ]
