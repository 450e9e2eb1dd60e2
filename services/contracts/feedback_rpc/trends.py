"""Requests and answers about trends."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.feedback_rpc.shapes import identifier


class GetTrends(Schema):
    """What was said about an organisation and below, counted: to whoever reads its opinions."""

    organisation = identifier()


class ExportTrends(GetTrends):
    """A sheet of an organisation and those directly below it, by topic and month; kept for a day.

    It shows what their pages show, and no more.
    """

    language = fields.String(load_default="zh", validate=validate.OneOf(("zh", "en")))


class TopicBurst(Schema):
    """A week has more than its past lets expect: the latest of those that end in the last month that is told.

    No count of it is told: beside that of a month it would give away how few there were in the rest.
    """

    week = fields.String(required=True, metadata={"description": "by ISO 8601: 2026-W11"})


class TrendRow(Schema):
    """One category or topic. ``counts`` go with ``months``; null is fewer than ``fewest``, none at all,
    or what would give away such a count of another organisation.

    ``total`` is the sum of those that are shown. ``recurring``: it came in three of the last six months, of
    those that are shown.
    """

    kind = fields.String(required=True, validate=validate.OneOf(("category", "topic")))
    id = fields.String(required=True)
    counts = fields.List(fields.Integer(allow_none=True), required=True)
    total = fields.Integer(required=True)
    recurring = fields.Boolean(required=True)
    burst = fields.Nested(TopicBurst, required=True, allow_none=True)


class OpinionTrends(Schema):
    """Counts of published categories; never of fewer than ``fewest`` opinions, and never of a person.

    ``months`` are those that are settled: ten days after its end a month is told, and never changes again.
    """

    organisation = fields.String(required=True)
    fewest = fields.Integer(required=True)
    months = fields.List(fields.String(), required=True)
    rows = fields.List(fields.Nested(TrendRow), required=True)
