"""Questions about membership as it was on a day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.errors import Invalid, NotFound
from services.chassis.pages import page
from services.records.access import Access
from services.records.directory.store import Directory, found_by
from services.records.membership import model as rules

Answer = dict[str, Any]


class Membership:
    """Read from the spells that each person's own document holds: exact with every write of it."""

    def __init__(self, application: Application, directory: Directory, access: Access) -> None:
        application.indexes.declare("people", [("belonged", 1), ("number", 1), ("_id", 1)])
        self._directory = directory
        self._access = access
        self._audit = application.audit

    def members_on(
        self, organisation: str, day: date, statuses: Collection[str], *, groups: bool = False
    ) -> frozenset[str]:
        """Who was active at ``organisation`` with one of ``statuses`` on ``day``.

        ``groups``: those of a branch's groups too. One find, and one more for the groups.
        """
        homes = [organisation]
        if groups:
            found = self._directory.organisations.find({"parent": organisation, "kind": "group"}, limit=0)
            homes += [each.id for each in found]
        people = found_by(self._directory.people, "belonged", homes)
        wanted = tuple(statuses)
        return frozenset(each.id for each in people if rules.member_on(each.state, homes, wanted, day))

    def listed(self, request: Answer) -> Answer:
        """Who belonged to an organisation within some days, by number. Whoever lists others is on record."""
        actor, organisation = context.actor(), request["organisation"]
        self._access.require_reader(actor, organisation)
        since, until = request["since"], request["until"]
        if until < since:
            raise Invalid.at("until", "person.range_unfit", accepted=f"{since.isoformat()} …")
        found = page(
            self._directory.people,
            {"belonged": organisation},
            order=[("number", 1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        items = [
            {**spell, "person": each.id}
            for each in found.documents
            for spell in rules.within(each.state["spells"], organisation, since, until)
        ]
        if {each["person"] for each in items} - {actor}:
            self._audit.append("people.listed", actor, "organisation", organisation, "history")
        return {"items": items, "next": found.next}

    def history(self, person: str) -> Answer:
        """Where a person belonged, the newest spell first. Whoever opens somebody else's is on record."""
        actor = context.actor()
        found = self._directory.people.get(person)
        if actor != found.id:
            if not self._access.reads_people(actor, found.state["organisation"]):
                raise NotFound("people.not_found")
            self._audit.append("person.read", actor, "person", found.id, "history")
        return {"person": found.id, "items": found.state["spells"][::-1]}
