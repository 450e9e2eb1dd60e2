"""Requests and responses about scoring policies: those in force, drafts, and what a draft would change."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.evaluation_rpc import Bilingual

_ID = validate.Length(min=1, max=64)
_CURSOR = validate.Length(min=1, max=400)
_YEAR = validate.Range(min=2000, max=2100)
MOST_POLICY_TEXT = 100_000


class ListPolicies(Schema):
    """The scoring policies of a year (default: the running one): everybody may know."""

    year = fields.Integer(validate=_YEAR)


class PolicyCriterion(Schema):
    """What a reviewer grades, and how much of the grade it is."""

    criterion = fields.String(required=True, metadata={"description": "its name in ``grades``"})
    title = fields.Nested(Bilingual, required=True)
    percent = fields.Integer(required=True)


class PolicyIndicator(Schema):
    """What is measured, and how much of a hundred points it is; 0 for deductions and bonuses."""

    indicator = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    article = fields.String(required=True)
    weight = fields.Decimal(required=True, as_string=True)
    criteria = fields.List(
        fields.Nested(PolicyCriterion),
        required=True,
        metadata={"description": "of one that reviewers grade by hand; else none"},
    )


class PolicyBand(Schema):
    """A grade, and the least points that it takes."""

    band = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    least = fields.Decimal(required=True, as_string=True)


class ScoringPolicy(Schema):
    """A policy in force. ``sample``: it is one of another university, to be replaced."""

    policy = fields.String(required=True)
    title = fields.String(required=True)
    issuer = fields.String(required=True)
    sample = fields.Boolean(required=True)
    subject_kind = fields.String(required=True)
    kinds = fields.List(fields.String(), required=True)
    effective_from = fields.Date(required=True)
    effective_to = fields.Date(required=True, allow_none=True)
    indicators = fields.List(fields.Nested(PolicyIndicator), required=True)
    bands = fields.List(fields.Nested(PolicyBand), required=True)


class ScoringPolicies(Schema):
    """The policies of one year, by id."""

    year = fields.Integer(required=True)
    items = fields.List(fields.Nested(ScoringPolicy), required=True)


class DraftPolicy(Schema):
    """Keep a draft, written in YAML as the shipped ones are. Nobody is scored by it.

    Refused with every problem, each as ``policy:line: field: what is wrong``.
    """

    text = fields.String(required=True, validate=validate.Length(min=1, max=MOST_POLICY_TEXT))


class NameDraft(Schema):
    draft = fields.String(required=True, validate=_ID)


class TryPolicy(NameDraft):
    """Try a draft on the evidence of a year, by a job; its progress is in the draft."""

    year = fields.Integer(required=True, validate=_YEAR)
    expected_version = fields.Integer(strict=True, allow_none=True, load_default=None)


class ActivatePolicy(NameDraft):
    """Put a draft that was tried in force from its ``effective_from`` on; the one before ends there."""

    expected_version = fields.Integer(strict=True, allow_none=True, load_default=None)


class TrialOutcome(Schema):
    """What the draft would change on the evidence of the year."""

    scored = fields.Integer(required=True)
    changed = fields.Integer(required=True, metadata={"description": "whose points or band would differ"})
    worse = fields.Integer(required=True, metadata={"description": "who would have fewer points"})
    mean_change = fields.Decimal(required=True, as_string=True)
    bands = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class PolicyDraft(Schema):
    """A draft: ``draft`` → ``trying`` → ``tried`` → ``active``."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    policy = fields.String(required=True)
    title = fields.String(required=True)
    subject_kind = fields.String(required=True)
    kinds = fields.List(fields.String(), required=True)
    effective_from = fields.Date(required=True)
    text = fields.String(required=True)
    digest = fields.String(required=True, metadata={"description": "SHA-256 of the text"})
    drafted_on = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("draft", "trying", "tried", "active")))
    year = fields.Integer(required=True, allow_none=True, metadata={"description": "tried on"})
    done = fields.Integer(required=True)
    total = fields.Integer(required=True, allow_none=True)
    outcome = fields.Nested(TrialOutcome, required=True, allow_none=True)


class ListDifferences(NameDraft):
    """Whose score would change by a draft, the greatest change first."""

    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=100))


class ScoreDifference(Schema):
    """One subject's score under the policy in force and under the draft; null where it is not scored now."""

    subject = fields.String(required=True)
    organisation = fields.String(required=True)
    points = fields.Decimal(required=True, as_string=True, allow_none=True)
    band = fields.String(required=True, allow_none=True)
    points_then = fields.Decimal(required=True, as_string=True)
    band_then = fields.String(required=True)
    change = fields.Decimal(required=True, as_string=True)


class DifferencePage(Schema):
    """A page of differences; ``next`` is the cursor of the page after it, or null."""

    items = fields.List(fields.Nested(ScoreDifference), required=True)
    next = fields.String(required=True, allow_none=True)
