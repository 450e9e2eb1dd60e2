"""Events of the evaluation service: obligations as the clock and the evidence turn them, and scores."""

from __future__ import annotations

from marshmallow import fields

from services.chassis.contract import EventContract


class _Obligation(EventContract):
    """What every event of an obligation carries; sequences of one obligation have no holes."""

    obligation = fields.String(required=True)
    organisation = fields.String(required=True)
    rule = fields.String(required=True, metadata={"description": "the rule's id in its pack: theme_day"})
    period = fields.String(required=True, metadata={"description": "2026-Q3, 2026-09 or 2026"})
    due_on = fields.Date(required=True, metadata={"description": "last day on which it is on time"})
    pack = fields.String(required=True)
    article = fields.String(required=True)


class ObligationOpened(_Obligation):
    """An organisation owes something from now on."""

    type = "evaluation.obligation.opened.v1"


class ObligationDueSoon(_Obligation):
    """What is owed falls due within the days that the pack names."""

    type = "evaluation.obligation.due_soon.v1"


class ObligationOverdue(_Obligation):
    """What is owed was not held in its period; it can still be made up."""

    type = "evaluation.obligation.overdue.v1"


class ObligationFulfilled(_Obligation):
    """Approved records fulfil what was owed."""

    type = "evaluation.obligation.fulfilled.v1"

    late = fields.Boolean(required=True)


class ObligationMissed(_Obligation):
    """The make-up window has closed on something not held."""

    type = "evaluation.obligation.missed.v1"


class ObligationExempted(_Obligation):
    """It is owed no more: the organisation was closed, or the rule applies to it no longer."""

    type = "evaluation.obligation.exempted.v1"


class ObligationReopened(_Obligation):
    """It is owed again: the evidence that had fulfilled it was withdrawn, or an exemption ended."""

    type = "evaluation.obligation.reopened.v1"


class ScoreChanged(EventContract):
    """An organisation's score of a year changed. The newest sequence wins."""

    type = "evaluation.score.changed.v1"

    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    points = fields.Decimal(required=True, as_string=True, metadata={"description": "0 to 100, two decimals"})
    band = fields.String(required=True)
    policy = fields.String(required=True)
    evidence = fields.Integer(required=True, metadata={"description": "records counted"})
