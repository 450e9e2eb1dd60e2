"""What every part of plans stands on: where plans and tasks are kept, who sees them, how they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import Forbidden, Invalid, NotFound
from services.chassis.files.kept import Files
from services.chassis.store import answering
from services.records.access import Access, not_a_reader
from services.records.activities.reading import ActivityReading
from services.records.directory.store import Directory, found_by
from services.records.plans import model as rules

Answer = dict[str, Any]
HOLDER = "task"  # of the files that are attached
PUBLISHERS = ("secretary", "deputy_secretary", "administrator")
_SUMMARY = (
    "organisation",
    "kind",
    "category",
    "title",
    "plan",
    "responsible",
    "due_on",
    "state",
    "required",
    "taken_up_on",
    "done_on",
    "published",
)
_DETAILS = (
    "description",
    "target",
    "nodes",
    "due_dates",
    "reports",
    "reviews",
    "result",
    "reason",
    "raised_by",
    "origin",
    "entered_by",
    "entered_on",
)


class Board:
    """Plans, tasks, templates and urges of one database."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        activities: ActivityReading,
        files: Files,
    ) -> None:
        self.directory = directory
        self.access = access
        self.clock: Clock = application.clock
        self.plans = application.documents("plans")
        self.tasks = application.bundled_documents("tasks")
        self.templates = application.documents("plan_templates")
        self.urges = application.documents("task_urges")
        self.urge_counts = application.database["task_urge_counts"]
        self.database = application.database
        self.files = files
        files.guard(HOLDER, self.readable, audited=self._is_confided)
        self._activities = activities
        declare = application.indexes.declare
        for first in ((), (("organisation", 1),), (("published", 1),)):
            declare("plans", [*first, ("year", -1), ("_id", -1)])
        by_due_date = [("due_on", 1), ("_id", 1)]
        for first in ((), (("responsible", 1),), (("organisation", 1),)):
            declare("tasks", [*first, *by_due_date])
            declare("tasks", [*first, ("state", 1), *by_due_date])
        declare("tasks", [("plan", 1), *by_due_date])
        declare("tasks", [("template", 1), ("organisation", 1), ("_id", 1)])
        declare("tasks", [("state", 1), ("told_overdue", 1), ("due_on", 1)])
        declare("tasks", [("published", 1), ("due_on", -1), ("_id", -1)])
        declare("tasks", [("published", 1), ("organisation", 1), ("due_on", -1), ("_id", -1)])
        declare("plan_templates", [("organisation", 1), ("made_on", -1), ("_id", -1)])
        declare("task_urges", "task")
        declare("task_urges", "slot", unique=True)

    # -- who sees and does what ----------------------------------------------------------------

    def sees(self, person: str, task: Answer) -> bool:
        """Whether ``person`` sees all of a task: who belongs there or above, and whom it concerns.

        A difficulty, and what a restricted activity decided, those see who would see the activity by a post.
        """
        if person in (task["responsible"], task["raised_by"]):
            return True
        if task["audience"] != rules.OPEN:
            return task["organisation"] in self.access.scope_of_restricted(person)
        return self.access.reads_activities(person, task["organisation"])

    def readable(self, task: str) -> Document:
        """The task; who may not see it is told that there is none."""
        found = self.tasks.get(task)
        if not self.sees(context.actor(), found.state):
            raise NotFound("tasks.not_found")
        return found

    def writable(self, task: str) -> Document:
        """As ``readable``, for a writer of the task's organisation."""
        found = self.readable(task)
        self.access.require_writer(context.actor(), found.state["organisation"])
        return found

    def workable(self, task: str) -> Document:
        """As ``readable``, for who is responsible for the task, or a writer."""
        found = self.readable(task)
        if context.actor() != found.state["responsible"]:
            self.access.require_writer(context.actor(), found.state["organisation"])
        return found

    def _is_confided(self, task: str) -> bool:
        return bool(self.tasks.get(task).state["audience"] != rules.OPEN)

    def require_publisher(self, organisation: str) -> None:
        """A secretary, deputy or administrator at ``organisation`` or above."""
        self.directory.authority.require(context.actor(), PUBLISHERS, organisation)

    def require_above(self, organisation: str, code: str) -> None:
        """A reviewer strictly above ``organisation`` who does not write for it; else ``Forbidden``."""
        actor = context.actor()
        self.access.require_reviewer(actor, organisation)
        if self.access.holds_writing_post(actor, organisation):
            raise Forbidden(code)

    def reach(self, request: Answer) -> list[str] | None:
        """The organisations asked for whose tasks and plans the caller may read; None for all there are."""
        actor, access = context.actor(), self.access
        if "organisation" in request:
            node = request["organisation"]
            if self.directory.authority.node(node) and access.reads_activities(actor, node):
                return [node]
            raise not_a_reader()
        if access.reaches_everything(actor, request.get("within")):
            return None
        reached = access.scope_of_people(actor)
        if "within" in request:
            wanted = reached.intersection(access.within(request["within"]))
            if not wanted:
                raise not_a_reader()
            return sorted(wanted)
        return sorted(reached or access.scope_of_activities(actor))

    def audiences(self, reach: list[str] | None) -> list[str] | None:
        """The audiences within ``reach`` that the caller is of; None where that is all of them."""
        actor = context.actor()
        if self.access.reads_everything_restricted(actor):
            return None
        confided = self.access.scope_of_restricted(actor)
        if reach is None:
            return [rules.OPEN, *sorted(confided)]
        within = confided.intersection(reach)
        return None if len(within) == len(reach) else [rules.OPEN, *sorted(within)]

    # -- what a request names ------------------------------------------------------------------

    def require_person(self, field: str, person: str, organisation: str) -> None:
        """Somebody active whom the caller may know of, or with a post there; else ``Invalid``."""
        actor, found = context.actor(), self.directory.person_named_in(field, person)
        held = self.directory.authority.grants(found.id)
        known = found.id == actor or self.access.reads_people(actor, found.state["organisation"])
        if not found.state["active"] or not (known or any(each.node == organisation for each in held)):
            raise Invalid.at(field, "person.unknown")

    def require_plan(self, plan: str, organisation: str) -> None:
        """A plan of ``organisation`` that goes on; else ``Invalid``."""
        found = self.plans.find_one({"_id": plan})
        if found is None or found.state["organisation"] != organisation or found.state["state"] == "closed":
            raise Invalid.at("plan", "plan.unfit")

    def require_activity(self, activity: str) -> None:
        """An activity that the caller may read; else ``Invalid``."""
        try:
            self._activities.readable(activity)
        except NotFound:
            raise Invalid.at("activity", "activity.unknown") from None

    # -- showing -------------------------------------------------------------------------------

    def summary(self, task: Document) -> Answer:
        """A task as lists show it, still without names and urges."""
        today = self.clock.today()
        return {
            "id": task.id,
            "version": task.version,
            **{name: task.state[name] for name in _SUMMARY},
            "overdue": rules.overdue(task.state, today),
            "progress": rules.progress(task.state),
        }

    def whole(self, task: Document) -> Answer:
        """A task with everything that is known of it, still without names and urges."""
        return {**self.summary(task), **{name: task.state[name] for name in _DETAILS}}

    def completed(self, tasks: list[Answer]) -> list[Answer]:
        """With the names of who is responsible, as they are now, and how often each was urged."""
        names = self.directory.names(each["responsible"] for each in tasks if each["responsible"])
        urges = self.urged([each["id"] for each in tasks])
        return [
            {
                **each,
                "responsible_name": names.get(each["responsible"]),
                "urges": urges.get(each["id"], 0),
            }
            for each in tasks
        ]

    def urged(self, tasks: list[str]) -> dict[str, int]:
        """How often tasks were urged; what was not is not there."""
        with answering():
            found = self.urge_counts.find({"_id": {"$in": tasks}})
            return {each["_id"]: each["urges"] for each in found}

    def organisation_names(self, organisations: Iterable[str]) -> dict[str, str]:
        """Names by id."""
        found = found_by(self.directory.organisations, "_id", organisations)
        return {each.id: each.state["name"] for each in found}
