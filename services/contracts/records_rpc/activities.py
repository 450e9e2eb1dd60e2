"""Requests and answers about activities."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import ACTIVITY_KINDS, ACTIVITY_STATES
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier

MOST_ATTENDANCE = 1000
ATTENDANCE_STATES = ("present", "absent", "excused")
VERDICTS = ("approve", "return")


# -- activities ------------------------------------------------------------------------------------


class Attendance(Schema):
    """One person's attendance; an excuse needs its reason."""

    person = identifier()
    state = fields.String(required=True, validate=validate.OneOf(ATTENDANCE_STATES))
    reason = Text(120, least=0, load_default=None, allow_none=True)


class Attended(Attendance):
    """As ``Attendance``; of who was entitled with the name as it is now, a guest without."""

    name = fields.String()
    guest = fields.Boolean(metadata={"description": "not entitled: listed, and counted nowhere"})


class PlanActivity(Schema):
    """Put an activity on the plan of ``organisation``."""

    organisation = identifier()
    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))
    title = Text(120, required=True)
    held_on = Day(required=True)
    place = Text(80, least=0, load_default=None, allow_none=True)


class RecordActivity(Expecting):
    """Record what happened, or record it anew before it is approved.

    Everybody entitled is listed, present or not: the organisation's active members and probationary members,
    its groups' included; of a committee's own meeting the holders of its posts; of a talk who took part.
    Others may be listed: they are guests, who count nowhere.
    """

    activity = identifier()
    attendance = fields.List(
        fields.Nested(Attendance), required=True, validate=validate.Length(max=MOST_ATTENDANCE)
    )
    minutes = Text(20_000, least=0, load_default=None, allow_none=True)
    decisions = fields.List(Text(500), load_default=list, validate=validate.Length(max=50))
    held_on = Day(metadata={"description": "where the day differs from the plan"})


class SubmitActivity(Expecting):
    """Hand the record to the level above."""

    activity = identifier()


class ReviewActivity(Expecting):
    """Approve or return; asks for a post strictly above the organisation. A return needs a comment."""

    activity = identifier()
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(500, least=0, load_default=None, allow_none=True)


class GetActivity(Schema):
    activity = identifier()


class Review(Schema):
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, metadata={"description": "person id"})
    on = Day(required=True)


class ActivitySummary(Schema):
    """An activity without its attendance list and minutes."""

    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))
    title = fields.String(required=True)
    held_on = Day(required=True)
    place = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(ACTIVITY_STATES))
    entered_on = Day(required=True, allow_none=True, metadata={"description": "first day it was recorded"})
    late = fields.Boolean(required=True, metadata={"description": "entered after the entry window 补录"})
    expected = fields.Integer(required=True)
    present = fields.Integer(required=True)
    excused = fields.Integer(required=True)
    has_minutes = fields.Boolean(required=True)
    imported = fields.Boolean(required=True)


class Activity(ActivitySummary):
    """An activity with everything recorded of it."""

    attendance = fields.List(fields.Nested(Attended), required=True)
    minutes = fields.String(required=True, allow_none=True)
    decisions = fields.List(fields.String(), required=True)
    reviews = fields.List(fields.Nested(Review), required=True)


class ListActivities(Listing):
    """Activities, newest first. Without ``organisation`` and ``within``: all that the caller may see."""

    organisation = identifier(required=False)
    within = identifier(required=False)
    kind = fields.String(validate=validate.OneOf(ACTIVITY_KINDS))
    state = fields.String(validate=validate.OneOf(ACTIVITY_STATES))
    since = Day()
    until = Day()


class Activities(Page):
    items = fields.List(fields.Nested(ActivitySummary), required=True)
