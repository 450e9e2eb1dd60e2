"""What a record of a branch meeting says of its votes, and what they came to."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.records_rpc.parts import Text, identifier
from services.contracts.records_rpc.votes import MOST, DecisionCounted, ElectionCounted

MATTERS = ("admission", "full_membership", "resolution")
_COUNT = validate.Range(min=0, max=MOST)


def _count(**more: object) -> fields.Integer:
    return fields.Integer(strict=True, validate=_COUNT, **more)  # type: ignore[arg-type]  # keywords as marshmallow takes them


class RecordedVote(Schema):
    """Counts alone: nobody's vote is kept. On a person, by secret ballot, one person at a time."""

    matter = fields.String(required=True, validate=validate.OneOf(MATTERS))
    subject = Text(120, least=0, load_default=None, allow_none=True)
    person = identifier(
        required=False, load_default=None, allow_none=True, metadata={"description": "whom it is on"}
    )
    secret = fields.Boolean(required=True)
    entitled = _count(required=True, metadata={"description": "full members with a vote, by the attendance"})
    present = _count(required=True, metadata={"description": "of those entitled"})
    written = _count(load_default=0, metadata={"description": "opinions that excused absentees sent before"})
    in_favour = _count(required=True, metadata={"description": "written ones included"})
    against = _count(required=True)
    abstained = _count(required=True)
    written_in_favour = _count(load_default=0)


class CandidateVoted(Schema):
    candidate = Text(64, required=True)
    votes = _count(required=True)


class RecordedElection(Schema):
    """An election of a number of seats from all who stood."""

    subject = Text(120, required=True)
    entitled = _count(required=True)
    present = _count(required=True)
    seats = fields.Integer(strict=True, required=True, validate=validate.Range(min=1, max=50))
    candidates = fields.List(
        fields.Nested(CandidateVoted), required=True, validate=validate.Length(min=1, max=100)
    )


class VoteTaken(RecordedVote):
    """As ``RecordedVote``, with what it came to by the rules of its day."""

    outcome = fields.Nested(DecisionCounted, required=True)


class ElectionHeld(RecordedElection):
    """As ``RecordedElection``, with what it came to by the rules of its day."""

    outcome = fields.Nested(ElectionCounted, required=True)


class Quorum(Schema):
    """Whether enough of those with a vote were there to decide."""

    entitled = fields.Integer(required=True)
    present = fields.Integer(required=True)
    quorate = fields.Boolean(required=True)
    least_present = fields.Integer(required=True)
    pack = fields.String(required=True)
    article = fields.String(required=True)
