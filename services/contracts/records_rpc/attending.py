"""Requests and answers about what is before and at an activity: notice, replies, check-in, templates."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import ABSENCE_CAUSES, ACTIVITY_KINDS
from services.contracts.records_rpc.activities import (
    ATTENDANCE_STATES,
    ActivitySummary,
    Attendance,
    Planned,
    kind_details,
    person_ids,
    time_of_day,
)
from services.contracts.records_rpc.parts import Day, Expecting, Instant, Listing, Page, Text, identifier

REPLIES = ("coming", "excused")


def _kind() -> fields.String:
    return fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))


# -- before it -------------------------------------------------------------------------------------


class ReplanActivity(Planned, Expecting):
    """Another plan in the place of the first, while nothing is recorded. Who was told is told anew."""

    activity = identifier()


class AnnounceActivity(Expecting):
    """Tell whoever is invited: those the plan names, or all who are entitled, and the observers."""

    activity = identifier()


class CancelActivity(Expecting):
    """Call a planned activity off; who was told of it is told."""

    activity = identifier()
    reason = Text(300, required=True)


class ReplyToActivity(Schema):
    """Say whether one comes; the last word before the day is over counts."""

    activity = identifier()
    answer = fields.String(required=True, validate=validate.OneOf(REPLIES))
    cause = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(ABSENCE_CAUSES))
    reason = Text(120, least=0, load_default=None, allow_none=True)


class OwnWord(Schema):
    """What one person said of one activity."""

    activity = fields.String(required=True)
    answer = fields.String(required=True, allow_none=True)
    cause = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    answered_on = Day(required=True, allow_none=True)
    checked_in = fields.Boolean(required=True)


class ListMyActivities(Listing):
    """The activities that the caller is invited to or listed at: to come, the next first, or past."""

    when = fields.String(load_default="upcoming", validate=validate.OneOf(("upcoming", "past")))


class MyActivity(ActivitySummary):
    """An activity as somebody sees it whom it concerns."""

    agenda = fields.List(fields.String(), required=True)
    observer = fields.Boolean(required=True)
    answer = fields.String(required=True, allow_none=True)
    cause = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    checked_in = fields.Boolean(required=True)
    attended = fields.String(
        required=True, allow_none=True, validate=validate.OneOf((*ATTENDANCE_STATES, None))
    )
    made_up_for = fields.Boolean(required=True)


class MyActivities(Page):
    items = fields.List(fields.Nested(MyActivity), required=True)


# -- at it -----------------------------------------------------------------------------------------


class OpenCheckIn(Schema):
    """Take codes from now on; opened anew, earlier codes are void. Only on the day of the activity."""

    activity = identifier()
    minutes = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=1440),
        metadata={"description": "as the policy says where nothing is said"},
    )


class OneActivity(Schema):
    activity = identifier()


class CheckInCode(Schema):
    """The code to show now; ask again at ``shown_until``. Null once check-in has closed."""

    activity = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    shown_until = Instant(required=True, allow_none=True)
    closes_at = Instant(required=True)


class CheckIn(Schema):
    """Be there, by the code that is shown: no place, no picture is asked for."""

    activity = identifier()
    code = fields.String(
        required=True, validate=validate.Regexp(r"\A[0-9]{6}\Z", error="check_in.code_invalid")
    )


class Drafted(Attendance):
    """An entry as it can be told so far: by check-in, by a reply, or by no sign at all."""

    name = fields.String(required=True)
    source = fields.String(required=True, validate=validate.OneOf(("check_in", "reply", "none")))


class DraftedAttendance(Schema):
    """For the writer to confirm: it counts once it is recorded."""

    activity = fields.String(required=True)
    items = fields.List(fields.Nested(Drafted), required=True)


# -- after it --------------------------------------------------------------------------------------


class MakeUp(Expecting):
    """Somebody who was missing made up for it, within the days that the policy gives."""

    activity = identifier()
    person = identifier()
    on = Day(required=True)
    how = Text(300, required=True)


# -- templates -------------------------------------------------------------------------------------


class TemplateOfActivity(Schema):
    """What routine meetings have alike. ``{year}``, ``{month}``, ``{day}`` in the title are filled in."""

    title = Text(120, required=True)
    starts_at = time_of_day()
    place = Text(80, least=0, load_default=None, allow_none=True)
    agenda = fields.List(Text(200), load_default=list, validate=validate.Length(max=30))
    invitees = person_ids("all who are entitled where null", load_default=None, allow_none=True)
    observers = person_ids("who attends without being entitled 列席", load_default=list)
    details = kind_details()


class CreateActivityTemplate(TemplateOfActivity):
    """Keep a template for ``organisation`` and everything below it."""

    organisation = identifier()
    kind = _kind()


class ChangeActivityTemplate(TemplateOfActivity, Expecting):
    """Put another in its place."""

    template = identifier()


class DropActivityTemplate(Expecting):
    """Offer it no more."""

    template = identifier()


class ActivityTemplate(Schema):
    """A template as it is kept."""

    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    kind = _kind()
    title = fields.String(required=True)
    starts_at = fields.String(required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True)
    agenda = fields.List(fields.String(), required=True)
    invitees = fields.List(fields.String(), required=True, allow_none=True)
    observers = fields.List(fields.String(), required=True)
    details = fields.Dict(keys=fields.String(), values=fields.Raw(), required=True)
    active = fields.Boolean(required=True)


class ListActivityTemplates(Listing):
    """The templates that ``organisation`` may use, its own and those from above, by title."""

    organisation = identifier()
    kind = fields.String(validate=validate.OneOf(ACTIVITY_KINDS))


class ActivityTemplates(Page):
    items = fields.List(fields.Nested(ActivityTemplate), required=True)


class DraftActivity(Schema):
    """A body ready to be filed: by ``template``, or as the last activity of that kind was."""

    organisation = identifier()
    kind = _kind()
    template = identifier(required=False)
    held_on = Day(metadata={"description": "today where nothing is said"})


class DraftBody(Schema):
    """As ``POST /api/v1/activities/filed`` takes it."""

    organisation = fields.String(required=True)
    kind = _kind()
    title = fields.String(required=True)
    held_on = Day(required=True)
    starts_at = fields.String(required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True)
    agenda = fields.List(fields.String(), required=True)
    invitees = fields.List(fields.String(), required=True, allow_none=True)
    observers = fields.List(fields.String(), required=True)
    details = fields.Dict(keys=fields.String(), values=fields.Raw(), required=True)
    attendance = fields.List(
        fields.Dict(keys=fields.String(), values=fields.String()),
        required=True,
        metadata={"description": "everybody who is entitled, present until it is said otherwise"},
    )


class NamedPerson(Schema):
    person = fields.String(required=True)
    name = fields.String(required=True)


class DraftedActivity(Schema):
    """The body, what of it is still to be filled in, and what it was made of."""

    body = fields.Nested(DraftBody, required=True)
    asked = fields.List(fields.String(), required=True)
    template = fields.String(required=True, allow_none=True)
    copied_from = fields.String(required=True, allow_none=True)
    people = fields.List(fields.Nested(NamedPerson), required=True)
