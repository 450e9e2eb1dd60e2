"""Events of member development. Ids, steps and days; no name, no reason, no vote count."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract

DEVELOPMENT_STEPS = (
    "application",
    "talk",
    "activist_decision",
    "activist_filing",
    "contacts",
    "cultivation_check",
    "candidate_decision",
    "candidate_filing",
    "introducers",
    "political_review",
    "training",
    "committee_review",
    "pre_review",
    "volunteer_book",
    "branch_meeting",
    "talk_above",
    "approval",
    "filing_above",
    "join_branch",
    "oath",
    "continued_check",
    "full_application",
    "full_meeting",
    "full_approval",
    "archive",
)
DEVELOPMENT_OUTCOMES = ("pass", "fail", "extend", "cancel")
DOSSIER_STATES = ("open", "full", "cancelled", "closed")
CLOSING_REASONS = ("withdrawn", "stopped", "left")


class _Dossier(EventContract):
    """What every event of a dossier carries; sequences of one dossier have no holes."""

    dossier = fields.String(required=True)
    person = fields.String(required=True)
    organisation = fields.String(required=True)
    on = fields.Date(required=True, metadata={"description": "campus date of what happened"})


class DossierOpened(_Dossier):
    """Somebody applied for membership, and a dossier was opened."""

    type = "records.dossier.opened.v1"


class _Step(_Dossier):
    step = fields.String(required=True, validate=validate.OneOf(DEVELOPMENT_STEPS))
    number = fields.Integer(required=True, validate=validate.Range(min=1, max=25))


class StepRecorded(_Step):
    """A step of member development was recorded, as it was decided by people."""

    type = "records.dossier.step_recorded.v1"

    outcome = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(DEVELOPMENT_OUTCOMES),
        metadata={"description": "what was decided; null where there is nothing to decide"},
    )
    packs = fields.List(fields.String(), required=True, metadata={"description": "policy packs of that day"})
    state = fields.String(required=True, validate=validate.OneOf(DOSSIER_STATES))


class StepStruck(_Step):
    """The newest step was struck out: it does not count and stays visible in the dossier."""

    type = "records.dossier.step_struck.v1"


class DossierMoved(_Dossier):
    """A dossier followed its person to another organisation; the time earned stays earned."""

    type = "records.dossier.moved.v1"

    before = fields.String(required=True, metadata={"description": "the organisation it came from"})


class DossierClosed(_Dossier):
    """A dossier ended without membership."""

    type = "records.dossier.closed.v1"

    reason = fields.String(required=True, validate=validate.OneOf(CLOSING_REASONS))


class QuotaChanged(EventContract):
    """The places of an organisation for a year, or how many of them are taken, changed. The newest wins."""

    type = "records.development_quota.changed.v1"

    quota = fields.String(required=True)
    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    places = fields.Integer(required=True, validate=validate.Range(min=0))
    taken = fields.Integer(required=True, validate=validate.Range(min=0))
