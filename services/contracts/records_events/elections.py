"""Events of committees: elected, due, moved, ended. Counts and days, no persons."""

from __future__ import annotations

from marshmallow import fields

from services.chassis.contract import EventContract


class _Election(EventContract):
    election = fields.String(required=True)
    organisation = fields.String(required=True)
    due_on = fields.Date(required=True, metadata={"description": "the next election is due on it"})


class ElectionHeld(_Election):
    """A committee was elected; its term begins."""

    type = "records.election.held.v1"

    held_on = fields.Date(required=True)
    seats = fields.Integer(required=True)
    elected = fields.Integer(required=True)
    late = fields.Boolean(
        required=True,
        metadata={"description": "after the day on which it was due, which an approval may have moved"},
    )


class ElectionConfirmed(_Election):
    """The level above confirmed an election. Each post that it gives or ends is told by its own event."""

    type = "records.election.confirmed.v1"

    confirmed_on = fields.Date(required=True)
    posts = fields.Integer(required=True)


class ElectionDueSoon(_Election):
    """A committee's term ends within the months that the pack names; told once of each such day."""

    type = "records.election.due_soon.v1"


class ElectionOverdue(_Election):
    """The day on which an election was due is over; told once of each such day of a term."""

    type = "records.election.overdue.v1"


class ElectionEnded(_Election):
    """A committee's term is over: another was elected, or there is no committee any more."""

    type = "records.election.ended.v1"

    ended_on = fields.Date(required=True)


class ElectionShiftAsked(_Election):
    """An organisation asks to elect later or earlier."""

    type = "records.election.shift_asked.v1"

    to = fields.Date(required=True)


class ElectionShiftDecided(_Election):
    """The level above decided on another day; ``due_on`` is the day that counts now."""

    type = "records.election.shift_decided.v1"

    to = fields.Date(required=True)
    approved = fields.Boolean(required=True)
