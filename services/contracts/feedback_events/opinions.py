"""Events of opinions. No text of an opinion, and nothing about who spoke."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import OPINION_MODES, OPINION_SPEEDS, RATINGS


class OpinionEvent(EventContract):
    """What every event of an opinion carries."""

    opinion = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "the one responsible for an answer"})
    category = fields.String(required=True)
    mode = fields.String(required=True, validate=validate.OneOf(OPINION_MODES))
    restricted = fields.Boolean(
        metadata={
            "description": "true where it is about a head: kept from people whom no event names, so it"
            " is for nobody who has not read it from feedback; absent otherwise"
        }
    )


class OpinionReceived(OpinionEvent):
    """Somebody spoke. An anonymous opinion is told of when its batch is released, in random order.

    Its envelope has no actor and only the campus day; so has every event of a confidential one.
    """

    type = "feedback.opinion.received.v1"


class OpinionTriaged(OpinionEvent):
    """Somebody said what it is about; told anew when they change their mind."""

    type = "feedback.opinion.triaged.v1"

    topics = fields.List(fields.String(), required=True)


class OpinionReassigned(OpinionEvent):
    """Another organisation answers it from now on."""

    type = "feedback.opinion.reassigned.v1"

    before = fields.String(required=True, metadata={"description": "the organisation that handed it over"})


class OpinionMerged(OpinionEvent):
    """It says the same as another one, and is answered with it."""

    type = "feedback.opinion.merged.v1"

    into = fields.String(required=True)


class OpinionDeclined(OpinionEvent):
    """The opinion was declined with a reason, which its author can read."""

    type = "feedback.opinion.declined.v1"


class OpinionAdopted(OpinionEvent):
    """A measure answers the opinion."""

    type = "feedback.opinion.adopted.v1"

    measure = fields.String(required=True)


class OpinionPaused(OpinionEvent):
    """The clock stands still for a reason, which its author can read."""

    type = "feedback.opinion.paused.v1"


class OpinionResumed(OpinionEvent):
    """The clock goes on."""

    type = "feedback.opinion.resumed.v1"


class OpinionReplied(OpinionEvent):
    """Its author or a handler said more about it. What an anonymous author says waits for a batch."""

    type = "feedback.opinion.replied.v1"

    who = fields.String(required=True, validate=validate.OneOf(("author", "handler")))


class OpinionRated(OpinionEvent):
    """Its author said how content they are with the answer."""

    type = "feedback.opinion.rated.v1"

    rating = fields.String(required=True, validate=validate.OneOf(RATINGS))


class OpinionReopened(OpinionEvent):
    """Its author does not take the answer: it is to be answered anew."""

    type = "feedback.opinion.reopened.v1"


class _Clocked(OpinionEvent):
    # Whom to remind. Who spoke is in none of it: neither here, nor as the actor.
    due_on = fields.Date(required=True, metadata={"description": "the last day in time"})
    roles = fields.List(
        fields.String(),
        metadata={"description": "holders of one of these posts at the organisation or above it answer"},
    )
    speed = fields.String(required=True, validate=validate.OneOf(OPINION_SPEEDS))


class OpinionDueSoon(_Clocked):
    """An answer is due in a working day or so; told once for each time that the clock is started."""

    type = "feedback.opinion.due_soon.v1"


class OpinionOverdue(_Clocked):
    """The time to answer is over; told once for each time that the clock is started."""

    type = "feedback.opinion.overdue.v1"
