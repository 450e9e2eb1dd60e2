"""Events of activities."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import ACTIVITY_KINDS

MOST_INVITEES = 200  # persons whom one event names; more are told by several


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
    """An activity was put on the plan, or its plan was changed."""

    type = "records.activity.planned.v1"


class _Telling(_Activity):
    """What those are told who are invited; of many, several events tell a part each."""

    invitees = fields.List(
        fields.String(),
        required=True,
        validate=validate.Length(max=MOST_INVITEES),
        metadata={"description": "person ids, observers among them"},
    )
    part = fields.Integer(required=True, validate=validate.Range(min=1))
    parts = fields.Integer(required=True, validate=validate.Range(min=1))


class ActivityAnnounced(_Telling):
    """Whoever is invited is to be told of a planned activity."""

    type = "records.activity.announced.v1"

    announced_on = fields.Date(required=True)
    starts_at = fields.String(
        required=True, allow_none=True, metadata={"description": "time of day on campus, 14:30"}
    )
    moved = fields.Boolean(
        required=True, metadata={"description": "they were told before: day, time, place or list differ now"}
    )


class ActivityCancelled(_Telling):
    """A planned activity will not be held. Without invitees where nobody was told of it."""

    type = "records.activity.cancelled.v1"

    cancelled_on = fields.Date(required=True)


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
    """The level above approved the record: it counts from now on, in place of any revision before.

    An amended record is approved again, with a higher ``sequence`` and ``revision``.
    """

    type = "records.activity.approved.v1"

    imported = fields.Boolean(
        load_default=False, metadata={"description": "taken over from an earlier system"}
    )
    revision = fields.Integer(load_default=1, metadata={"description": "the version that counts"})
    lecturers = fields.List(
        fields.String(),
        load_default=list,
        metadata={"description": "of a lecture: person ids of who gave it, where they are of this campus"},
    )
    committee = fields.List(
        fields.String(),
        metadata={
            "description": "of a talk: whoever of the concerned sat on the committee there on its day, its "
            "secretary among them; not there where nobody said it"
        },
    )
    reported_on = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"description": "of a democratic life meeting: when it was reported on to the level above"},
    )


class _Amendment(_RecordedActivity):
    """What is known of the record as it counts, beside an amendment of it."""

    revision = fields.Integer(required=True, metadata={"description": "the version that is proposed"})


class ActivityAmendmentSubmitted(_Amendment):
    """A version of an approved record was handed to the level above; the approved one still counts."""

    type = "records.activity.amendment_submitted.v1"


class ActivityAmendmentReturned(_Amendment):
    """The level above returned an amendment; the approved record still counts."""

    type = "records.activity.amendment_returned.v1"


class ActivityReturned(_RecordedActivity):
    """The level above returned the record with a comment, which stays in records."""

    type = "records.activity.returned.v1"


class ActivityMadeUp(_RecordedActivity):
    """Somebody who was missing made up for it 补课; the record itself stays as it is."""

    type = "records.activity.made_up.v1"


class ActivityTemplateChanged(EventContract):
    """A template of activities was made, changed or dropped."""

    type = "records.activity_template.changed.v1"

    template = fields.String(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))
    active = fields.Boolean(required=True)


class EntryWindowChanged(EventContract):
    """The level above opened the entry of what was held long ago, or closed it again."""

    type = "records.entry_window.changed.v1"

    window = fields.String(required=True)
    organisation = fields.String(required=True)
    held_from = fields.Date(required=True, metadata={"description": "first campus date of the events"})
    held_until = fields.Date(required=True, metadata={"description": "last campus date of the events"})
    open_until = fields.Date(required=True, metadata={"description": "last day of entering"})
    closed_on = fields.Date(
        required=True, allow_none=True, metadata={"description": "null unless closed before its last day"}
    )
