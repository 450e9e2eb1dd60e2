"""Events of the filling station: bulletins, campaigns, micro-lectures. Never what one says."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import LECTURE_KINDS, POLITICAL_STATUSES, ROLES


class _Addressed(EventContract):
    """To whom: organisations with all below them; of these holders of roles and people of statuses, or
    everybody who belongs there where neither is named."""

    organisation = fields.String(required=True, metadata={"description": "who says it"})
    organisations = fields.List(fields.String(), required=True)
    roles = fields.List(fields.String(validate=validate.OneOf(ROLES)), required=True)
    political_statuses = fields.List(
        fields.String(validate=validate.OneOf(POLITICAL_STATUSES)), required=True
    )


class _Bulletin(_Addressed):
    """What the events of a bulletin carry; sequences of one bulletin have no holes."""

    bulletin = fields.String(required=True)
    open = fields.Boolean(required=True, metadata={"description": "in the open view too"})


class BulletinPublished(_Bulletin):
    """A bulletin was published: once for each."""

    type = "records.bulletin.published.v1"

    published_on = fields.Date(required=True)
    mandatory = fields.Boolean(required=True)
    read_by = fields.Date(
        required=True, allow_none=True, metadata={"description": "the last day to read a mandatory one"}
    )


class BulletinCorrected(_Bulletin):
    """A published bulletin has a new edition, which says what was corrected."""

    type = "records.bulletin.corrected.v1"

    edition = fields.Integer(required=True)
    corrected_on = fields.Date(required=True)


class BulletinWithdrawn(_Bulletin):
    """A published bulletin was taken down; its readers see why."""

    type = "records.bulletin.withdrawn.v1"

    withdrawn_on = fields.Date(required=True)


class BulletinReadOverdue(EventContract):
    """The last day to read a mandatory bulletin is over and some of an organisation's people have not: once.

    Counted are those who were addressed on the day of publication, each where they belonged then; of a group
    with its branch.
    """

    type = "records.bulletin.read_overdue.v1"

    bulletin = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "where those counted belonged"})
    read_by = fields.Date(required=True)
    expected = fields.Integer(required=True)
    read = fields.Integer(required=True)
    unread = fields.Integer(required=True)


class CampaignCalled(_Addressed):
    """Micro-lectures are called for, from whom the audience names."""

    type = "records.campaign.called.v1"

    campaign = fields.String(required=True)
    submit_until = fields.Date(required=True)


class CampaignClosed(_Addressed):
    """A campaign ended before its last day: nothing new is handed in, what was is still reviewed."""

    type = "records.campaign.closed.v1"

    campaign = fields.String(required=True)
    closed_on = fields.Date(required=True)


class _Lecture(EventContract):
    """What the events of a micro-lecture carry; sequences of one lecture have no holes."""

    lecture = fields.String(required=True)
    campaign = fields.String(required=True)
    person = fields.String(required=True, metadata={"description": "its author"})
    organisation = fields.String(required=True, metadata={"description": "where the author belonged then"})
    review_at = fields.String(required=True, metadata={"description": "the organisation that reviews it"})
    kind = fields.String(required=True, validate=validate.OneOf(LECTURE_KINDS))


class LectureSubmitted(_Lecture):
    """Its author handed a lecture in, for the first time or again after it was returned."""

    type = "records.lecture.submitted.v1"

    submitted_on = fields.Date(required=True)


class LectureReviewed(_Lecture):
    """Somebody else accepted the lecture, or returned it to its author."""

    type = "records.lecture.reviewed.v1"

    accepted = fields.Boolean(required=True)


class LecturePublished(_Lecture):
    """An accepted lecture stands in the filling station, for everybody: once for each."""

    type = "records.lecture.published.v1"

    published_on = fields.Date(required=True)


class LectureWithdrawn(_Lecture):
    """A published lecture was taken down; whoever asks for it sees why."""

    type = "records.lecture.withdrawn.v1"

    withdrawn_on = fields.Date(required=True)
