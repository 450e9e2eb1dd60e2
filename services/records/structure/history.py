"""Every edition of every organisation: who stood where under which name, from which day to which day.

Written in the transaction of the change itself: why an organisation changed is free text, which no event
carries, and who asks right after a change is answered with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.identity import derived_id
from services.chassis.pages import page
from services.records.directory.naming import sought
from services.records.directory.store import Directory, only
from services.records.structure import model as rules

Answer = dict[str, Any]
COLLECTION = "organisation_history"


class History:
    """One document an edition, under an id that follows from organisation and edition."""

    def __init__(self, application: Application, directory: Directory) -> None:
        self._documents = application.bundled_documents(COLLECTION)
        indexes = application.indexes
        indexes.declare(COLLECTION, [("organisation", 1), ("edition", -1), ("_id", -1)])
        indexes.declare(COLLECTION, [("code", 1), ("_id", 1)])
        indexes.declare(COLLECTION, [("grams", 1), ("code", 1), ("_id", 1)])
        indexes.declare(COLLECTION, "parent")
        indexes.declare(COLLECTION, "path")
        self._directory = directory
        self._clock: Clock = application.clock

    def keep(self, written: Sequence[tuple[Document | None, Document]], why: rules.Why) -> None:
        """Keep what became of organisations (before, after), within the running transaction."""
        today = self._clock.today()
        made = []
        for before, after in written:
            if before is not None and before.state["edition"] == after.state["edition"]:
                continue
            if before is not None:
                last = edition_id(after.id, before.state["edition"])
                self._documents.change(last, partial(_ended, next_since=after.state["since"]))
            kept = rules.edition(after.id, before.state if before else None, after.state, why, today)
            made.append((edition_id(after.id, after.state["edition"]), kept, ()))
        self._documents.create_many(made)

    def listed(self, request: Answer) -> Answer:
        """The editions of one organisation, newest first."""
        context.actor()
        organisation = self._directory.organisations.get(request["organisation"])
        found = page(
            self._documents,
            {"organisation": organisation.id},
            order=[("edition", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        items = [{**each.state, "until": _until(each)} for each in found.documents]
        return {"items": items, "next": found.next}

    def on(self, request: Answer, day: date) -> Answer:
        """Organisations as they were on ``day``, by code; whoever was not founded yet is missing."""
        context.actor()
        wanted = only(request, "parent", "kind", "code", "active")
        if "within" in request:
            wanted["path"] = request["within"]
        if "search" in request:
            wanted |= sought(request["search"])
        wanted |= {"since": {"$lte": day.isoformat()}, "until": {"$gte": day.isoformat()}}
        found = page(
            self._documents, wanted, order=[("code", 1)], limit=request["limit"], cursor=request["cursor"]
        )
        return {"items": [_as_it_was(each) for each in found.documents], "next": found.next}


def edition_id(organisation: str, edition: int) -> str:
    """The id of one edition."""
    return derived_id("organisation edition", organisation, str(edition))


def _ended(state: Answer, next_since: str) -> Change:
    return Change(rules.end(state, next_since))


def _until(kept: Document) -> str | None:
    until: str = kept.state["until"]
    return None if until == rules.OPEN else until


def _as_it_was(kept: Document) -> Answer:
    no_committee = {"committee_elected_on": None, "committee_due_on": None}
    return {**kept.state, **no_committee, "id": kept.state["organisation"], "version": kept.state["edition"]}
