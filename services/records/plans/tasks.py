"""Commands on tasks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Invalid
from services.chassis.files.attaching import Attaching, Decide
from services.records.directory.store import only
from services.records.plans import beginnings, nodes
from services.records.plans import model as rules
from services.records.plans.board import HOLDER, Answer, Board


class Tasks:
    """Writers write, who is responsible says how it goes, and somebody else confirms."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._documents = board.tasks
        self._attaching = Attaching(board.database, board.files, board.tasks, HOLDER, rules.evidence)

    def enter(self, request: Answer) -> Answer:
        """Enter a task of one's organisation; repeated with its key it answers the same."""
        board, actor = self._board, context.actor()
        node = board.directory.organisation_named_in("organisation", request["organisation"])
        board.access.require_writer(actor, node.id)
        if not node.state["active"]:
            raise Invalid.at("organisation", "organisation.inactive", accepted="active")
        self._check_named(request, node.id)
        task = self._documents.id_for_command()
        change = beginnings.enter(task, request, by=actor, today=board.clock.today())
        entered = self._documents.create(task, change.state, change.events, respond=board.whole)
        return self._told(entered)

    def change(self, request: Answer) -> Answer:
        """Other words, another person, plan or target."""
        task = self._board.writable(request["task"])
        self._check_named(request, task.state["organisation"])
        given = only(request, "title", "description", "plan", "responsible", "target")
        return self._changed(request, task, lambda state: rules.change(task.id, state, given))

    def take_up(self, request: Answer) -> Answer:
        """Take up what the level above pushed down."""
        task, today = self._board.writable(request["task"]), self._board.clock.today()
        self._check_named(request, task.state["organisation"])
        who = request["responsible"]
        return self._changed(
            request, task, lambda state: beginnings.take_up(task.id, state, responsible=who, today=today)
        )

    def reschedule(self, request: Answer) -> Answer:
        """Another due date. That of what was pushed down the level above changes; of nodes, writers do."""
        board, actor, today = self._board, context.actor(), self._board.clock.today()
        task, node, day = board.readable(request["task"]), request.get("node"), request["due_on"]
        if node is None and task.state["template"] is not None:
            board.require_above(task.state["organisation"], "task.own_organisation")
        else:
            board.access.require_writer(actor, task.state["organisation"])
        why = {"reason": request["reason"], "by": actor, "today": today}

        def decide(state: Answer) -> Change | None:
            if node is None:
                return rules.reschedule(task.id, state, day, **why)
            before = nodes.found(state["nodes"], node)["due_on"]
            if before == day.isoformat():
                return None
            moved = nodes.move(state["nodes"], node, day, date.fromisoformat(state["due_on"]))
            earlier = rules.moved(state["due_dates"], node, before, **why)
            return rules.with_nodes(task.id, state, moved, earlier)

        return self._changed(request, task, decide)

    # -- nodes ---------------------------------------------------------------------------------

    def add_nodes(self, request: Answer) -> Answer:
        """Add nodes after those that there are."""
        task = self._board.writable(request["task"])
        return self._renoded(
            request,
            task,
            lambda state: nodes.numbered(
                state["nodes"], request["nodes"], date.fromisoformat(state["due_on"])
            ),
        )

    def finish_node(self, request: Answer) -> Answer:
        """Say that a node is reached."""
        task, today = self._board.workable(request["task"]), self._board.clock.today()
        self._check_named(request, task.state["organisation"])
        day = request.get("done_on", today)

        def finish(state: Answer, attachments: list[Answer]) -> Change | None:
            given = {**request, "attachments": attachments}
            reached = nodes.finish(state["nodes"], request["node"], given, done_on=day, today=today)
            return rules.with_nodes(task.id, state, reached, state["due_dates"])

        return self._with_files(request, task, request["attachments"], finish)

    def reopen_node(self, request: Answer) -> Answer:
        """Say that a node was not reached after all."""
        task, node, why = self._board.workable(request["task"]), request["node"], request["reason"]

        def reopen(state: Answer, _: list[Answer]) -> Change | None:
            reopened = nodes.reopen(state["nodes"], node, why)
            return rules.with_nodes(task.id, state, reopened, state["due_dates"])

        return self._with_files(request, task, [], reopen)

    def drop_node(self, request: Answer) -> Answer:
        """Have a node count no more."""
        task = self._board.writable(request["task"])
        return self._renoded(
            request, task, lambda state: nodes.drop(state["nodes"], request["node"], request["reason"])
        )

    # -- how it goes and ends ------------------------------------------------------------------

    def report(self, request: Answer) -> Answer:
        """Say how a task stands."""
        task, actor, today = (
            self._board.workable(request["task"]),
            context.actor(),
            self._board.clock.today(),
        )
        self._check_named(request, task.state["organisation"])

        def report(state: Answer, attachments: list[Answer]) -> Change | None:
            given = {**request, "attachments": attachments}
            return rules.report(task.id, state, given, by=actor, today=today)

        return self._with_files(request, task, request["attachments"], report)

    def complete(self, request: Answer) -> Answer:
        """Say that a task is done, and what it came to."""
        task, actor, today = (
            self._board.workable(request["task"]),
            context.actor(),
            self._board.clock.today(),
        )
        return self._changed(
            request,
            task,
            lambda state: rules.complete(
                task.id,
                state,
                result=request["result"],
                done_on=request.get("done_on", today),
                by=actor,
                today=today,
            ),
        )

    def confirm(self, request: Answer) -> Answer:
        """Confirm or return; what was pushed down, the level above confirms."""
        board, actor, today = self._board, context.actor(), self._board.clock.today()
        task = board.readable(request["task"])
        node = task.state["organisation"]
        if task.state["template"] is not None:
            board.require_above(node, "task.own_organisation")
        elif not board.access.may_write(actor, node):
            board.access.require_reviewer(actor, node)
        return self._changed(
            request,
            task,
            lambda state: rules.confirm(
                task.id,
                state,
                verdict=request["verdict"],
                comment=request["comment"],
                by=actor,
                today=today,
            ),
        )

    def cancel(self, request: Answer) -> Answer:
        """Say that a task need not be done; what is required from above, only above says so of."""
        board, task = self._board, self._board.readable(request["task"])
        node = task.state["organisation"]
        if task.state["required"]:
            board.require_above(node, "task.required")
        else:
            board.access.require_writer(context.actor(), node)
        return self._changed(
            request, task, lambda state: rules.cancel(task.id, state, reason=request["reason"])
        )

    def publish(self, request: Answer) -> Answer:
        """Into the open view, or out of it; a task that names the people it concerns stays out."""
        task, published = self._board.readable(request["task"]), request["published"]
        self._board.require_publisher(task.state["organisation"])
        return self._changed(
            request,
            task,
            lambda state: rules.publish(task.id, state, published=published),
            public=published,
        )

    # -- within --------------------------------------------------------------------------------

    def _renoded(
        self, request: Answer, task: Document, decide: Callable[[Answer], list[dict[str, Any]]]
    ) -> Answer:
        return self._changed(
            request,
            task,
            lambda state: rules.with_nodes(task.id, state, decide(state), state["due_dates"]),
        )

    def _with_files(self, request: Answer, task: Document, files: list[str], decide: Decide) -> Answer:
        """As ``_changed``, with ``files`` attached to what ``decide`` adds."""
        watched = self._watched(request, task)
        written = self._attaching.changed(
            task.id,
            files,
            lambda state, attached: watched(state, decide(state, attached)),
            expected_version=request["expected_version"],
            respond=self._board.whole,
        )
        return self._told(written)

    def _changed(
        self,
        request: Answer,
        task: Document,
        decide: Callable[[Answer], Change | None],
        *,
        public: bool | None = None,
    ) -> Answer:
        watched = self._watched(request, task, public=public)
        written = self._documents.change(
            task.id,
            lambda state: watched(state, decide(state)),
            expected_version=request["expected_version"],
            respond=self._board.whole,
        )
        return self._told(written)

    def _watched(
        self, request: Answer, task: Document, *, public: bool | None = None
    ) -> Callable[[Answer, Change | None], Change | None]:
        """Lets a change pass, unless a task that is or becomes ``public`` would name whom it concerns."""
        open_view = task.state["published"] if public is None else public
        names = self._names(task, request) if open_view else []

        def passed(state: Answer, changed: Change | None) -> Change | None:
            after = changed.state if changed else state
            if names and rules.names_somebody((after["title"], after["result"]), names):
                raise Invalid.at("title", "task.names_a_person")
            return changed

        return passed

    def _names(self, task: Document, request: Answer) -> list[str]:
        """Of whom it concerns: everybody reads what is published."""
        people = (task.state["responsible"], task.state["raised_by"], request.get("responsible"))
        return list(self._board.directory.names(each for each in people if each).values())

    def _check_named(self, request: Answer, organisation: str) -> None:
        for field in ("responsible", "raised_by"):
            if request.get(field):
                self._board.require_person(field, request[field], organisation)
        if request.get("plan"):
            self._board.require_plan(request["plan"], organisation)
        if request.get("activity"):
            self._board.require_activity(request["activity"])

    def _told(self, task: Document) -> Answer:
        return self._board.completed([task.response or {}])[0]
