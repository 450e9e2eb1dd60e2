"""Events of opinions. No text of an opinion, and nothing about who spoke."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import OPINION_MODES


class _Opinion(EventContract):
    """What every event of an opinion carries."""

    opinion = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "the one responsible for an answer"})
    category = fields.String(required=True)
    mode = fields.String(required=True, validate=validate.OneOf(OPINION_MODES))


class OpinionReceived(_Opinion):
    """Somebody spoke. An anonymous opinion is told of when its batch is released, in random order.

    Its envelope has no actor and only the campus day.
    """

    type = "feedback.opinion.received.v1"


class OpinionDeclined(_Opinion):
    """The opinion was declined with a reason, which its author can read."""

    type = "feedback.opinion.declined.v1"


class OpinionAdopted(_Opinion):
    """A measure answers the opinion."""

    type = "feedback.opinion.adopted.v1"

    measure = fields.String(required=True)
