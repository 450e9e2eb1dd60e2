"""The event of probation within the Party. It names neither the person nor where they belong."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import SANCTION_STATES


class SanctionChanged(EventContract):
    """A probation within the Party was imposed, prolonged or closed. Who may know more asks records."""

    type = "records.sanction.changed.v1"

    sanction = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "the one that decided"})
    state = fields.String(required=True, validate=validate.OneOf(SANCTION_STATES))
