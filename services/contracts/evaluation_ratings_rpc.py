"""Requests and responses about ratings: closing a year, deciding ties, publishing, appeals, reports."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.evaluation_assessment_events import SUBJECT_KINDS
from services.contracts.kinds import LANGUAGES, ORGANISATION_KINDS

_ID = validate.Length(min=1, max=64)
_CURSOR = validate.Length(min=1, max=400)
_YEAR = validate.Range(min=2000, max=2100)
_LIMIT = validate.Range(min=1, max=100)
_REASON = validate.Length(min=4, max=2000)
RATING_STATES = ("closing", "closed", "published")
APPEAL_STATES = ("open", "upheld", "dismissed")
REPORT_FORMATS = ("xlsx", "html")


class CloseRating(Schema):
    """Take a year's scores down, at and below an organisation, for one kind of subject; by a job.

    Asks for a post there or above: secretary, organisation commissioner or administrator. Closing the same
    again is answered the same.
    """

    organisation = fields.String(required=True, validate=_ID)
    subject_kind = fields.String(required=True, validate=validate.OneOf(SUBJECT_KINDS))
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    year = fields.Integer(required=True, validate=_YEAR)


class NameRating(Schema):
    rating = fields.String(required=True, validate=_ID)


class Rating(Schema):
    """A closed year. ``digest`` is over all that was taken down; ``undecided`` tells how many are tied."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    subject_kind = fields.String(required=True)
    kind = fields.String(required=True)
    year = fields.Integer(required=True)
    policy = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(RATING_STATES))
    closed_on = fields.Date(required=True)
    rated = fields.Integer(required=True)
    digest = fields.String(required=True, allow_none=True)
    published_on = fields.Date(required=True, allow_none=True)
    appeals_until = fields.Date(required=True, allow_none=True)


class ListRatings(Schema):
    """Ratings of a year that the caller may read."""

    year = fields.Integer(required=True, validate=_YEAR)
    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=50, validate=_LIMIT)


class RatingPage(Schema):
    """A page of ratings; ``next`` is the cursor of the page after it, or null."""

    items = fields.List(fields.Nested(Rating), required=True)
    next = fields.String(required=True, allow_none=True)


class ListEntries(NameRating):
    """What each got. Before publication only those who may close read it; of persons each reads their own."""

    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=50, validate=_LIMIT)


class TieDecision(Schema):
    """A reviewer gave somebody of a tie the capped band, with the reason."""

    band = fields.String(required=True)
    before = fields.String(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True)
    on = fields.Date(required=True)


class CorrectedResult(Schema):
    """A corrected result beside the first, after an appeal was upheld."""

    points = fields.Decimal(required=True, as_string=True)
    band = fields.String(required=True)
    reason = fields.String(required=True)
    on = fields.Date(required=True)
    evidence_digest = fields.String(required=True)


class RatingEntry(Schema):
    """What one subject got: by points (``earned``), after caps (``band``), and what counts in the end.

    ``capped``: the band that others with more points got; ``tied``: that a tie at the limit kept from all of
    it. ``evidence_digest``: SHA-256 of what it rests on.
    """

    rating = fields.String(required=True)
    subject = fields.String(required=True)
    organisation = fields.String(required=True)
    points = fields.Decimal(required=True, as_string=True)
    earned = fields.String(required=True)
    band = fields.String(required=True)
    capped = fields.String(required=True, allow_none=True)
    tied = fields.String(required=True, allow_none=True)
    decision = fields.Nested(TieDecision, required=True, allow_none=True)
    corrections = fields.List(fields.Nested(CorrectedResult), required=True)
    final_band = fields.String(required=True)
    final_points = fields.Decimal(required=True, as_string=True)
    evidence_digest = fields.String(required=True)


class EntryPage(Schema):
    """A page of entries, by organisation; ``next`` is the cursor of the page after it, or null."""

    items = fields.List(fields.Nested(RatingEntry), required=True)
    next = fields.String(required=True, allow_none=True)


class DecideTie(NameRating):
    """Give somebody of a tie the band that it kept from them, while the cap leaves a place.

    Asks for a reviewer's post strictly above, and for no interest in it.
    """

    subject = fields.String(required=True, validate=_ID)
    reason = fields.String(required=True, validate=_REASON)


class PublishRating(NameRating):
    """Let whoever it is about read it, and appeal."""

    expected_version = fields.Integer(strict=True, allow_none=True, load_default=None)


class FileAppeal(NameRating):
    """Ask for a published result to be looked at again: the organisation's secretary, or the person rated."""

    subject = fields.String(required=True, validate=_ID)
    text = fields.String(required=True, validate=_REASON)


class AnswerAppeal(Schema):
    """Uphold an appeal with a corrected result, reckoned from the evidence as it is now; or dismiss it.

    ``band``, where it is upheld: the corrected one, no better than those points earn.
    """

    appeal = fields.String(required=True, validate=_ID)
    upheld = fields.Boolean(required=True)
    text = fields.String(required=True, validate=_REASON)
    band = fields.String(validate=_ID, allow_none=True, load_default=None)


class Appeal(Schema):
    """An appeal with its answer, to who filed it and to those who may answer."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    rating = fields.String(required=True)
    subject = fields.String(required=True)
    organisation = fields.String(required=True)
    text = fields.String(required=True)
    filed_on = fields.Date(required=True)
    answer_until = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(APPEAL_STATES))
    answer = fields.String(required=True, allow_none=True)
    answered_on = fields.Date(required=True, allow_none=True)


class GetAppeal(Schema):
    appeal = fields.String(required=True, validate=_ID)


class ListAppeals(NameRating):
    """Appeals against a rating, to those who may answer them; to others their own."""

    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=50, validate=_LIMIT)


class AppealPage(Schema):
    """A page of appeals; ``next`` is the cursor of the page after it, or null."""

    items = fields.List(fields.Nested(Appeal), required=True)
    next = fields.String(required=True, allow_none=True)


class GetReport(NameRating):
    """A rating as a spreadsheet or as a page to print; for those who may close it.

    Organisations are named, persons stand by their id: whoever may read them asks for their names.
    """

    format = fields.String(required=True, validate=validate.OneOf(REPORT_FORMATS))
    language = fields.String(load_default="zh", validate=validate.OneOf(LANGUAGES))


class Report(Schema):
    """A file, base64."""

    name = fields.String(required=True)
    media_type = fields.String(required=True)
    content = fields.String(required=True)


class ListPublicRatings(Schema):
    """Published results of organisations, of a year. Persons are in none of them."""

    year = fields.Integer(required=True, validate=_YEAR)
    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=50, validate=_LIMIT)


class PublicResult(Schema):
    """An organisation's published band."""

    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    band = fields.String(required=True)
    points = fields.Decimal(required=True, as_string=True)


class PublicResultPage(Schema):
    """A page of published results, by organisation."""

    items = fields.List(fields.Nested(PublicResult), required=True)
    next = fields.String(required=True, allow_none=True)
