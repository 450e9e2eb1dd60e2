"""Requests and responses about what reviewers say: assessments by criterion, and findings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.evaluation_assessment_events import SUBJECT_KINDS

_ID = validate.Length(min=1, max=64)
_CURSOR = validate.Length(min=1, max=400)
_YEAR = validate.Range(min=2000, max=2100)
_NAME = validate.Regexp(r"\A[a-z][a-z0-9_.]{0,63}\Z")
_COMMENT = validate.Length(min=4, max=2000)


class _Subject(Schema):
    """Who is assessed: an organisation by its id; a secretary or a member by theirs.

    ``organisation``: of a secretary the one whose secretary they are; of a member where they belong. It need
    not be given of an organisation.
    """

    subject_kind = fields.String(required=True, validate=validate.OneOf(SUBJECT_KINDS))
    subject = fields.String(required=True, validate=_ID)
    organisation = fields.String(validate=_ID)
    year = fields.Integer(required=True, validate=_YEAR)


class Assess(_Subject):
    """Grade what a policy has graded by hand. Asks for a post strictly above, and for no interest in it.

    Who assesses again replaces what they said. ``grades`` has the criteria of the policy, each once.
    """

    indicator = fields.String(required=True, validate=_NAME)
    grades = fields.Dict(
        keys=fields.String(validate=_NAME),
        values=fields.Integer(strict=True, validate=validate.Range(min=0, max=100)),
        required=True,
        validate=validate.Length(min=1, max=20),
    )
    comment = fields.String(required=True, validate=_COMMENT)


class Assessment(Schema):
    """What a reviewer said. ``by`` is shown to posts above the organisation, and to its author."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    subject_kind = fields.String(required=True)
    subject = fields.String(required=True)
    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    indicator = fields.String(required=True)
    policy = fields.String(required=True)
    grades = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    comment = fields.String(required=True)
    by = fields.String(required=True, allow_none=True, metadata={"description": "person id"})
    on = fields.Date(required=True)
    withdrawn = fields.Boolean(required=True)


class WithdrawAssessment(Schema):
    """Take back what one has said oneself."""

    assessment = fields.String(required=True, validate=_ID)
    expected_version = fields.Integer(strict=True, allow_none=True, load_default=None)


class ListAssessments(Schema):
    """What was said of an organisation, its secretary or its members in a year, to those who may read it.

    A post strictly above reads all; a secretary what was said of the organisation and of themselves; a
    member what was said of themselves.
    """

    organisation = fields.String(required=True, validate=_ID)
    year = fields.Integer(required=True, validate=_YEAR)
    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=100))


class AssessmentPage(Schema):
    """A page of assessments; ``next`` is the cursor of the page after it, or null."""

    items = fields.List(fields.Nested(Assessment), required=True)
    next = fields.String(required=True, allow_none=True)


class RecordFinding(_Subject):
    """Record what was established. Asks for an inspector's, a discipline commissioner's or an administrator's
    post strictly above. ``name`` is one that the policy deducts for, adds for, or vetoes."""

    name = fields.String(required=True, validate=_NAME)
    found_on = fields.Date(required=True)
    reason = fields.String(required=True, validate=_COMMENT)
    document_number = fields.String(
        validate=validate.Length(min=1, max=100), allow_none=True, load_default=None
    )


class EstablishedFinding(Schema):
    """What was established of somebody, and by which document."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    subject_kind = fields.String(required=True)
    subject = fields.String(required=True)
    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    name = fields.String(required=True)
    found_on = fields.Date(required=True)
    reason = fields.String(required=True)
    document_number = fields.String(required=True, allow_none=True)
    lifted_on = fields.Date(required=True, allow_none=True)
    lifted_because = fields.String(required=True, allow_none=True)


class LiftFinding(Schema):
    """Take a finding back, with the reason; it stays on record and counts no longer."""

    finding = fields.String(required=True, validate=_ID)
    reason = fields.String(required=True, validate=_COMMENT)
    expected_version = fields.Integer(strict=True, allow_none=True, load_default=None)
