"""Events of activities."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import ACTIVITY_KINDS


class _Activity(EventContract):
    """What every event of an activity carries; sequences of one activity have no holes."""

    activity = fields.String(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))
    held_on = fields.Date(required=True, metadata={"description": "campus date of the event itself"})
    restricted = fields.Boolean(
        load_default=False,
        metadata={"description": "seen by participants, who writes for the organisation and who reviews it"},
    )
    concerned = fields.List(
        fields.String(),
        load_default=list,
        metadata={"description": "of a restricted activity: participants' person ids, as far as known"},
    )


class ActivityPlanned(_Activity):
    """An activity was put on the plan."""

    type = "records.activity.planned.v1"


class _RecordedActivity(_Activity):
    """What is known once the activity was recorded."""

    entered_on = fields.Date(required=True, metadata={"description": "campus date of the entry"})
    late = fields.Boolean(required=True, metadata={"description": "entered after the entry window 补录"})
    expected = fields.Integer(required=True, validate=validate.Range(min=0))
    present = fields.Integer(required=True, validate=validate.Range(min=0))
    excused = fields.Integer(required=True, validate=validate.Range(min=0))
    made_up = fields.Integer(
        load_default=0,
        validate=validate.Range(min=0),
        metadata={"description": "of those missing, how many made up for it 补课; never among the present"},
    )
    has_minutes = fields.Boolean(required=True)
    decisions = fields.Integer(required=True, validate=validate.Range(min=0))


class ActivityRecorded(_RecordedActivity):
    """Attendance, minutes and decisions of an activity were recorded, or recorded anew."""

    type = "records.activity.recorded.v1"


class ActivitySubmitted(_RecordedActivity):
    """The record was handed to the level above for review."""

    type = "records.activity.submitted.v1"


class ActivityApproved(_RecordedActivity):
    """The level above approved the record: it counts from now on."""

    type = "records.activity.approved.v1"

    imported = fields.Boolean(
        load_default=False, metadata={"description": "taken over from an earlier system"}
    )


class ActivityReturned(_RecordedActivity):
    """The level above returned the record with a comment, which stays in records."""

    type = "records.activity.returned.v1"
