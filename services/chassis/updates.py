"""A change as the store is told of it: what differs, its events sealed, the answer that is kept. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from services.chassis import commands, context
from services.chassis.clock import Clock
from services.chassis.contract import NewEvent
from services.chassis.envelope import seal
from services.chassis.store import Record


def sealed(
    events: Sequence[NewEvent], subject: str, last: int, clock: Clock, *, anonymous: bool = False
) -> list[Record]:
    """The envelopes of ``events``, told by whoever acts now; they follow number ``last`` of ``subject``."""
    circumstances = context.current()
    return [
        seal(
            replace(new, anonymous=True) if anonymous else new,
            subject=subject,
            sequence=last + position,
            clock=clock,
            correlationid=circumstances.correlationid,
            causationid=circumstances.causationid,
            actor=circumstances.actor,
            traceparent=circumstances.traceparent,
        )
        for position, new in enumerate(events, 1)
    ]


def told_time(events: Sequence[NewEvent], clock: Clock, *, anonymous: bool = False) -> datetime:
    """Now, as the document may show it: of what is anonymous, the day alone."""
    if anonymous or any(new.anonymous for new in events):
        return datetime.combine(clock.today(), time(), clock.zone).astimezone(UTC)
    return clock.now()


def update_of(
    found: Record,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    envelopes: Sequence[Record],
    *,
    response: dict[str, Any] | None,
    at: datetime,
    now: datetime,
    apart: bool,
    unseen: bool,
) -> Record:
    """What makes of the document ``found``, whose state is ``before``, one whose state is ``after``.

    ``envelopes`` wait in it unless they are kept ``apart``; ``response`` is what the running command answers,
    ``at`` the time that both are told of. The version that is told stays where the change is ``unseen``.
    """
    update: Record = {"$inc": {"version": 1, "sequence": len(envelopes)}}
    if unseen:
        update["$inc"]["unseen"] = 1
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    gone = {name: "" for name in before if name not in after}
    pushed: Record = {}
    if envelopes and not apart:
        pushed["pending"] = {"$each": envelopes}
        # The oldest unpublished event counts; the relay may clear the list at any moment.
        update["$min"] = {"pending_since": at}
    command = commands.answer(response, at)
    if command:
        given = found.get("commands", [])
        kept = commands.still_kept(given, now)
        if len(kept) == len(given):
            pushed["commands"] = {"$each": [command]}
        else:  # the version met is still the one there, so these are the commands that are there
            changed["commands"] = [*kept, command]
    update.update({k: v for k, v in (("$set", changed), ("$unset", gone), ("$push", pushed)) if v})
    return update
