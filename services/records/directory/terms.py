"""Questions about terms: which posts end soon, which branches have no secretary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.pages import page
from services.records.access import Access
from services.records.directory.store import Directory, found_by, shown
from services.records.posts import model as rules

Answer = dict[str, Any]
PAGES_READ = 4  # of branches, for one answer about vacancies


class Terms:
    """Within what the caller's posts cover, or a part of it."""

    def __init__(self, application: Application, directory: Directory, access: Access) -> None:
        application.indexes.declare("posts", [("until", 1), ("_id", 1)])
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
        """Branches without a secretary today, by code.

        Branches are read in pages with the posts of each page, so many pages an answer: it may be short of
        ``limit``, and even empty, and still have a ``next``.
        """
        wanted: Answer = {**self._below(request), "kind": "branch", "active": True}
        vacant: list[Document] = []
        cursor: str | None = request["cursor"]
        for _ in range(PAGES_READ):
            found = page(
                self._directory.organisations,
                wanted,
                order=[("code", 1)],
                limit=request["limit"] - len(vacant),
                cursor=cursor,
            )
            vacant += self._unseated(found.documents)
            cursor = found.next
            if cursor is None or len(vacant) == request["limit"]:
                break
        return {"items": [shown(each) for each in vacant], "next": cursor}

    def _unseated(self, branches: Sequence[Document]) -> list[Document]:
        """Those of ``branches`` that have no secretary today."""
        today = self._clock.today()
        posts = found_by(self._directory.posts, "seat", [each.id for each in branches])
        seated = {post.state["seat"] for post in posts if rules.holds(post.state, today)}
        return [each for each in branches if each.id not in seated]

    def _below(self, request: Answer) -> Answer:
        """What is asked for, by the tops of what may be read: these are few."""
        actor, within = context.actor(), request.get("within")
        if within is not None:
            self._access.require_reader(actor, within)
        if self._access.reaches_everything(actor, within):
            return {}
        tops = [within] if within is not None else self._access.posts_at(actor)
        return {"path": tops[0] if len(tops) == 1 else {"$in": tops}}

    def _reach(self, request: Answer) -> set[str] | None:
        """The organisations that are asked for and may be read; None for all there are."""
        actor, within = context.actor(), request.get("within")
        if self._access.reaches_everything(actor, within):
            return None
        if within is None:
            return self._access.scope_of_people(actor)
        self._access.require_reader(actor, within)
        return set(self._access.within(within))
