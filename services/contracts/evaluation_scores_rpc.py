"""Requests and responses about scores: what a year is worth, why, how it went, and what it would be."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.evaluation_rpc import Bilingual, Source
from services.contracts.kinds import ACTIVITY_KINDS

_ID = validate.Length(min=1, max=64)
_CURSOR = validate.Length(min=1, max=400)
_YEAR = validate.Range(min=2000, max=2100)
_LIMIT = validate.Range(min=1, max=100)
MOST_SUPPOSED = 20


class GetScore(Schema):
    """An organisation's score of a year (default: the running one), to those who may read it."""

    organisation = fields.String(required=True, validate=_ID)
    year = fields.Integer(validate=_YEAR)


class ListScores(Schema):
    """Scores of a year (default: the running one) that the caller may see, by organisation.

    ``organisation``: of that organisation and all below it.
    """

    organisation = fields.String(validate=_ID)
    year = fields.Integer(validate=_YEAR)
    cursor = fields.String(validate=_CURSOR)
    limit = fields.Integer(load_default=50, validate=_LIMIT)


class ExplainScore(GetScore):
    """Where every point of a score comes from, to those who may read it."""


class IndicatorPoints(Schema):
    """One indicator's share of a score."""

    indicator = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    points = fields.Decimal(required=True, as_string=True)
    most = fields.Decimal(required=True, as_string=True)


class Score(Schema):
    """An organisation's score of a year, as of a campus day. Its band is final once a rating has closed."""

    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    version = fields.Integer(required=True)
    points = fields.Decimal(required=True, as_string=True, metadata={"description": "0 to 100, two decimals"})
    band = fields.String(required=True)
    band_title = fields.Nested(Bilingual, required=True)
    policy = fields.String(required=True)
    evidence = fields.Integer(required=True, metadata={"description": "records counted"})
    as_of = fields.Date(required=True)
    indicators = fields.List(fields.Nested(IndicatorPoints), required=True)


class ScorePage(Schema):
    """A page of scores; ``next`` is the cursor of the page after it, or null."""

    items = fields.List(fields.Nested(Score), required=True)
    next = fields.String(required=True, allow_none=True)


class CriterionPoints(Schema):
    """What reviewers gave for one criterion, on average."""

    criterion = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    points = fields.Decimal(required=True, as_string=True)


class ExplanationLine(Schema):
    """One reason for points given, withheld or deducted, with the records and obligations it rests on."""

    indicator = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    text = fields.Nested(Bilingual, required=True)
    article = fields.String(required=True, metadata={"description": "of the policy"})
    within = fields.List(fields.String(), required=True, metadata={"description": "groups, from the top"})
    points = fields.Decimal(required=True, as_string=True)
    most = fields.Decimal(required=True, as_string=True)
    records = fields.List(fields.String(), required=True, metadata={"description": "activity ids"})
    obligations = fields.List(fields.String(), required=True)
    marks = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "ids of assessments, findings and ballot rounds"},
    )
    criteria = fields.List(fields.Nested(CriterionPoints), required=True)


class VetoLine(Schema):
    """A veto that holds: whatever the points, the band is below ``keeps_below``."""

    veto = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    article = fields.String(required=True)
    keeps_below = fields.String(required=True)
    obligations = fields.List(fields.String(), required=True)
    marks = fields.List(fields.String(), required=True)


class ScoreExplanation(Schema):
    """A score with the reason for every point. The lines' points add up to the score's.

    ``groups`` are the subtotals of the tree, from the top.
    """

    score = fields.Nested(Score, required=True)
    summary = fields.Nested(Bilingual, required=True)
    groups = fields.List(fields.Nested(IndicatorPoints), required=True)
    lines = fields.List(fields.Nested(ExplanationLine), required=True)
    vetoes = fields.List(fields.Nested(VetoLine), required=True)
    source = fields.Nested(Source, required=True)


class ExplainHeadScore(GetScore):
    """The score of the organisation's secretary, to themselves and to who reviews from above; on record."""


class HeadScore(Schema):
    """What the year of a secretary is worth so far; its band is final once a rating has closed."""

    organisation = fields.String(required=True)
    person = fields.String(required=True)
    year = fields.Integer(required=True)
    policy = fields.String(required=True)
    points = fields.Decimal(required=True, as_string=True, metadata={"description": "0 to 100, two decimals"})
    band = fields.String(required=True)
    groups = fields.List(fields.Nested(IndicatorPoints), required=True)
    lines = fields.List(fields.Nested(ExplanationLine), required=True)
    vetoes = fields.List(fields.Nested(VetoLine), required=True)
    source = fields.Nested(Source, required=True)


class ScoreTrend(GetScore):
    """How a score of a year came about, month by month, to those who may read it."""


class MonthPoints(Schema):
    """What the year was worth at the end of a month, from what had happened by then."""

    month = fields.String(required=True, metadata={"description": "2026-03"})
    as_of = fields.Date(required=True)
    points = fields.Decimal(required=True, as_string=True)
    band = fields.String(required=True)
    indicators = fields.List(fields.Nested(IndicatorPoints), required=True)


class Trend(Schema):
    """The months of a year up to today, oldest first."""

    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    policy = fields.String(required=True)
    months = fields.List(fields.Nested(MonthPoints), required=True)


class Supposed(Schema):
    """A record that is supposed to have been approved."""

    kind = fields.String(required=True, validate=validate.OneOf(ACTIVITY_KINDS))
    organisation = fields.String(
        validate=_ID, metadata={"description": "a group of the branch; default itself"}
    )
    held_on = fields.Date(required=True)
    late = fields.Boolean(load_default=False)
    has_minutes = fields.Boolean(load_default=True)
    expected = fields.Integer(strict=True, load_default=0, validate=validate.Range(min=0, max=10_000))
    present = fields.Integer(strict=True, load_default=0, validate=validate.Range(min=0, max=10_000))
    excused = fields.Integer(strict=True, load_default=0, validate=validate.Range(min=0, max=10_000))


class WhatIf(GetScore):
    """What the score would be if these records had been approved. Nothing is written."""

    records = fields.List(
        fields.Nested(Supposed), required=True, validate=validate.Length(min=1, max=MOST_SUPPOSED)
    )


class PointsChange(Schema):
    """What one indicator is worth now and would be then."""

    indicator = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    now = fields.Decimal(required=True, as_string=True)
    then = fields.Decimal(required=True, as_string=True)


class Supposition(Schema):
    """The score as it is and as it would be; ``changes`` are the indicators that differ."""

    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    points = fields.Decimal(required=True, as_string=True)
    band = fields.String(required=True)
    points_then = fields.Decimal(required=True, as_string=True)
    band_then = fields.String(required=True)
    changes = fields.List(fields.Nested(PointsChange), required=True)


class RollUp(GetScore):
    """What the scored organisations at and below an organisation come to, and each part of the tree."""


class Rolled(Schema):
    """Scored organisations taken together, by ``bands`` all of them.

    ``mean``, ``lowest`` and ``highest`` are of those rated, and null where none is.
    """

    organisation = fields.String(required=True)
    scored = fields.Integer(required=True)
    mean = fields.Decimal(required=True, as_string=True, allow_none=True)
    lowest = fields.Decimal(required=True, as_string=True, allow_none=True)
    highest = fields.Decimal(required=True, as_string=True, allow_none=True)
    bands = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class RolledUp(Schema):
    """The whole, and each child of the organisation, by id. Organisations are compared, persons never."""

    year = fields.Integer(required=True)
    whole = fields.Nested(Rolled, required=True)
    parts = fields.List(fields.Nested(Rolled), required=True)


BURDEN_KINDS = (
    "dues",
    "training",
    "thought_report",
    "task",
    "opinion",
    "committee_election",
    "democratic_life_report",
    "exemption",
)


class GetBurden(GetScore):
    """How much an organisation and its people were asked to fill in during a year."""


class BurdenLine(Schema):
    """What one kind of activity, or of anything else that asks for something, asked for."""

    kind = fields.String(
        required=True, metadata={"description": "of activity, or one of " + ", ".join(BURDEN_KINDS)}
    )
    title = fields.Nested(Bilingual, required=True)
    records = fields.Integer(required=True)
    fields_ = fields.Integer(
        required=True, data_key="fields", metadata={"description": "filled in by somebody"}
    )
    minutes = fields.Integer(required=True)
    article = fields.String(required=True, metadata={"description": "of the pack: what it is estimated by"})


class Burden(Schema):
    """Fields and minutes asked of an organisation, its groups and people by all that evaluation is told of.

    An estimate from the number of fields of each form and the seconds that the pack gives to them. Whoever
    holds no post there is told of what is no activity only where there is enough of its kind in the year.
    """

    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    records = fields.Integer(required=True)
    fields_ = fields.Integer(required=True, data_key="fields")
    minutes = fields.Integer(required=True)
    months = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "minutes by month"},
    )
    kinds = fields.List(fields.Nested(BurdenLine), required=True)
    pack = fields.String(required=True)
    article = fields.String(required=True)
