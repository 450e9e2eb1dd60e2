"""Events of what reviewers say and find. No comment, and no name of whoever said it."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract

SUBJECT_KINDS = ("organisation", "secretary", "member")


class _Said(EventContract):
    """Of whom something is said, and where they are scored."""

    subject_kind = fields.String(required=True, validate=validate.OneOf(SUBJECT_KINDS))
    subject = fields.String(required=True, metadata={"description": "organisation id, or person id"})
    organisation = fields.String(
        required=True, metadata={"description": "the subject, or where they are scored"}
    )
    year = fields.Integer(required=True)
    on = fields.Date(
        required=True, metadata={"description": "the campus day of the year from which it counts"}
    )


class AssessmentGiven(_Said):
    """A reviewer graded what a policy has graded by hand. The newest sequence wins."""

    type = "evaluation.assessment.given.v1"

    assessment = fields.String(required=True)
    name = fields.String(required=True, metadata={"description": "what is assessed, as the policy names it"})
    grades = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(validate=validate.Range(min=0, max=100)),
        required=True,
        metadata={"description": "points of a hundred by criterion"},
    )


class AssessmentWithdrawn(_Said):
    """A reviewer took back what they had said."""

    type = "evaluation.assessment.withdrawn.v1"

    assessment = fields.String(required=True)
    name = fields.String(required=True)


class FindingRecorded(_Said):
    """Something was established that a policy deducts for, adds for, or vetoes."""

    type = "evaluation.finding.recorded.v1"

    finding = fields.String(required=True)
    name = fields.String(required=True, metadata={"description": "what was found, as the policy names it"})


class FindingLifted(_Said):
    """A finding was taken back: it counts no longer."""

    type = "evaluation.finding.lifted.v1"

    finding = fields.String(required=True)
    name = fields.String(required=True)
