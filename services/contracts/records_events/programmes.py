"""Events of programmes 先锋工程 and 素质工程: ids, years, days and numbers. No name, no title, no mark."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import PROGRAMME_KINDS, PROGRAMME_STATES


class _Programme(EventContract):
    """What every event of a programme carries; sequences of one programme have no holes."""

    programme = fields.String(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(PROGRAMME_KINDS))
    from_year = fields.Integer(required=True)
    to_year = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(PROGRAMME_STATES))


class ProgrammeOpened(_Programme):
    """An organisation opened a programme for teachers or for students."""

    type = "records.programme.opened.v1"


class ProgrammeChanged(_Programme):
    """Which activities count for a programme changed. The newest wins."""

    type = "records.programme.changed.v1"


class ProgrammeClosed(_Programme):
    """A programme is over."""

    type = "records.programme.closed.v1"


class ProgrammeMemberChanged(EventContract):
    """Somebody is in a programme's cohort from ``since`` to ``until``, with this mentor. The newest wins."""

    type = "records.programme_member.changed.v1"

    programme = fields.String(required=True)
    organisation = fields.String(required=True)
    person = fields.String(required=True)
    mentor = fields.String(required=True, allow_none=True, metadata={"description": "person id"})
    since = fields.Date(required=True)
    until = fields.Date(required=True, allow_none=True)


class ProgrammeEntryMade(EventContract):
    """Something was entered with its evidence towards a target; ``person`` where it is one's own target."""

    type = "records.programme_entry.made.v1"

    entry = fields.String(required=True)
    programme = fields.String(required=True)
    organisation = fields.String(required=True)
    target = fields.String(required=True)
    person = fields.String(required=True, allow_none=True)
    number = fields.Integer(required=True)
    on = fields.Date(required=True)


class ProgrammeEntryStruck(EventContract):
    """An entry counts no more."""

    type = "records.programme_entry.struck.v1"

    entry = fields.String(required=True)
    programme = fields.String(required=True)
    organisation = fields.String(required=True)
    target = fields.String(required=True)
    person = fields.String(required=True, allow_none=True)
