"""Requests and answers about votes: counting alone, nothing is kept."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.records_rpc.parts import Day, Text, identifier

MOST = 5000
_COUNT = validate.Range(min=0, max=MOST)


class _Meeting(Schema):
    entitled = fields.Integer(
        strict=True,
        validate=validate.Range(min=1, max=MOST),
        metadata={"description": "应到: full members with a vote; nobody on probation or under 留党察看"},
    )
    organisation = identifier(
        required=False,
        metadata={
            "description": "instead of ``entitled``: the branch whose members had a vote on the day of the "
            "meeting; for a post at it or above"
        },
    )
    present = fields.Integer(strict=True, required=True, validate=_COUNT)
    on = Day(metadata={"description": "the day of the meeting, whose rules count; today without it"})


class CountDecision(_Meeting):
    """Admission or 转正 of one person."""

    written = fields.Integer(strict=True, load_default=0, validate=_COUNT)
    in_favour = fields.Integer(
        strict=True,
        required=True,
        validate=_COUNT,
        metadata={"description": "votes in favour, written ones included"},
    )


class RuleOfVote(Schema):
    rule = fields.String(required=True)
    pack = fields.String(required=True)
    article = fields.String(required=True)


class DecisionCounted(Schema):
    """``least_…`` is what would have been enough."""

    entitled = fields.Integer(required=True)
    quorate = fields.Boolean(required=True)
    carried = fields.Boolean(required=True)
    least_present = fields.Integer(required=True)
    least_in_favour = fields.Integer(required=True)
    rules = fields.List(fields.Nested(RuleOfVote), required=True)


class Received(Schema):
    candidate = Text(64, required=True)
    votes = fields.Integer(strict=True, required=True, validate=_COUNT)


class CountElection(_Meeting):
    """An election of a number of seats from all who stood."""

    seats = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=50))
    votes = fields.List(fields.Nested(Received), required=True, validate=validate.Length(max=100))


class ElectionCounted(Schema):
    """``tied`` have as many votes each for fewer seats: they stand again."""

    entitled = fields.Integer(required=True)
    quorate = fields.Boolean(required=True)
    enough_candidates = fields.Boolean(required=True)
    elected = fields.List(fields.String(), required=True)
    tied = fields.List(fields.String(), required=True)
    vacant = fields.Integer(required=True)
    least_present = fields.Integer(required=True)
    least_votes = fields.Integer(required=True)
    least_candidates = fields.Integer(required=True)
    rules = fields.List(fields.Nested(RuleOfVote), required=True)
