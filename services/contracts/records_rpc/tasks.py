"""Requests and answers about tasks and their nodes 节点."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.files import KeptFile, attachments
from services.contracts.kinds import DIFFICULTY_CATEGORIES, TASK_KINDS, TASK_ORIGINS, TASK_STATES
from services.contracts.records_rpc.activities import VERDICTS, Review
from services.contracts.records_rpc.parts import Day, Expecting, Listing, Page, Text, identifier

MOST_NODES = 50
MOST_NUMBER = 10**9
ENTERED_KINDS = ("work", "difficulty")  # the others follow from what was decided elsewhere


class Target(Schema):
    """What is to be reached: in words, or as a number with its unit."""

    text = Text(300, load_default=None, allow_none=True)
    number = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1, max=MOST_NUMBER)
    )
    unit = Text(20, load_default=None, allow_none=True)


class NewNode(Schema):
    """A step on the way to a task's end, due no later than the task."""

    title = Text(200, required=True)
    due_on = Day(required=True)


class EnterTask(Schema):
    """Enter a task, or a difficulty 群众疑难 that somebody raised, with its ``category``."""

    organisation = identifier()
    kind = fields.String(load_default="work", validate=validate.OneOf(ENTERED_KINDS))
    title = Text(200, required=True)
    description = Text(2000, least=0, load_default=None, allow_none=True)
    plan = identifier(required=False)
    responsible = identifier(required=False)
    due_on = Day(required=True)
    target = fields.Nested(Target, load_default=None, allow_none=True)
    nodes = fields.List(fields.Nested(NewNode), load_default=list, validate=validate.Length(max=MOST_NODES))
    category = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(DIFFICULTY_CATEGORIES)
    )
    raised_by = identifier(
        required=False, metadata={"description": "whose difficulty it is, where they agreed to be named"}
    )


class ChangeTask(Expecting):
    """Change what is given; a due date is changed by a command of its own, with its reason."""

    task = identifier()
    title = Text(200)
    description = Text(2000, least=0, allow_none=True)
    plan = identifier(required=False)
    responsible = identifier(required=False)
    target = fields.Nested(Target, allow_none=True)


class TakeUpTask(Expecting):
    """An organisation takes up what was pushed down to it, and says who is responsible."""

    task = identifier()
    responsible = identifier()


class RescheduleTask(Expecting):
    """Another due date of the task or of one of its nodes; the earlier one is kept with the reason."""

    task = identifier()
    node = identifier(required=False)
    due_on = Day(required=True)
    reason = Text(300, required=True)


class AddNodes(Expecting):
    """Add nodes to an open task."""

    task = identifier()
    nodes = fields.List(
        fields.Nested(NewNode), required=True, validate=validate.Length(min=1, max=MOST_NODES)
    )


class FinishNode(Expecting):
    """A node is reached, on ``done_on`` (today where nothing is said)."""

    task = identifier()
    node = identifier()
    done_on = Day()
    note = Text(500, least=0, load_default=None, allow_none=True)
    activity = identifier(required=False)
    attachments = attachments()


class ReopenNode(Expecting):
    """A node was not reached after all."""

    task = identifier()
    node = identifier()
    reason = Text(300, required=True)


class DropNode(Expecting):
    """A node counts no more; it stays with the reason."""

    task = identifier()
    node = identifier()
    reason = Text(300, required=True)


class ReportTask(Expecting):
    """Say how a task stands. ``progress`` is said of one without nodes alone: else it follows from them."""

    task = identifier()
    text = Text(1000, required=True)
    progress = fields.Integer(strict=True, validate=validate.Range(min=0, max=100))
    activity = identifier(required=False)
    attachments = attachments()


class CompleteTask(Expecting):
    """A task is done, with what it came to; every node has to be reached."""

    task = identifier()
    result = Text(1000, required=True)
    done_on = Day()


class ConfirmTask(Expecting):
    """Confirm what somebody else did, or return it with a comment: it is open again."""

    task = identifier()
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    comment = Text(500, least=0, load_default=None, allow_none=True)


class CancelTask(Expecting):
    """A task need not be done; what was pushed down as required, only the level above says so of."""

    task = identifier()
    reason = Text(300, required=True)


class PublishTask(Expecting):
    """Put a task into the open view, or take it out; asks for a secretary."""

    task = identifier()
    published = fields.Boolean(load_default=True)


class UrgeTask(Schema):
    """Urge that a task be done 催办: once a day, by anybody who sees it."""

    task = identifier()


class Urged(Schema):
    task = identifier()
    urges = fields.Integer(required=True, metadata={"description": "how often it was urged in all"})


class GetTask(Schema):
    task = identifier()


class Node(Schema):
    """A step on the way; what was ``dropped`` counts no more."""

    id = identifier()
    title = fields.String(required=True)
    due_on = Day(required=True)
    done_on = Day(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    activity = fields.String(required=True, allow_none=True)
    attachments = fields.List(fields.Nested(KeptFile), required=True)
    dropped = fields.String(required=True, allow_none=True, metadata={"description": "why"})


class EarlierDueDate(Schema):
    """A due date that counts no more: of a node, or of the task where ``node`` is null."""

    node = fields.String(required=True, allow_none=True)
    due_on = Day(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True, metadata={"description": "person id"})
    on = Day(required=True)


class Report(Schema):
    text = fields.String(required=True)
    progress = fields.Integer(required=True)
    activity = fields.String(required=True, allow_none=True)
    attachments = fields.List(fields.Nested(KeptFile), required=True)
    by = fields.String(required=True, metadata={"description": "person id"})
    on = Day(required=True)


class Origin(Schema):
    """Where a task is from: the template that was pushed down, or the activity that decided it."""

    kind = fields.String(required=True, validate=validate.OneOf(TASK_ORIGINS))
    template = fields.String(required=True, allow_none=True)
    activity = fields.String(required=True, allow_none=True)
    measure = fields.String(allow_none=True, metadata={"description": "the measure of feedback that it is"})


class TaskSummary(Schema):
    """A task without its nodes, reports and earlier due dates."""

    id = identifier()
    version = fields.Integer(required=True)
    organisation = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(TASK_KINDS))
    category = fields.String(required=True, allow_none=True, validate=validate.OneOf(DIFFICULTY_CATEGORIES))
    title = fields.String(required=True)
    plan = fields.String(required=True, allow_none=True)
    responsible = fields.String(required=True, allow_none=True)
    responsible_name = fields.String(required=True, allow_none=True)
    due_on = Day(required=True)
    overdue = fields.Boolean(required=True, metadata={"description": "open, and its due date has passed"})
    state = fields.String(required=True, validate=validate.OneOf(TASK_STATES))
    progress = fields.Integer(required=True, metadata={"description": "per cent"})
    required = fields.Boolean(required=True)
    taken_up_on = Day(required=True, allow_none=True)
    done_on = Day(required=True, allow_none=True)
    published = fields.Boolean(required=True)
    urges = fields.Integer(required=True)


class Task(TaskSummary):
    """A task with everything that is known of it."""

    description = fields.String(required=True, allow_none=True)
    target = fields.Nested(Target, required=True, allow_none=True)
    nodes = fields.List(fields.Nested(Node), required=True)
    due_dates = fields.List(fields.Nested(EarlierDueDate), required=True)
    reports = fields.List(fields.Nested(Report), required=True)
    reviews = fields.List(fields.Nested(Review), required=True)
    result = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "why it was cancelled"})
    raised_by = fields.String(required=True, allow_none=True, metadata={"description": "person id"})
    origin = fields.Nested(Origin, required=True)
    entered_by = fields.String(required=True, allow_none=True, metadata={"description": "person id"})
    entered_on = Day(required=True)


class _TaskFilter(Listing):
    kind = fields.String(validate=validate.OneOf(TASK_KINDS))
    state = fields.String(validate=validate.OneOf(TASK_STATES))
    overdue = fields.Boolean(load_default=False, metadata={"description": "open ones past their due date"})


class ListTasks(_TaskFilter):
    """Tasks by due date: of an organisation, of all ``within``, or of all that the caller's posts reach.

    Without a post: those of one's own organisation. Difficulties, and what restricted activities decided, are
    listed for whoever writes for the organisation or reviews it from above.
    """

    organisation = identifier(required=False)
    within = identifier(required=False)
    plan = identifier(required=False)


class ListMyTasks(_TaskFilter):
    """Tasks for which the caller is responsible, by due date."""


class Tasks(Page):
    items = fields.List(fields.Nested(TaskSummary), required=True)


class ListPublicTasks(Listing):
    """Tasks in the open view, the latest due date first."""

    organisation = identifier(required=False)
    kind = fields.String(validate=validate.OneOf(TASK_KINDS))


class PublicTask(Schema):
    """A task as everybody sees it: nothing of any person."""

    id = identifier()
    title = fields.String(required=True)
    organisation = fields.String(required=True)
    organisation_name = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(TASK_KINDS))
    category = fields.String(required=True, allow_none=True, validate=validate.OneOf(DIFFICULTY_CATEGORIES))
    state = fields.String(required=True, validate=validate.OneOf(TASK_STATES))
    due_on = Day(required=True)
    overdue = fields.Boolean(required=True)
    progress = fields.Integer(required=True)
    result = fields.String(required=True, allow_none=True)
    urges = fields.Integer(required=True)


class PublicTasks(Page):
    items = fields.List(fields.Nested(PublicTask), required=True)
