"""Events of the notify service: the outcome of every intended message. No number and no text."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import MESSAGE_STATES


class MessageChanged(EventContract):
    """A message reached another state. The newest sequence wins."""

    type = "notify.message.changed.v1"

    message = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(MESSAGE_STATES))
    channel = fields.String(required=True)
    template = fields.String(required=True)
    obligation = fields.String(required=True, allow_none=True)
    organisation = fields.String(required=True)
    step = fields.String(required=True, metadata={"description": "the rung of the reminder ladder"})
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "why it was not sent, or failed"}
    )
