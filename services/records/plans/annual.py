"""Commands and questions about plans of a year."""

from __future__ import annotations

from collections.abc import Callable

from services.chassis import context
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.identity import derived_id
from services.chassis.pages import page
from services.contracts.kinds import ROLES
from services.records.directory.store import only
from services.records.plans import planning as rules
from services.records.plans.board import Answer, Board

_SUMMARY = ("organisation", "year", "title", "state", "published")
_WHOLE = (*_SUMMARY, "goals", "reviews", "summary", "closed_on")
_PUBLIC = ("organisation", "year", "title", "goals", "state", "summary")


class AnnualPlans:
    """An organisation has one plan a year: its writers write it, the level above approves it."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._documents = board.plans

    # -- commands ------------------------------------------------------------------------------

    def draft(self, request: Answer) -> Answer:
        """Begin a plan; ``Conflict("plans.exists")`` where there is one of that year."""
        board = self._board
        node = board.directory.organisation_named_in("organisation", request["organisation"]).id
        board.access.require_writer(context.actor(), node)
        plan = plan_id(node, request["year"])
        change = rules.draft(plan, request, today=board.clock.today())
        return self._told(self._documents.create(plan, change.state, change.events, respond=_shown))

    def change(self, request: Answer) -> Answer:
        """Write it anew."""
        plan = self._writable(request["plan"])
        return self._changed(request, plan, lambda state: rules.change(plan.id, state, request))

    def submit(self, request: Answer) -> Answer:
        """Hand it to the level above."""
        plan, actor = self._writable(request["plan"]), context.actor()
        return self._changed(request, plan, lambda state: rules.submit(plan.id, state, by=actor))

    def review(self, request: Answer) -> Answer:
        """Approve or return, from strictly above."""
        plan, actor, today = self._readable(request["plan"]), context.actor(), self._board.clock.today()
        self._board.require_above(plan.state["organisation"], "plan.own_plan")
        return self._changed(
            request,
            plan,
            lambda state: rules.review(
                plan.id,
                state,
                verdict=request["verdict"],
                comment=request["comment"],
                by=actor,
                today=today,
            ),
        )

    def close(self, request: Answer) -> Answer:
        """End it, with how its tasks stand now."""
        plan, today = self._writable(request["plan"]), self._board.clock.today()
        standing, names = self._standing(plan), self._names(plan)
        return self._changed(
            request,
            plan,
            lambda state: rules.close(
                plan.id, state, summary=request["summary"], standing=standing, today=today, names=names
            ),
        )

    def publish(self, request: Answer) -> Answer:
        """Into the open view, or out of it; a plan that names people of its organisation stays out."""
        plan, published = self._readable(request["plan"]), request["published"]
        self._board.require_publisher(plan.state["organisation"])
        names = self._names(plan) if published else []
        return self._changed(
            request, plan, lambda state: rules.publish(plan.id, state, published=published, names=names)
        )

    # -- questions -----------------------------------------------------------------------------

    def get(self, plan: str) -> Answer:
        """A plan with its goals, and how its tasks stand."""
        found = self._readable(plan)
        return {**_shown(found), "tasks": self._standing(found)}

    def listed(self, request: Answer) -> Answer:
        """Plans, the newest year first."""
        nodes = self._board.reach(request)
        wanted = only(request, "year", "state")
        if nodes is not None:
            wanted["organisation"] = nodes[0] if len(nodes) == 1 else {"$in": nodes}
        found = page(
            self._documents, wanted, order=[("year", -1)], limit=request["limit"], cursor=request["cursor"]
        )
        items = [
            {"id": each.id, "version": each.version, **only(each.state, *_SUMMARY)}
            for each in found.documents
        ]
        return {"items": items, "next": found.next}

    def public(self, request: Answer) -> Answer:
        """The open view."""
        found = page(
            self._documents,
            {"published": True, **only(request, "organisation", "year")},
            order=[("year", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        names = self._board.organisation_names(each.state["organisation"] for each in found.documents)
        items = [
            {
                "id": each.id,
                **only(each.state, *_PUBLIC),
                "organisation_name": names.get(each.state["organisation"], ""),
            }
            for each in found.documents
        ]
        return {"items": items, "next": found.next}

    # -- within --------------------------------------------------------------------------------

    def _readable(self, plan: str) -> Document:
        found = self._documents.get(plan)
        if not self._board.access.reads_activities(context.actor(), found.state["organisation"]):
            raise NotFound("plans.not_found")
        return found

    def _writable(self, plan: str) -> Document:
        found = self._readable(plan)
        self._board.access.require_writer(context.actor(), found.state["organisation"])
        return found

    def _standing(self, plan: Document) -> Answer:
        """How its tasks stand; of a closed one, as they stood when it was closed."""
        if plan.state["outcome"] is not None:
            return dict(plan.state["outcome"])
        found = self._board.tasks.find({"plan": plan.id}, sort=[("due_on", 1), ("_id", 1)], limit=0)
        return rules.outcome(each.state for each in found)

    def _names(self, plan: Document) -> list[str]:
        """Of whom a plan may speak: members, who holds a post there or just below, who has one of its tasks.

        Not of everybody below: what a university publishes is not compared with all its people.
        """
        board, node = self._board, plan.state["organisation"]
        authority = board.directory.authority
        around = [authority.node(each) for each in authority.subtree(node)]
        below = [each for each in around if each is not None and each.parent == node]
        homes = [node, *(each.id for each in below if each.kind == "group")]
        posts = [node, *(each.id for each in below)]
        people = {person for home in homes for person in authority.members(home)}
        people.update(person for each in posts for person in authority.holders(each, ROLES))
        tasks = board.tasks.find({"plan": plan.id}, sort=[("due_on", 1), ("_id", 1)], limit=0)
        people.update(each.state["responsible"] for each in tasks if each.state["responsible"])
        return list(board.directory.names(people).values())

    def _changed(self, request: Answer, plan: Document, decide: Callable[[Answer], Change | None]) -> Answer:
        changed = self._documents.change(
            plan.id, decide, expected_version=request["expected_version"], respond=_shown
        )
        return self._told(changed)

    def _told(self, plan: Document) -> Answer:
        return {**(plan.response or {}), "tasks": self._standing(plan)}


def plan_id(organisation: str, year: int) -> str:
    """One plan an organisation and year."""
    return derived_id("plan", organisation, str(year))


def _shown(plan: Document) -> Answer:
    return {"id": plan.id, "version": plan.version, **only(plan.state, *_WHOLE)}
