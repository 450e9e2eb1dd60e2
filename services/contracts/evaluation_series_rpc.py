"""Requests and responses about data for judgement: series by month, cohorts, files."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.evaluation_rpc import Bilingual

_ID = validate.Length(min=1, max=64)
_YEAR = validate.Range(min=2000, max=2100)
SERIES_FORMATS = ("csv", "xlsx", "parquet")


class ExportSeries(Schema):
    """What every scored organisation at and below one was worth, by month and indicator, as a file."""

    organisation = fields.String(required=True, validate=_ID)
    year = fields.Integer(required=True, validate=_YEAR)
    format = fields.String(required=True, validate=validate.OneOf(SERIES_FORMATS))


class SeriesFile(Schema):
    """A file, base64."""

    name = fields.String(required=True)
    media_type = fields.String(required=True)
    content = fields.String(required=True)


class GetCohort(Schema):
    """How an organisation stands among all that are scored by the same policy, to those who may read it."""

    organisation = fields.String(required=True, validate=_ID)
    year = fields.Integer(validate=_YEAR)


class CohortFigure(Schema):
    """Own points and the quartiles of all that are rated; null where there are fewer than five."""

    indicator = fields.String(required=True)
    title = fields.Nested(Bilingual, required=True)
    points = fields.Decimal(required=True, as_string=True)
    count = fields.Integer(required=True)
    lower = fields.Decimal(required=True, as_string=True, allow_none=True)
    median = fields.Decimal(required=True, as_string=True, allow_none=True)
    upper = fields.Decimal(required=True, as_string=True, allow_none=True)


class Cohort(Schema):
    """The total and each indicator. Organisations are compared, persons never."""

    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    policy = fields.String(required=True)
    items = fields.List(fields.Nested(CohortFigure), required=True)
