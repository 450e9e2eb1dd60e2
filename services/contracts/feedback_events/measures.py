"""Events of measures and their results."""

from __future__ import annotations

from marshmallow import fields

from services.chassis.contract import EventContract


class MeasurePlanned(EventContract):
    """A measure has an owner and a due date."""

    type = "feedback.measure.planned.v1"

    measure = fields.String(required=True)
    organisation = fields.String(required=True)
    owner = fields.String(required=True, metadata={"description": "person id"})
    due_on = fields.Date(required=True)
    opinions = fields.List(fields.String(), required=True)


class ResultPublished(EventContract):
    """The result of a measure is public."""

    type = "feedback.result.published.v1"

    measure = fields.String(required=True)
    organisation = fields.String(required=True)
    published_on = fields.Date(required=True)
    opinions = fields.List(fields.String(), required=True)
