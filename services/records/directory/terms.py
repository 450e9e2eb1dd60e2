"""Questions about terms: which posts end soon, which branches have no secretary."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.errors import Forbidden
from services.chassis.pages import page
from services.records.access import Access
from services.records.directory import model as rules
from services.records.directory.store import Directory, shown

Answer = dict[str, Any]


class Terms:
    """Within what the caller's posts cover, or a part of it."""

    def __init__(self, application: Application, directory: Directory, access: Access) -> None:
        application.indexes.declare("posts", [("until", 1), ("_id", 1)])
        application.indexes.declare("posts", [("role", 1), ("active", 1)])
        self._directory = directory
        self._access = access
        self._clock: Clock = application.clock

    def ending(self, request: Answer) -> Answer:
        """Posts whose term ends within some days, the first to end first."""
        today = self._clock.today()
        last = today + timedelta(days=request["within_days"])
        wanted: Answer = {"until": {"$gte": today.isoformat(), "$lte": last.isoformat()}, "active": True}
        reach = self._reach(request)
        if reach is not None:
            wanted["organisation"] = {"$in": sorted(reach)}
        found = page(
            self._directory.posts,
            wanted,
            order=[("until", 1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    def vacancies(self, request: Answer) -> Answer:
        """Branches without a secretary today, by code."""
        today = self._clock.today()
        held = self._directory.posts.find({"role": "secretary", "active": True}, limit=0)
        seated = {each.state["organisation"] for each in held if rules.holds(each.state, today)}
        reach = self._reach(request)
        if reach is None:
            reach = self._access.scope_of_people(context.actor())
        vacant = [each for each in sorted(reach - seated) if self._is_branch(each)]
        found = page(
            self._directory.organisations,
            {"_id": {"$in": vacant}},
            order=[("code", 1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    def _reach(self, request: Answer) -> set[str] | None:
        """The organisations that are asked for and may be read; None for all there are."""
        actor, within = context.actor(), request.get("within")
        if self._access.reaches_everything(actor, within):
            return None
        if within is None:
            return self._access.scope_of_people(actor)
        if not self._access.reads_people(actor, within):
            raise Forbidden("permission.denied")
        return set(self._access.within(within))

    def _is_branch(self, organisation: str) -> bool:
        node = self._directory.authority.node(organisation)
        return node is not None and node.kind == "branch" and node.active
