"""Events of plans, tasks and templates: ids, days, states, numbers. No title, no result, no reason."""

from __future__ import annotations

from marshmallow import fields, validate

from services.chassis.contract import EventContract
from services.contracts.kinds import PLAN_STATES, TASK_KINDS, TASK_ORIGINS, TASK_STATES


def _restricted() -> fields.Boolean:
    return fields.Boolean(
        metadata={"description": "true of what is for writers there, reviewers above and who is responsible"}
    )


class _Plan(EventContract):
    """What every event of a plan carries; an organisation has one plan a year."""

    plan = fields.String(required=True)
    organisation = fields.String(required=True)
    year = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(PLAN_STATES))
    published = fields.Boolean(required=True, metadata={"description": "shown in the open view"})


class PlanDrafted(_Plan):
    """An organisation began its plan of a year."""

    type = "records.plan.drafted.v1"


class PlanChanged(_Plan):
    """A plan was written anew, or was put into the open view or taken out of it."""

    type = "records.plan.changed.v1"


class PlanSubmitted(_Plan):
    """A plan was handed to the level above."""

    type = "records.plan.submitted.v1"


class PlanApproved(_Plan):
    """The level above approved a plan."""

    type = "records.plan.approved.v1"


class PlanReturned(_Plan):
    """The level above returned a plan, to be written anew."""

    type = "records.plan.returned.v1"


class PlanClosed(_Plan):
    """The year of a plan is over: this is what became of its tasks."""

    type = "records.plan.closed.v1"

    tasks = fields.Integer(required=True, metadata={"description": "tasks of the plan"})
    confirmed = fields.Integer(required=True, metadata={"description": "those of them that are confirmed"})


class _Task(EventContract):
    """What every event of a task carries; sequences of one task have no holes."""

    task = fields.String(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(TASK_KINDS))
    person = fields.String(
        required=True, allow_none=True, metadata={"description": "who is responsible for it, where named"}
    )
    due_on = fields.Date(required=True)
    state = fields.String(required=True, validate=validate.OneOf(TASK_STATES))
    progress = fields.Integer(
        required=True, validate=validate.Range(min=0, max=100), metadata={"description": "per cent"}
    )
    origin = fields.String(required=True, validate=validate.OneOf(TASK_ORIGINS))
    plan = fields.String(required=True, allow_none=True)
    published = fields.Boolean(required=True, metadata={"description": "shown in the open view"})
    restricted = _restricted()


class TaskCreated(_Task):
    """There is a new task: entered, pushed down, decided by an activity, or a measure of feedback."""

    type = "records.task.created.v1"

    template = fields.String(required=True, allow_none=True)
    activity = fields.String(required=True, allow_none=True)
    required = fields.Boolean(
        required=True, metadata={"description": "pushed down, and not to be declined by the organisation"}
    )


class TaskChanged(_Task):
    """A task is not what it was: another due date, another person, progress, or taken up. The newest wins."""

    type = "records.task.changed.v1"


class TaskDone(_Task):
    """A task was done; it waits to be confirmed by somebody else."""

    type = "records.task.done.v1"

    done_on = fields.Date(required=True)
    late = fields.Boolean(required=True, metadata={"description": "after the due date that counts"})


class TaskConfirmed(_Task):
    """Somebody who did not do it confirmed that a task is done."""

    type = "records.task.confirmed.v1"


class TaskCancelled(_Task):
    """A task need not be done any more."""

    type = "records.task.cancelled.v1"


class TaskOverdue(_Task):
    """The due date of an open task has passed: said once for each due date that it had."""

    type = "records.task.overdue.v1"


class TaskUrged(EventContract):
    """Somebody urged that a task be done 催办. Nothing tells who; the day is all that is told of the time."""

    type = "records.task.urged.v1"

    task = fields.String(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(TASK_KINDS))
    due_on = fields.Date(required=True)
    urged_on = fields.Date(required=True)
    restricted = _restricted()


class PlanTemplateMade(EventContract):
    """An organisation made a task to be pushed down to those below it."""

    type = "records.plan_template.made.v1"

    template = fields.String(required=True)
    organisation = fields.String(required=True)
    due_on = fields.Date(required=True)
    required = fields.Boolean(required=True)


class PlanTemplateWithdrawn(EventContract):
    """Nobody gets the task any more; of those who had it, each task that was not begun is cancelled."""

    type = "records.plan_template.withdrawn.v1"

    template = fields.String(required=True)
    organisation = fields.String(required=True)
    withdrawn_on = fields.Date(required=True)
