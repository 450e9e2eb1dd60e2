"""Events of the evaluation service: obligations as the clock and the evidence turn them, and scores."""

from __future__ import annotations

from marshmallow import fields

from services.chassis.contract import EventContract


class _Obligation(EventContract):
    """What every event of an obligation carries; sequences of one obligation have no holes."""

    obligation = fields.String(required=True)
    organisation = fields.String(required=True)
    rule = fields.String(required=True, metadata={"description": "the rule's id in its pack: theme_day"})
    period = fields.String(
        required=True,
        metadata={"description": "2026-Q3, 2026-09, 2026, or a fortnight of a term: 2026-2027-1-03"},
    )
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
    """It is owed no more: exempted with approval, or the rule applies to the organisation no longer."""

    type = "evaluation.obligation.exempted.v1"


class ObligationReopened(_Obligation):
    """It is owed again: the evidence that had fulfilled it was withdrawn, or an exemption ended."""

    type = "evaluation.obligation.reopened.v1"


class _PersonalObligation(_Obligation):
    """What a person owes. It is told when it was not done in its time, and what became of it then."""

    person = fields.String(required=True)


class PersonalObligationOverdue(_PersonalObligation):
    """What a person owes was not done in its period; it can still be made up."""

    type = "evaluation.personal_obligation.overdue.v1"


class PersonalObligationMissed(_PersonalObligation):
    """The make-up window has closed on what a person owed."""

    type = "evaluation.personal_obligation.missed.v1"


class PersonalObligationFulfilled(_PersonalObligation):
    """What was told to be overdue was done; on time, where the record of it came late."""

    type = "evaluation.personal_obligation.fulfilled.v1"

    late = fields.Boolean(required=True)


class PersonalObligationExempted(_PersonalObligation):
    """What was told to be overdue is owed no more."""

    type = "evaluation.personal_obligation.exempted.v1"


class PersonalObligationReopened(_PersonalObligation):
    """What was told to be overdue is not due yet: another day counts now."""

    type = "evaluation.personal_obligation.reopened.v1"


class _Exemption(EventContract):
    """A request not to owe something for some time. Why it was asked stays in evaluation."""

    exemption = fields.String(required=True)
    organisation = fields.String(
        required=True, metadata={"description": "whose it is; of a person the one they belong to"}
    )
    rule = fields.String(required=True)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)
    decided_at = fields.String(required=True, metadata={"description": "the level above, which decides"})


class ExemptionAsked(_Exemption):
    """An organisation asks not to owe something for some time, for itself or one of its people."""

    type = "evaluation.exemption.asked.v1"


class ExemptionDecided(_Exemption):
    """The level above approved an exemption, or refused it."""

    type = "evaluation.exemption.decided.v1"

    approved = fields.Boolean(required=True)


class ExemptionEnded(_Exemption):
    """An exemption was withdrawn: what it covered is owed again, as far as it was not done."""

    type = "evaluation.exemption.ended.v1"


class AnomalyRaised(EventContract):
    """Something asks a named human for a talk. About whom and why stays with those responsible."""

    type = "evaluation.anomaly.raised.v1"

    anomaly = fields.String(required=True)
    organisation = fields.String(required=True, metadata={"description": "the one whose head is asked"})
    asked = fields.String(required=True, metadata={"description": "person id of who is asked to talk"})
    raised_on = fields.Date(required=True)
    due_on = fields.Date(required=True, metadata={"description": "by when the talk is asked for"})


class AnomalyConcluded(EventContract):
    """Whoever is responsible talked, or dismissed it; which of both is told to nobody else."""

    type = "evaluation.anomaly.concluded.v1"

    anomaly = fields.String(required=True)
    organisation = fields.String(required=True)
    concluded_on = fields.Date(required=True)


class ScoreChanged(EventContract):
    """An organisation's score of a year changed. The newest sequence wins."""

    type = "evaluation.score.changed.v1"

    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    points = fields.Decimal(required=True, as_string=True, metadata={"description": "0 to 100, two decimals"})
    band = fields.String(required=True)
    policy = fields.String(required=True)
    evidence = fields.Integer(required=True, metadata={"description": "records counted"})
