"""Requests and answers about amendments of approved records, and about reviewing many records at once."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, missing, validate

from services.contracts.files import KeptFile
from services.contracts.records_rpc.activities import (
    VERDICTS,
    Attended,
    DecisionTaken,
    Recorded,
    Remark,
    Review,
)
from services.contracts.records_rpc.meeting_votes import ElectionHeld, Quorum, VoteTaken
from services.contracts.records_rpc.parts import Day, Expecting, Text, identifier

VERSION_STATES = ("approved", "superseded", "submitted", "returned")
MOST_REVIEWED = 100


class AmendedRecord(Recorded):
    """What an amendment changes of a record; what is left out stays as it was approved."""

    held_on = Day()

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        # Whoever amends the minutes does not say that there were no decisions.
        field_obj.load_default = missing


class AmendActivity(Expecting):
    """Propose a version of an approved record; the level above reviews it. Until then the approved counts."""

    activity = identifier()
    reason = Text(500, required=True)
    record = fields.Nested(AmendedRecord, required=True)


class GetVersions(Schema):
    activity = identifier()


class RecordOfVersion(Schema):
    """A record as it was approved or proposed."""

    held_on = Day(required=True)
    expected = fields.Integer(required=True)
    present = fields.Integer(required=True)
    excused = fields.Integer(required=True)
    attendance = fields.List(fields.Nested(Attended), required=True)
    minutes = fields.String(required=True, allow_none=True)
    decisions = fields.List(fields.Nested(DecisionTaken), required=True)
    attachments = fields.List(fields.Nested(KeptFile), required=True)
    details = fields.Dict(keys=fields.String(), values=fields.Raw(), required=True)
    votes = fields.List(fields.Nested(VoteTaken), required=True)
    elections = fields.List(fields.Nested(ElectionHeld), required=True)
    without_vote = fields.Integer(required=True)
    quorum = fields.Nested(Quorum, required=True, allow_none=True)


class ActivityVersion(Schema):
    """One version of a record. ``approved`` is the one that counts; nothing of any is ever changed."""

    number = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(VERSION_STATES))
    reason = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, allow_none=True, metadata={"description": "person id"})
    on = Day(required=True)
    changed = fields.List(fields.String(), required=True, metadata={"description": "fields, to the approved"})
    late = fields.Boolean(required=True)
    remarks = fields.List(fields.Nested(Remark), required=True)
    review = fields.Nested(Review, required=True, allow_none=True)
    record = fields.Nested(RecordOfVersion, required=True)


class ActivityVersions(Schema):
    """All versions, the first one first: at most 20."""

    items = fields.List(fields.Nested(ActivityVersion), required=True)


class ReviewActivities(Schema):
    """One verdict on many records, each by itself: whatever becomes of the others. Repeat it safely."""

    activities = fields.List(identifier(), required=True, validate=validate.Length(min=1, max=MOST_REVIEWED))
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(500, least=0, load_default=None, allow_none=True)


class ReviewedActivity(Schema):
    """What became of one record: its state, or why it was not reviewed."""

    activity = fields.String(required=True)
    done = fields.Boolean(required=True)
    state = fields.String(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    text = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)


class ReviewedActivities(Schema):
    """In the order in which they were named, each once."""

    items = fields.List(fields.Nested(ReviewedActivity), required=True)
