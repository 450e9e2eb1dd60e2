"""Questions about tasks: one, those of organisations, one's own, and the open view."""

from __future__ import annotations

from services.chassis import context
from services.chassis.errors import Invalid
from services.chassis.pages import Page, page
from services.records.directory.store import only
from services.records.plans import model as rules
from services.records.plans.board import Answer, Board

_BY_DUE_DATE = [("due_on", 1)]
MOST_NAMED = 50
_PUBLIC = ("title", "organisation", "kind", "category", "state", "due_on", "result")


class Lists:
    """Each page is one query of the tasks; names and urges come once a page."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def get(self, task: str) -> Answer:
        """One task with everything that is known of it."""
        board = self._board
        return board.completed([board.whole(board.readable(task))])[0]

    def listed(self, request: Answer) -> Answer:
        """Tasks of organisations by due date."""
        nodes = self._board.reach(request)
        wanted = {**self._filtered(request), **only(request, "plan")}
        if nodes is not None:
            wanted["organisation"] = nodes[0] if len(nodes) == 1 else {"$in": nodes}
        audiences = self._board.audiences(nodes)
        if audiences is not None:
            wanted["audience"] = {"$in": audiences}
        return self._summaries(self._page(wanted, request))

    def mine(self, request: Answer) -> Answer:
        """Tasks for which the caller is responsible, wherever."""
        return self._summaries(
            self._page({**self._filtered(request), "responsible": context.actor()}, request)
        )

    def public(self, request: Answer) -> Answer:
        """The open view: nothing of any person."""
        board, today = self._board, self._board.clock.today()
        found = page(
            board.tasks,
            {"published": True, **only(request, "organisation", "kind")},
            order=[("due_on", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        names = board.organisation_names(each.state["organisation"] for each in found.documents)
        urges = board.urged([each.id for each in found.documents])
        items = [
            {
                "id": each.id,
                **{name: each.state[name] for name in _PUBLIC},
                "organisation_name": names.get(each.state["organisation"], ""),
                "overdue": rules.overdue(each.state, today),
                "progress": rules.progress(each.state),
                "urges": urges.get(each.id, 0),
            }
            for each in found.documents
        ]
        return {"items": items, "next": found.next}

    def left_behind(self, person: str, organisation: str | None) -> list[str]:
        """Open tasks of an organisation, or of the branch of a group, for which ``person`` is responsible.

        The first due first, ``MOST_NAMED`` of them.
        """
        node = self._board.directory.authority.node(organisation) if organisation else None
        if node is None:
            return []
        nodes = [node.id, *([node.parent] if node.kind == "group" and node.parent else [])]
        found = self._board.tasks.find(
            {"responsible": person, "state": "open"}, sort=[("due_on", 1), ("_id", 1)], limit=0
        )
        return [each.id for each in found if each.state["organisation"] in nodes][:MOST_NAMED]

    # -- within --------------------------------------------------------------------------------

    def _filtered(self, request: Answer) -> Answer:
        wanted = only(request, "kind", "state")
        if request["overdue"]:
            if wanted.setdefault("state", "open") != "open":
                raise Invalid.at("state", "task.overdue_is_open")
            wanted["due_on"] = {"$lt": self._board.clock.today().isoformat()}
        return wanted

    def _page(self, wanted: Answer, request: Answer) -> Page:
        return page(
            self._board.tasks, wanted, order=_BY_DUE_DATE, limit=request["limit"], cursor=request["cursor"]
        )

    def _summaries(self, found: Page) -> Answer:
        board = self._board
        items = board.completed([board.summary(each) for each in found.documents])
        return {"items": items, "next": found.next}
