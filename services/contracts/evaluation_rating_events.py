"""Events of scoring policies and ratings. Persons' grades are in none: reading decides who may know them."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.evaluation_assessment_events import SUBJECT_KINDS


class PolicyActivated(EventContract):
    """A scoring policy comes into force; the one before it, if any, ends the day before."""

    type = "evaluation.policy.activated.v1"

    policy = fields.String(required=True)
    subject_kind = fields.String(required=True, validate=validate.OneOf(SUBJECT_KINDS))
    kinds = fields.List(fields.String(), required=True)
    effective_from = fields.Date(required=True)
    replaces = fields.String(required=True, allow_none=True)


class _Rating(EventContract):
    """What every event of a rating carries."""

    rating = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "at and below which it rates"})
    subject_kind = fields.String(required=True, validate=validate.OneOf(SUBJECT_KINDS))
    kind = fields.String(required=True, metadata={"description": "kind of organisation"})
    year = fields.Integer(required=True)
    policy = fields.String(required=True)


class RatingClosed(_Rating):
    """A year's scores were taken down, with policy and hash of the evidence. They do not change again."""

    type = "evaluation.rating.closed.v1"

    rated = fields.Integer(required=True)
    digest = fields.String(required=True, metadata={"description": "SHA-256 over all that was taken down"})


class RatingDecided(_Rating):
    """A reviewer gave somebody of a tie the band that it kept from them. Whom is for reading to tell."""

    type = "evaluation.rating.decided.v1"

    decisions = fields.Integer(required=True, metadata={"description": "how many there are by now"})


class RatingPublished(_Rating):
    """Whoever it is about may read it, and appeal until a day."""

    type = "evaluation.rating.published.v1"

    published_on = fields.Date(required=True)
    appeals_until = fields.Date(required=True)


class _Appeal(EventContract):
    """What every event of an appeal carries. What was said in it stays in evaluation."""

    appeal = fields.String(required=True)
    rating = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "that is rated, or where they are"})
    answer_until = fields.Date(required=True)


class AppealFiled(_Appeal):
    """Whoever was rated asks for it to be looked at again."""

    type = "evaluation.appeal.filed.v1"


class AppealAnswered(_Appeal):
    """An appeal was upheld, with a corrected result beside the first; or dismissed with a reason."""

    type = "evaluation.appeal.answered.v1"

    upheld = fields.Boolean(required=True)
