"""Requests and answers about plans of a year and about templates that are pushed down."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.contracts.kinds import ORGANISATION_KINDS, PLAN_STATES
from services.contracts.records_rpc.activities import VERDICTS, Review
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier
from services.contracts.records_rpc.tasks import MOST_NODES, NewNode, Target, TaskSummary

MOST_GOALS = 30
MOST_RECEIVERS = 500


def _year(**kwargs: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(min=2000, max=2100), **kwargs)


# -- plans -----------------------------------------------------------------------------------------


class _Written(Schema):
    title = Text(120, required=True)
    goals = fields.List(Text(500), load_default=list, validate=validate.Length(max=MOST_GOALS))


class DraftPlan(_Written):
    """Begin the plan of ``organisation`` for ``year``; there is one."""

    organisation = identifier()
    year = _year(required=True)


class ChangePlan(_Written, Expecting):
    """Write a plan anew, as long as the level above does not have it."""

    plan = identifier()


class SubmitPlan(Expecting):
    """Hand the plan to the level above."""

    plan = identifier()


class ReviewPlan(Expecting):
    """Approve or return; asks for a post strictly above the organisation. A return needs a comment."""

    plan = identifier()
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(500, least=0, load_default=None, allow_none=True)


class ClosePlan(Expecting):
    """End an approved plan with what it came to. How its tasks stand is kept as it is now."""

    plan = identifier()
    summary = Text(2000, required=True)


class PublishPlan(Expecting):
    """Put a plan that was approved into the open view, or take it out."""

    plan = identifier()
    published = fields.Boolean(load_default=True)


class GetPlan(Schema):
    plan = identifier()


class PlanSummary(Schema):
    """A plan without its goals."""

    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(PLAN_STATES))
    published = fields.Boolean(required=True)


class Outcome(Schema):
    """Tasks of a plan by state, and how far they are together."""

    offered = fields.Integer(required=True)
    open = fields.Integer(required=True)
    done = fields.Integer(required=True)
    confirmed = fields.Integer(required=True)
    cancelled = fields.Integer(required=True)
    progress = fields.Integer(
        required=True, metadata={"description": "mean of what was not cancelled, rounded down"}
    )


class Plan(PlanSummary):
    """A plan with its goals, and how its tasks stand: of a closed one, as they stood then."""

    goals = fields.List(fields.String(), required=True)
    reviews = fields.List(fields.Nested(Review), required=True)
    summary = fields.String(required=True, allow_none=True)
    closed_on = Day(required=True, allow_none=True)
    tasks = fields.Nested(Outcome, required=True)


class ListPlans(Listing):
    """Plans, the newest year first. Without ``organisation`` and ``within``: all that the caller may see."""

    organisation = identifier(required=False)
    within = identifier(required=False)
    year = _year()
    state = fields.String(validate=validate.OneOf(PLAN_STATES))


class Plans(Page):
    items = fields.List(fields.Nested(PlanSummary), required=True)


class ListPublicPlans(Listing):
    """Plans in the open view, the newest year first."""

    organisation = identifier(required=False)
    year = _year()


class PublicPlan(Schema):
    """A plan as everybody sees it."""

    id = identifier()
    organisation = fields.String(required=True)
    organisation_name = fields.String(required=True)
    year = fields.Integer(required=True)
    title = fields.String(required=True)
    goals = fields.List(fields.String(), required=True)
    state = fields.String(required=True, validate=validate.OneOf(PLAN_STATES))
    summary = fields.String(required=True, allow_none=True)


class PublicPlans(Page):
    items = fields.List(fields.Nested(PublicPlan), required=True)


# -- templates -------------------------------------------------------------------------------------


class MakePlanTemplate(Schema):
    """A task for organisations below ``organisation``; it is pushed down by a command of its own."""

    organisation = identifier()
    title = Text(200, required=True)
    description = Text(2000, least=0, load_default=None, allow_none=True)
    due_on = Day(required=True)
    target = fields.Nested(Target, load_default=None, allow_none=True)
    nodes = fields.List(fields.Nested(NewNode), load_default=list, validate=validate.Length(max=MOST_NODES))
    required = fields.Boolean(
        load_default=True, metadata={"description": "receivers cannot decline it; else it is offered"}
    )


class PlanTemplate(Schema):
    """A task as it is pushed down. It is never changed; it can be withdrawn."""

    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    due_on = Day(required=True)
    target = fields.Nested(Target, required=True, allow_none=True)
    nodes = fields.List(fields.Nested(NewNode), required=True)
    required = fields.Boolean(required=True)
    made_on = Day(required=True)
    withdrawn_on = Day(required=True, allow_none=True)
    withdrawn_because = fields.String(required=True, allow_none=True)


class GetPlanTemplate(Schema):
    template = identifier()


class ListPlanTemplates(Listing):
    """Templates of an organisation, newest first."""

    organisation = identifier()


class PlanTemplates(Page):
    items = fields.List(fields.Nested(PlanTemplate), required=True)


class PushPlanTemplate(Schema):
    """Give the task to every active organisation below that is of ``kinds`` or named in ``organisations``.

    Each gets it once: pushed again, only those that do not have it get it. What was withdrawn nobody gets.
    """

    template = identifier()
    kinds = fields.List(
        fields.String(validate=validate.OneOf(ORGANISATION_KINDS)),
        load_default=list,
        validate=validate.Length(max=len(ORGANISATION_KINDS)),
    )
    organisations = fields.List(identifier(), load_default=list, validate=validate.Length(max=MOST_RECEIVERS))


class WithdrawPlanTemplate(Schema):
    """Take back what was pushed down, as a job: each task that nobody began is cancelled with ``reason``.

    What was begun stays. The job counts it as ``refused``, and names its organisation as the ``column`` of an
    error with the code ``task.begun``. Withdrawn again, what is left is looked at again.
    """

    template = identifier()
    reason = Text(300, required=True)


class ListPushedTasks(Listing):
    """What became of a template: the task of each organisation that got it."""

    template = identifier()


class PushedTask(TaskSummary):
    organisation_name = fields.String(required=True)


class PushedTasks(Page):
    items = fields.List(fields.Nested(PushedTask), required=True)
