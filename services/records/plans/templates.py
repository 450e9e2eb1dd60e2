"""Templates of the level above: a task made once, pushed down by a job, and followed from above."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.context import Context
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.identity import derived_id
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.jobs import Jobs
from services.chassis.pages import page
from services.records.plans import beginnings, planning
from services.records.plans import model as rules
from services.records.plans.board import Answer, Board

PUSH, WITHDRAWAL = "task push", "task withdrawal"
BUNCH = 50
_NOTHING = {"created": 0, "changed": 0, "unchanged": 0, "refused": 0}


class Templates:
    """What is pushed down is one task of each organisation, however often it is pushed."""

    def __init__(self, board: Board, jobs: Jobs) -> None:
        self._board = board
        self._documents = board.templates
        self._jobs = jobs
        jobs.work(PUSH, self.step)
        jobs.work(WITHDRAWAL, self.take_back)

    # -- commands ------------------------------------------------------------------------------

    def make(self, request: Answer) -> Answer:
        """Make a template of one's organisation; repeated with its key it answers the same."""
        board = self._board
        node = board.directory.organisation_named_in("organisation", request["organisation"]).id
        board.access.require_writer(context.actor(), node)
        template = self._documents.id_for_command()
        change = planning.make_template(template, request, today=board.clock.today())
        made = self._documents.create(template, change.state, change.events, respond=_shown)
        return made.response or {}

    def push(self, request: Answer) -> Answer:
        """Queue the job that gives the task to those who do not have it."""
        board, actor = self._board, context.actor()
        template = self._readable(request["template"])
        owner = template.state["organisation"]
        board.access.require_writer(actor, owner)
        planning.check_in_use(template.state)
        below = set(board.access.within(owner)) - {owner}
        wrong = {
            f"organisations.{position}": ["organisation.not_below"]
            for position, organisation in enumerate(request["organisations"])
            if organisation not in below
        }
        if wrong:
            raise Invalid("organisation.not_below", fields=wrong)
        if not request["kinds"] and not request["organisations"]:
            raise Invalid.at("kinds", "template.nobody", accepted="kinds | organisations")
        params = {
            "template": template.id,
            "kinds": request["kinds"],
            "organisations": request["organisations"],
            "today": board.clock.today(),
        }
        return {"job": self._jobs.create(PUSH, actor, params)}

    def withdraw(self, request: Answer) -> Answer:
        """Queue the job that takes the task back from those who did not begin it."""
        board, actor = self._board, context.actor()
        template = self._readable(request["template"])
        board.access.require_writer(actor, template.state["organisation"])
        params = {"template": template.id, "reason": request["reason"], "today": board.clock.today()}
        return {"job": self._jobs.create(WITHDRAWAL, actor, params)}

    def step(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """The job of a push; see ``Jobs.work``. A bunch that is repeated finds its tasks made."""
        template = self._documents.get(job.params["template"])
        today = date.fromisoformat(job.params["today"])
        cursor = job.cursor or {"after": "", "counts": dict(_NOTHING)}
        receivers = self._receivers(template, job.params)
        waiting = [each for each in receivers if each > cursor["after"]]
        counts, done = dict(cursor["counts"]), len(receivers) - len(waiting)
        checkpoint(done=done, total=len(receivers))
        with context.entered(Context(actor=job.owner, correlationid=job.id)):
            for start in range(0, len(waiting), BUNCH):
                bunch = waiting[start : start + BUNCH]
                taken = self._give(template, bunch, today)
                self._check_in_use(template.id, bunch)
                counts["created"] += len(bunch) - taken
                counts["unchanged"] += taken
                done += len(bunch)
                checkpoint(cursor={"after": bunch[-1], "counts": dict(counts)}, done=done)
        return counts

    def take_back(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        """The job of a withdrawal; see ``Jobs.work``. A bunch that is repeated finds its tasks cancelled."""
        template, reason = job.params["template"], job.params["reason"]
        today = date.fromisoformat(job.params["today"])
        cursor = job.cursor or {"after": "", "done": 0, "counts": dict(_NOTHING)}
        counts, done = dict(cursor["counts"]), cursor["done"]
        with context.entered(Context(actor=job.owner, correlationid=job.id)):
            # First, so that a push that is under way gives it to nobody whom this does not see.
            self._documents.change(
                template,
                lambda state: planning.withdraw_template(template, state, reason=reason, today=today),
            )
            pushed = self._board.tasks.find(
                {"template": template}, sort=[("organisation", 1), ("_id", 1)], limit=0
            )
            waiting = [each for each in pushed if each.state["organisation"] > cursor["after"]]
            for start in range(0, len(waiting), BUNCH):
                bunch, errors = waiting[start : start + BUNCH], []
                for position, task in enumerate(bunch, done + 1):
                    outcome = self._taken_back(task.id, reason)
                    counts[outcome] += 1
                    if outcome == "refused":
                        where = {"sheet": template, "row": position, "column": task.state["organisation"]}
                        errors.append({**where, "code": "task.begun"})
                done += len(bunch)
                reached = {"after": bunch[-1].state["organisation"], "done": done, "counts": dict(counts)}
                checkpoint(cursor=reached, done=done, total=len(pushed), errors=errors)
        return counts

    # -- questions -----------------------------------------------------------------------------

    def get(self, template: str) -> Answer:
        """One template, for posts of its organisation or above."""
        return _shown(self._readable(template))

    def listed(self, request: Answer) -> Answer:
        """Templates of an organisation, newest first."""
        node = self._board.directory.organisation_named_in("organisation", request["organisation"]).id
        self._board.access.require_reader(context.actor(), node)
        found = page(
            self._documents,
            {"organisation": node},
            order=[("made_on", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [_shown(each) for each in found.documents], "next": found.next}

    def pushed(self, request: Answer) -> Answer:
        """Who has the task, who took it up, and how far each is."""
        board, template = self._board, self._readable(request["template"])
        found = page(
            board.tasks,
            {"template": template.id},
            order=[("organisation", 1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        names = board.organisation_names(each.state["organisation"] for each in found.documents)
        items = board.completed([board.summary(each) for each in found.documents])
        return {
            "items": [{**each, "organisation_name": names.get(each["organisation"], "")} for each in items],
            "next": found.next,
        }

    # -- within --------------------------------------------------------------------------------

    def _readable(self, template: str) -> Document:
        found = self._documents.get(template)
        if not self._board.access.reads_people(context.actor(), found.state["organisation"]):
            raise NotFound("plan_templates.not_found")
        return found

    def _receivers(self, template: Document, params: Mapping[str, Any]) -> list[str]:
        """Active organisations below the template's that are of a kind or named, by id."""
        authority = self._board.directory.authority
        owner = template.state["organisation"]
        found = []
        for organisation in self._board.access.within(owner):
            node = authority.node(organisation)
            if node is None or organisation == owner or not node.active:
                continue
            if node.kind in params["kinds"] or organisation in params["organisations"]:
                found.append(organisation)
        return sorted(found)

    def _give(self, template: Document, organisations: list[str], today: date) -> int:
        """How many of ``organisations`` had the task before; the others have it now."""
        written = []
        for organisation in organisations:
            task = pushed_id(template.id, organisation)
            change = beginnings.pushed(task, template.id, template.state, organisation, today=today)
            written.append((task, change.state, change.events))
        return len(self._board.tasks.create_many(written))

    def _check_in_use(self, template: str, given: list[str]) -> None:
        """Where the template was withdrawn meanwhile, those who were given it have it no more either."""
        found = self._documents.get(template)
        if found.state["withdrawn_on"] is not None:
            for organisation in given:
                self._taken_back(pushed_id(template, organisation), found.state["withdrawn_because"])
        planning.check_in_use(found.state)

    def _taken_back(self, task: str, reason: str) -> str:
        """What became of a task: ``changed``, ``unchanged`` where it was cancelled before, or ``refused``."""
        decided: Change | None = None

        def decide(state: Answer) -> Change | None:
            nonlocal decided
            decided = rules.withdraw(task, state, reason=reason)
            return decided

        try:
            self._board.tasks.change(task, decide)
        except Conflict as refused:
            if refused.code != "task.begun":
                raise
            return "refused"
        return "unchanged" if decided is None else "changed"


def pushed_id(template: str, organisation: str) -> str:
    """The one task that an organisation gets by a template."""
    return derived_id("pushed task", template, organisation)


def _shown(template: Document) -> Answer:
    return {"id": template.id, "version": template.version, **template.state}
