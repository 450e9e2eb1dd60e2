"""Requests and answers about ballot rounds: calling one, voting by ticket, and what is told of it."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.feedback_events.ballots import CellResult, SubjectScore
from services.contracts.feedback_rpc.shapes import Listed, expected_version, identifier, written
from services.contracts.feedback_rpc.tickets import SpentTicket, bytes_text
from services.contracts.kinds import ROUND_KINDS, ROUND_STATES

MOST_PAPERS = 60
MOST_QUESTIONS = 20
_ANSWERS = {"description": "the name of a choice by the name of each question"}


def answers() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=64)),
        values=fields.String(validate=validate.Length(min=1, max=64)),
        required=True,
        validate=validate.Length(min=1, max=MOST_QUESTIONS),
        metadata=_ANSWERS,
    )


class DraftRound(Schema):
    """Call a round: what is asked, of whom and with which weights stands in the pack, under its kind."""

    kind = fields.String(required=True, validate=validate.OneOf(ROUND_KINDS))
    organisation = identifier()
    title = written(120)
    closes_on = fields.Date(required=True, metadata={"description": "the last day on which one may vote"})


class NameRound(Schema):
    """Name a round."""

    round = identifier()


class StepRound(NameRound):
    """Open, close or publish a round. Opening and closing are jobs: ask again until the state is there."""

    version = expected_version()


class ListRounds(Listed):
    """Rounds of one organisation and those below it, newest first."""

    organisation = identifier()
    state = fields.String(validate=validate.OneOf(ROUND_STATES))


class BothLanguages(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class RoundChoice(Schema):
    name = fields.String(required=True)
    value = fields.Integer(required=True, metadata={"description": "what it counts, 0 to 100"})
    text = fields.Nested(BothLanguages, required=True)


class RoundQuestion(Schema):
    name = fields.String(required=True)
    weight = fields.Integer(required=True)
    text = fields.Nested(BothLanguages, required=True)
    choices = fields.List(fields.Nested(RoundChoice), required=True)


class RoundPart(Schema):
    name = fields.String(required=True)
    weight = fields.Integer(required=True)


class RoundItem(Schema):
    """A round in a list. How many voted is told by nobody while it is open."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True)
    organisation = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(ROUND_STATES))
    closes_on = fields.Date(required=True)


class Round(RoundItem):
    """A round with its questions, and its result once that may be read."""

    questions = fields.List(fields.Nested(RoundQuestion), required=True)
    parts = fields.List(fields.Nested(RoundPart), required=True)
    electors = fields.Integer(required=True, allow_none=True)
    left_out = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "parts with too few electors to be told: nobody votes in them"},
    )
    smallest_cell = fields.Integer(required=True)
    source = fields.String(required=True, metadata={"description": "pack and article"})
    results = fields.List(fields.Nested(CellResult), required=True, allow_none=True)
    scores = fields.List(fields.Nested(SubjectScore), required=True, allow_none=True)


class RoundPage(Schema):
    """``next`` is null on the last page."""

    items = fields.List(fields.Nested(RoundItem), required=True)
    next = fields.String(required=True, allow_none=True)


class MyPaper(Schema):
    """A paper on which I may vote: its key, and who is rated on it, if anybody."""

    paper = fields.String(required=True)
    part = fields.String(required=True)
    subject = fields.String(required=True, allow_none=True, metadata={"description": "person id"})
    node = fields.String(required=True, metadata={"description": "the cell in which it counts"})
    public_key = fields.String(required=True)
    label = fields.String(required=True)
    electors = fields.Integer(required=True, metadata={"description": "how many may vote on it"})
    drawn = fields.Boolean(required=True)


class MyPapers(Schema):
    """``may_rate_myself``: whether the round asks me for a rating of myself, by name."""

    items = fields.List(fields.Nested(MyPaper), required=True)
    may_rate_myself = fields.Boolean(required=True)


class BlindedPaper(Schema):
    paper = identifier()
    blinded = bytes_text(1024, "a blinded message")


class DrawPapers(NameRound):
    """Have tickets for papers of mine signed, each once; again for the same message alone."""

    papers = fields.List(
        fields.Nested(BlindedPaper), required=True, validate=validate.Length(min=1, max=MOST_PAPERS)
    )


class SignedPaper(Schema):
    paper = fields.String(required=True)
    signature = fields.String(required=True)


class DrawnPapers(Schema):
    """The blind signatures."""

    items = fields.List(fields.Nested(SignedPaper), required=True)


class CastBallot(Schema):
    """Vote, without a name, by a ticket of the paper. The same ticket changes the ballot until it closes."""

    ticket = fields.Nested(SpentTicket, required=True)
    answers = answers()


class BallotKept(Schema):
    """The ballot is kept as it is; it says neither whether it was there before nor when."""

    paper = fields.String(required=True)


class RateMyself(NameRound):
    """What one says of oneself, by name, where the round asks for it. It may be changed until it closes."""

    answers = answers()


class SelfRated(NameRound):
    """It is kept."""
