"""Who was missing makes up for it 补课: shown as made up, and never as having been present. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from services.chassis.contract import Change
from services.chassis.errors import Conflict, Invalid
from services.chassis.policies import Ruling
from services.contracts.records_events import ActivityMadeUp
from services.records.activities.model import expect, happened, standing

State = Mapping[str, Any]


def make_up(
    subject: str, before: State, given: State, *, by: str, today: date, window: Ruling | None
) -> Change | None:
    """``given`` (``person``, ``on``, ``how``) beside the record, whatever became of it since.

    None where it says so already. Raises ``Conflict``: ``activity.state`` before there is a record,
    ``make_up.done`` where it was made up otherwise; ``Invalid``: ``make_up.not_missing`` for who was there or
    is not entitled, ``make_up.before_event``, ``activity.in_future``, ``make_up.too_late`` after the pack's
    days.
    """
    expect(before, "recorded", "submitted", "returned", "approved")
    on: date = given["on"]
    held_on = date.fromisoformat(before["held_on"])
    if not standing([given], before["attendance"]):
        raise Invalid.at("person", "make_up.not_missing")
    if on < held_on:
        raise Invalid.at("on", "make_up.before_event", held_on=before["held_on"])
    if on > today:
        raise Invalid.at("on", "activity.in_future", accepted=f"… {today.isoformat()}")
    if window is not None and on > held_on + timedelta(days=int(window.value)):
        latest = held_on + timedelta(days=int(window.value))
        raise Invalid.at("on", "make_up.too_late", latest=latest.isoformat(), **window.cited)
    said = {"person": given["person"], "on": on.isoformat(), "how": given["how"]}
    done = next((each for each in before["make_ups"] if each["person"] == given["person"]), None)
    if done is not None:
        if all(done[name] == value for name, value in said.items()):
            return None
        raise Conflict("make_up.done", params={"on": done["on"]})
    make_ups = [*before["make_ups"], {**said, "by": by, "entered_on": today.isoformat()}]
    state = {**before, "make_ups": make_ups, "made_up": len(make_ups)}
    return happened(ActivityMadeUp, subject, state)
