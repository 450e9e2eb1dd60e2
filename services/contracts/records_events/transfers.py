"""Events of transfers of membership. Ids and days; no place, no number of a letter, no reason."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import TRANSFER_KINDS


class _Transfer(EventContract):
    """What every event of a transfer carries; the change of membership is told by the person's own event."""

    transfer = fields.String(required=True)
    person = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(TRANSFER_KINDS))
    organisation = fields.String(
        required=True,
        metadata={"description": "the one that is left; of who comes from outside, the one that receives"},
    )
    destination = fields.String(metadata={"description": "the one that receives, on this campus"})
    on = fields.Date(required=True)


class TransferAsked(_Transfer):
    """A transfer was asked for, or a letter was given for one that leaves the campus."""

    type = "records.transfer.asked.v1"

    due_on = fields.Date(required=True, metadata={"description": "until when it is answered or received"})


class TransferAccepted(_Transfer):
    """The receiving branch took the person in: membership changed with this."""

    type = "records.transfer.accepted.v1"

    tasks = fields.List(
        fields.String(),
        metadata={"description": "tasks at the branch that is left which need somebody else responsible"},
    )


class TransferRedirected(_Transfer):
    """A branch at one end was reorganised: it goes on from, or to, the one that took over."""

    type = "records.transfer.redirected.v1"


class TransferRefused(_Transfer):
    """The receiving branch refused."""

    type = "records.transfer.refused.v1"


class TransferWithdrawn(_Transfer):
    """Whoever asked withdrew it."""

    type = "records.transfer.withdrawn.v1"


class TransferCompleted(_Transfer):
    """A transfer out of the campus, or into it, came to its end: membership changed with this."""

    type = "records.transfer.completed.v1"

    late = fields.Boolean(required=True, metadata={"description": "the letter was no longer valid"})
