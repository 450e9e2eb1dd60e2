"""Requests and answers about activities."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.contracts.files import KeptFile, attachments
from services.contracts.kinds import ABSENCE_CAUSES, ACTIVITY_KINDS, ACTIVITY_STATES, AMENDMENT_STATES
from services.contracts.records_rpc.meeting_votes import (
    ElectionHeld,
    Quorum,
    RecordedElection,
    RecordedVote,
    VoteTaken,
)
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier

MOST_ATTENDANCE = 1000
MOST_DECISIONS = 50
MOST_DETAILS = 20
ATTENDANCE_STATES = ("present", "absent", "excused")
VERDICTS = ("approve", "return")


# -- activities ------------------------------------------------------------------------------------


def kind_details() -> fields.Dict:
    """What the kind has beside what all kinds have; which fields these are, records' policy says."""
    return fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=40)),
        values=fields.Raw(allow_none=True),
        load_default=dict,
        validate=validate.Length(max=MOST_DETAILS),
        metadata={"description": "what this kind has beside what all have, as GET /activity-kinds tells"},
    )


def time_of_day() -> fields.String:
    """A time on campus to the minute."""
    return fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"\A([01]\d|2[0-3]):[0-5]\d\Z", error="time_of_day.invalid"),
        metadata={"description": "time of day on campus, 14:30"},
    )


def person_ids(description: str, **kwargs: Any) -> fields.List[Any]:
    """Person ids, each once."""
    return fields.List(
        identifier(),
        validate=validate.Length(max=MOST_ATTENDANCE),
        metadata={"description": description},
        **kwargs,
    )


class Attendance(Schema):
    """One person's attendance; an excuse needs its cause, or a reason in one's own words."""

    person = identifier()
    state = fields.String(required=True, validate=validate.OneOf(ATTENDANCE_STATES))
    cause = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(ABSENCE_CAUSES))
    reason = Text(120, least=0, load_default=None, allow_none=True)


class Attended(Attendance):
    """As ``Attendance``; of who was entitled with the name as it is now, a guest without."""

    name = fields.String()
    guest = fields.Boolean(metadata={"description": "not entitled: listed, and counted nowhere"})


class MeetingDecision(Schema):
    """What was decided; where somebody sees to it, who and until when."""

    text = Text(500, required=True)
    responsible = identifier(
        required=False, allow_none=True, load_default=None, metadata={"description": "person id"}
    )
    due_on = Day(load_default=None, allow_none=True, metadata={"description": "not before the activity"})


class DecisionTaken(MeetingDecision):
    """As ``MeetingDecision``; of who was entitled with the name as it is now."""

    responsible_name = fields.String()


class Planned(Schema):
    """What a plan says."""

    title = Text(120, required=True)
    held_on = Day(required=True)
    starts_at = time_of_day()
    place = Text(80, least=0, load_default=None, allow_none=True)
    agenda = fields.List(Text(200), load_default=list, validate=validate.Length(max=30))
    invitees = person_ids(
        "who is asked to come; all who are entitled where null", load_default=None, allow_none=True
    )
    observers = person_ids("who attends without being entitled 列席: counts nowhere", load_default=list)
    details = kind_details()


class PlanActivity(Planned):
    """Put an activity on the plan of ``organisation``."""

    organisation = identifier()
    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))


class Recorded(Schema):
    """What a record says.

    Everybody entitled is listed, present or not: the organisation's active members and probationary members,
    its groups' included; of a committee's own meeting the holders of its posts; of a talk who took part.
    Who is entitled and not listed is what ``others`` says. Others may be listed: they are guests, who count
    nowhere.
    """

    attendance = fields.List(
        fields.Nested(Attendance), load_default=list, validate=validate.Length(max=MOST_ATTENDANCE)
    )
    others = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(("present", "absent")),
        metadata={"description": "what all are who are entitled and not listed; null where all are listed"},
    )
    minutes = Text(20_000, least=0, load_default=None, allow_none=True)
    decisions = fields.List(
        fields.Nested(MeetingDecision), load_default=list, validate=validate.Length(max=MOST_DECISIONS)
    )
    attachments = attachments()
    details = kind_details()
    votes = fields.List(fields.Nested(RecordedVote), load_default=list, validate=validate.Length(max=30))
    elections = fields.List(
        fields.Nested(RecordedElection), load_default=list, validate=validate.Length(max=10)
    )
    without_vote = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, max=MOST_ATTENDANCE),
        metadata={
            "description": "full members among the listed who have no vote (留党察看); follows from the "
            "people, and need not be given"
        },
    )


class RecordActivity(Recorded, Expecting):
    """Record what happened, or record it anew before it is approved.

    Everybody entitled is listed, or spoken for by ``others``; whoever else is listed is a guest, who counts
    nowhere. ``details`` are added to those of the plan; null takes one away.
    """

    activity = identifier()
    held_on = Day(metadata={"description": "where the day differs from the plan"})


class FileActivity(PlanActivity, Recorded):
    """A routine meeting that was held: planned, recorded and handed in at once."""


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
    starts_at = fields.String(required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(ACTIVITY_STATES))
    entered_on = Day(required=True, allow_none=True, metadata={"description": "first day it was recorded"})
    late = fields.Boolean(required=True, metadata={"description": "entered after the entry window 补录"})
    expected = fields.Integer(required=True)
    present = fields.Integer(required=True)
    excused = fields.Integer(required=True)
    made_up = fields.Integer(required=True, metadata={"description": "missing who made up for it 补课"})
    has_minutes = fields.Boolean(required=True)
    restricted = fields.Boolean(
        required=True, metadata={"description": "seen by participants, writers and reviewers alone"}
    )
    imported = fields.Boolean(required=True)
    revision = fields.Integer(required=True, metadata={"description": "the version that counts"})
    amendment = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(AMENDMENT_STATES),
        metadata={"description": "of an approved record: what became of the newest amendment"},
    )


class Remark(Schema):
    """A rule that warns and was not kept: told to whoever reviews, and no obstacle."""

    code = fields.String(required=True)
    rule = fields.String(required=True)
    hardness = fields.String(required=True)
    text = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class MadeUp(Schema):
    """Who was missing, and made up for it: never counted as present."""

    person = fields.String(required=True)
    on = Day(required=True)
    how = fields.String(required=True)
    by = fields.String(required=True, metadata={"description": "person id of who noted it"})
    entered_on = Day(required=True)


class OpenedBy(Schema):
    """The opening of the level above under which an activity was entered."""

    window = fields.String(required=True)
    reason = fields.String(required=True)


class Activity(ActivitySummary):
    """An activity with everything recorded of it."""

    opened_by = fields.Nested(
        OpenedBy,
        required=True,
        allow_none=True,
        metadata={"description": "shown to who writes for the organisation or reviews it"},
    )

    agenda = fields.List(fields.String(), required=True)
    invitees = fields.List(
        fields.String(), required=True, allow_none=True, metadata={"description": "null: all entitled"}
    )
    observers = fields.List(fields.String(), required=True)
    details = fields.Dict(keys=fields.String(), values=fields.Raw(), required=True)
    attendance = fields.List(fields.Nested(Attended), required=True)
    minutes = fields.String(required=True, allow_none=True)
    decisions = fields.List(fields.Nested(DecisionTaken), required=True)
    attachments = fields.List(fields.Nested(KeptFile), required=True)
    announced_on = Day(required=True, allow_none=True)
    cancelled_on = Day(required=True, allow_none=True)
    cancel_reason = fields.String(required=True, allow_none=True)
    make_ups = fields.List(fields.Nested(MadeUp), required=True)
    votes = fields.List(fields.Nested(VoteTaken), required=True)
    elections = fields.List(fields.Nested(ElectionHeld), required=True)
    without_vote = fields.Integer(required=True)
    quorum = fields.Nested(Quorum, required=True, allow_none=True)
    changed = fields.List(
        fields.String(), required=True, metadata={"description": "fields that differ since it was returned"}
    )
    remarks = fields.List(fields.Nested(Remark), required=True)
    reviews = fields.List(fields.Nested(Review), required=True)
    withheld = fields.Boolean(metadata={"description": "what was said is kept from the caller"})


class ListActivities(Listing):
    """Activities, newest first. Without ``organisation`` and ``within``: all that the caller may see."""

    organisation = identifier(required=False)
    within = identifier(required=False)
    kind = fields.String(validate=validate.OneOf(ACTIVITY_KINDS))
    state = fields.String(validate=validate.OneOf(ACTIVITY_STATES))
    amendment = fields.String(validate=validate.OneOf(AMENDMENT_STATES))
    since = Day()
    until = Day()


class DetailOfKind(Schema):
    """A field of ``details``."""

    name = fields.String(required=True)
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    form = fields.String(required=True)
    at = fields.String(
        required=True, allow_none=True, metadata={"description": "asked for from: plan, record, submit"}
    )
    accepted = fields.String(required=True)


class ActivityKind(Schema):
    """What a kind of activity is, and which document says so."""

    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))
    label = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    holders = fields.List(fields.String(), required=True)
    entitled = fields.String(required=True)
    visibility = fields.String(required=True)
    minutes = fields.String(required=True)
    details = fields.List(fields.Nested(DetailOfKind), required=True)
    pack = fields.String(required=True)
    document = fields.String(required=True)
    article = fields.String(required=True)
    confidence = fields.String(required=True)
    verify = fields.Boolean(required=True)


class ActivityKinds(Schema):
    """All kinds there are."""

    items = fields.List(fields.Nested(ActivityKind), required=True)


class RestrictedReach(Schema):
    """Where the caller reads restricted activities by a post; ``everything``: at all there are."""

    everything = fields.Boolean(required=True)
    organisations = fields.List(fields.String(), required=True)


class Activities(Page):
    items = fields.List(fields.Nested(ActivitySummary), required=True)
