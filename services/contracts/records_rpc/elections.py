"""Requests and answers about elections of committees and the terms that they begin."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.kinds import ELECTION_STANDINGS, ORGANISATION_KINDS, ROLES, SHIFT_STATES
from services.contracts.records_rpc.directory import document_number
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier
from services.contracts.records_rpc.votes import MOST

VERDICTS = ("approve", "refuse")


def _count(least: int, most: int = MOST) -> fields.Integer:
    return fields.Integer(strict=True, required=True, validate=validate.Range(min=least, max=most))


class Candidate(Schema):
    person = identifier()
    votes = _count(0)


class RecordElection(Schema):
    """Record an election of a committee. It is counted by the packs in force on its day."""

    organisation = identifier()
    held_on = Day(required=True)
    seats = _count(1, 50)
    entitled = fields.Integer(
        strict=True,
        validate=validate.Range(min=1, max=MOST),
        metadata={
            "description": "of a branch it follows from the people of that day, and need not be given: full "
            "members, nobody under 留党察看"
        },
    )
    present = _count(0)
    candidates = fields.List(
        fields.Nested(Candidate), required=True, validate=validate.Length(min=1, max=100)
    )
    elected = fields.List(
        identifier(),
        validate=validate.Length(max=50),
        metadata={"description": "person ids, held against what the votes say"},
    )
    document_number = document_number()


class SeatTaken(Schema):
    """Who was elected, and the post that they take."""

    person = identifier()
    role = fields.String(required=True, validate=validate.OneOf(ROLES))


class ConfirmElection(Expecting):
    """Confirm the result, at a level above. Who is named takes the posts of the committee.

    Whoever held one of them until then and is not named holds it no more.
    """

    election = identifier()
    posts = fields.List(fields.Nested(SeatTaken), required=True, validate=validate.Length(min=1, max=50))
    since = Day(
        load_default=None,
        allow_none=True,
        metadata={"description": "first day of the posts, from the election on; today where null"},
    )


class ElectionConfirmed(Schema):
    posts = fields.List(fields.Nested(SeatTaken), required=True)
    since = Day(required=True)
    on = Day(required=True)
    by = fields.String(required=True)


class AskElectionShift(Expecting):
    """Ask that the election be due on another day."""

    election = identifier()
    to = Day(required=True)
    reason = Text(500, required=True)


class DecideElectionShift(Expecting):
    """Approve or refuse, at a level above. A refusal says why."""

    election = identifier()
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(500, load_default=None, allow_none=True)


class GetElection(Schema):
    election = identifier()


class Shift(Schema):
    to = Day(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(SHIFT_STATES))
    asked_by = fields.String(required=True)
    asked_on = Day(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_on = Day(required=True, allow_none=True)
    comment = fields.String(required=True, allow_none=True)


class TermSource(Schema):
    pack = fields.String(required=True)
    article = fields.String(required=True)


class Election(Schema):
    """An election, and the term that it began."""

    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    held_on = Day(required=True)
    late = fields.Boolean(required=True)
    seats = fields.Integer(required=True)
    entitled = fields.Integer(required=True)
    present = fields.Integer(required=True)
    candidates = fields.List(fields.Nested(Candidate), required=True)
    elected = fields.List(fields.String(), required=True)
    vacant = fields.Integer(required=True, metadata={"description": "seats for which nobody was elected"})
    document_number = fields.String(required=True, allow_none=True)
    standing = fields.String(
        required=True,
        validate=validate.OneOf(ELECTION_STANDINGS),
        metadata={"description": "of the term, as of the last night"},
    )
    regular_due_on = Day(required=True)
    due_on = Day(required=True, metadata={"description": "the regular day, or the one approved instead"})
    remind_on = Day(required=True)
    shift = fields.Nested(Shift, required=True, allow_none=True)
    confirmed = fields.Nested(
        ElectionConfirmed,
        required=True,
        allow_none=True,
        metadata={
            "description": "the posts that were given with it; null while it waits for the level above"
        },
    )
    source = fields.Nested(TermSource, required=True)


class ListElections(Listing):
    """Terms of ``organisation``, newest first; without it those at or below the caller's posts (and below
    ``within``), the first due first."""

    organisation = identifier(required=False)
    within = identifier(required=False)
    standing = fields.String(validate=validate.OneOf(ELECTION_STANDINGS))


class Elections(Page):
    items = fields.List(fields.Nested(Election), required=True)
