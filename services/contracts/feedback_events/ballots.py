"""Events of ballot rounds. No ballot, no elector, and no count that would tell how somebody voted."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import ROUND_KINDS


class _Round(EventContract):
    """What every event of a round carries."""

    round = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ROUND_KINDS))
    organisation = fields.String(required=True)


class QuestionResult(Schema):
    """What is told of the answers to one question, by choice in the order of the questionnaire.

    ``counts`` is null where it would tell how somebody voted. Of nearly unanimous answers of a whole survey,
    or of one part of those who rated somebody, ``mostly`` and ``at_least`` are told, alike for all that are
    near.
    """

    question = fields.String(required=True)
    counts = fields.List(fields.Integer(), required=True, allow_none=True)
    mostly = fields.String(required=True, allow_none=True)
    at_least = fields.Integer(required=True, allow_none=True)


class CellResult(Schema):
    """An organisation, or one part of those who rated a person (``<person>/<part>``)."""

    node = fields.String(required=True)
    ballots = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null where it is too few, or would tell it"}
    )
    answers = fields.List(fields.Nested(QuestionResult), required=True)
    points = fields.Decimal(
        allow_none=True,
        as_string=True,
        places=2,
        metadata={"description": "what is told of the answers, weighted, 0 to 100; null where nothing is"},
    )


class SubjectScore(Schema):
    """The weighted points of a person, 0 to 100, from what is told alone; null where nothing is."""

    subject = fields.String(required=True, metadata={"description": "person id"})
    points = fields.Decimal(required=True, allow_none=True, as_string=True, places=2)
    own = fields.Decimal(
        allow_none=True,
        as_string=True,
        places=2,
        metadata={"description": "what they said of themselves, by name, 0 to 100; null where they did not"},
    )


class RoundOpened(_Round):
    """Its electorate is frozen, and whoever is in it may vote."""

    type = "feedback.ballot_round.opened.v1"

    closes_on = fields.Date(required=True)


class RoundClosed(_Round):
    """The ballots are counted, and gone. The result is for those who called it until it is published.

    Nothing follows from it before that: whoever counts results reads ``published``.
    """

    type = "feedback.ballot_round.closed.v1"

    closed_on = fields.Date(required=True)
    smallest_cell = fields.Integer(required=True)
    results = fields.List(fields.Nested(CellResult), required=True)
    scores = fields.List(fields.Nested(SubjectScore), required=True)


class RoundPublished(_Round):
    """Everybody whom the round is about may read its result, which is the same as ``closed`` told."""

    type = "feedback.ballot_round.published.v1"

    published_on = fields.Date(required=True)
    # Added within the version: absent in events of before.
    closed_on = fields.Date()
    smallest_cell = fields.Integer()
    results = fields.List(fields.Nested(CellResult))
    scores = fields.List(fields.Nested(SubjectScore))
