"""Requests and answers about campaigns for micro-lectures. Nothing here counts how somebody liked one."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.files import KeptFile, attachments
from services.contracts.kinds import LECTURE_KINDS, LECTURE_STATES
from services.contracts.records_rpc.bulletins import (
    MOST_REASON,
    MOST_TITLE,
    Audience,
    TakenDown,
    link,
)
from services.contracts.records_rpc.parts import Day, Expecting, Instant, Listing, Page, Text, identifier

REVIEW_LEVELS = ("caller", "secondary", "branch")
VERDICTS = ("accept", "return")
MOST_SUMMARY = 2000


class CallCampaign(Schema):
    """Call for micro-lectures, from whom the audience names. They are reviewed where it was called, or by the
    author's own secondary organisation or branch."""

    organisation = identifier()
    title = Text(MOST_TITLE, required=True)
    theme = Text(MOST_SUMMARY, required=True)
    audience = fields.Nested(Audience, required=True)
    submit_until = Day(required=True)
    review_level = fields.String(load_default="caller", validate=validate.OneOf(REVIEW_LEVELS))


class CloseCampaign(Expecting):
    """End a campaign before its last day. What was handed in is still reviewed, returned and published."""

    campaign = identifier()
    reason = Text(MOST_REASON, required=True)


class GetCampaign(Schema):
    """One campaign."""

    campaign = identifier()


class Campaign(Schema):
    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    title = fields.String(required=True)
    theme = fields.String(required=True)
    audience = fields.Nested(Audience, required=True)
    submit_until = Day(required=True)
    review_level = fields.String(required=True, validate=validate.OneOf(REVIEW_LEVELS))
    called_at = Instant(required=True)
    closed = fields.Nested(TakenDown, required=True, allow_none=True)


class ListCampaigns(Listing):
    """Campaigns that call upon the caller, newest first; or those of an organisation, for who holds a post
    there or above."""

    organisation = identifier(required=False)


class Campaigns(Page):
    items = fields.List(fields.Nested(Campaign), required=True)


class _Lecture(Schema):
    title = Text(MOST_TITLE, required=True)
    summary = Text(MOST_SUMMARY, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(LECTURE_KINDS))
    link = link()
    attachments = attachments()


class DraftLecture(_Lecture):
    """Draft a lecture of one's own for a campaign."""

    campaign = identifier()


class ChangeLecture(_Lecture, Expecting):
    """What the draft, or what was returned, says instead."""

    lecture = identifier()


class SubmitLecture(Expecting):
    """Hand the lecture in, or in again after it was returned."""

    lecture = identifier()


class ReviewLecture(Expecting):
    """Accept somebody else's lecture, or return it with a comment."""

    lecture = identifier()
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(1000, least=0, load_default=None, allow_none=True)


class PublishLecture(Expecting):
    """Put an accepted lecture into the filling station, for everybody."""

    lecture = identifier()


class WithdrawLecture(Expecting):
    """Take a published lecture down; whoever asks for it sees why."""

    lecture = identifier()
    reason = Text(MOST_REASON, required=True)


class DiscardLecture(Expecting):
    """Give up a draft, or what was returned. Its title stays; its files are the author's again."""

    lecture = identifier()


class GetLecture(Schema):
    """One lecture."""

    lecture = identifier()


class LectureReview(Schema):
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = fields.String(required=True, allow_none=True)
    by = fields.String(required=True, metadata={"description": "person id"})
    on = Day(required=True)


class PublishedLecture(Schema):
    """A lecture as whoever is signed in sees it; of one withdrawn, that it was and why."""

    id = identifier()
    version = fields.Integer(required=True)
    campaign = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "where the author belonged"})
    author = fields.String(required=True, metadata={"description": "person id"})
    author_name = fields.String(required=True)
    title = fields.String(required=True)
    summary = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, validate=validate.OneOf(LECTURE_KINDS))
    link = fields.String(required=True, allow_none=True)
    attachments = fields.List(fields.Nested(KeptFile), required=True)
    state = fields.String(required=True, validate=validate.OneOf(LECTURE_STATES))
    published_at = Instant(required=True, allow_none=True)
    withdrawn = fields.Nested(TakenDown, required=True, allow_none=True)


class Lecture(PublishedLecture):
    """With its way there, for its author and who reviews or publishes it; empty to others."""

    submitted_on = Day(required=True, allow_none=True)
    review_at = fields.String(required=True, allow_none=True, metadata={"description": "organisation"})
    reviews = fields.List(fields.Nested(LectureReview), required=True)


class ListMyLectures(Listing):
    """The caller's own lectures, newest draft first."""


class ListCampaignLectures(Listing):
    """What was handed in to a campaign, newest first: all of it to who publishes where it was called, to
    others what their organisation reviews."""

    campaign = identifier()
    state = fields.String(validate=validate.OneOf(LECTURE_STATES[1:]))


class Lectures(Page):
    items = fields.List(fields.Nested(Lecture), required=True)


class ListLectures(Listing):
    """Published lectures, newest first."""


class PublishedLectures(Page):
    items = fields.List(fields.Nested(PublishedLecture), required=True)


class ListPublicLectures(Listing):
    """Published lectures for everybody, newest first."""


class PublicLecture(Schema):
    """A lecture as everybody sees it: of an organisation, not of a person."""

    id = identifier()
    organisation = fields.String(required=True)
    organisation_name = fields.String(required=True)
    title = fields.String(required=True)
    summary = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(LECTURE_KINDS))
    link = fields.String(required=True, allow_none=True)
    published_at = Instant(required=True)


class PublicLectures(Page):
    items = fields.List(fields.Nested(PublicLecture), required=True)
