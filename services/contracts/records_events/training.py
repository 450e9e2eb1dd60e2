"""Events of training hours: ids, days, minutes. No title."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import TRAINING_FORMS, TRAINING_ORIGINS


class _Credit(EventContract):
    """What every line of the hours carries; the hours of a person and year are the sum of their lines."""

    credit = fields.String(required=True)
    person = fields.String(required=True)
    organisation = fields.String(
        required=True, metadata={"description": "where the person belonged when it was entered"}
    )
    year = fields.Integer(required=True)
    on = fields.Date(required=True, metadata={"description": "campus date of the (last day of) training"})
    form = fields.String(required=True, validate=validate.OneOf(TRAINING_FORMS))
    origin = fields.String(required=True, validate=validate.OneOf(TRAINING_ORIGINS))
    activity = fields.String(required=True, allow_none=True)


class TrainingCredited(_Credit):
    """Somebody was credited with minutes of training; a credit is never changed."""

    type = "records.training.credited.v1"

    minutes = fields.Integer(required=True, validate=validate.Range(min=1))
    pack = fields.String(required=True, metadata={"description": "the policy pack that set what it is worth"})


class TrainingReversed(_Credit):
    """A credit was reversed: this line takes away what that one gave, once."""

    type = "records.training.reversed.v1"

    reverses = fields.String(required=True, metadata={"description": "id of the credit"})
    minutes = fields.Integer(required=True, validate=validate.Range(max=-1))
