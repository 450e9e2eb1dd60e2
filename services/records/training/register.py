"""Commands and questions about hours of training."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.audit import Audit
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.identity import derived_id
from services.chassis.pages import page
from services.chassis.policies import Pack, effective
from services.records.access import Access
from services.records.directory.store import Directory, found_by
from services.records.training import model as rules
from services.records.training import targets

Answer = dict[str, Any]
COLLECTION = "training_credits"


class Training:
    """What people learned. Who may not read a person is told that there is none."""

    def __init__(
        self, application: Application, directory: Directory, access: Access, packs: list[Pack]
    ) -> None:
        self.documents = application.bundled_documents(COLLECTION)
        indexes = application.indexes
        indexes.declare(COLLECTION, [("person", 1), ("on", -1), ("_id", -1)])
        indexes.declare(COLLECTION, [("organisation", 1), ("on", -1), ("_id", -1)])
        indexes.declare(COLLECTION, "activity")
        self._directory = directory
        self._access = access
        self._audit: Audit = application.audit
        self._clock: Clock = application.clock
        self._packs = packs
        self.rulings(self._clock.today(), [])  # a pack that cannot be applied is found at start

    def rulings(self, day: date, path: list[str]) -> rules.Rulings:
        """What counts on ``day`` for an organisation."""
        return effective(self._packs, day, path)

    def path(self, organisation: str) -> list[str]:
        """From the root down to ``organisation``, for ``rulings``."""
        return self._directory.authority.path(organisation)

    # -- commands ------------------------------------------------------------------------------

    def credit(self, request: Answer) -> Answer:
        """Credit a person of one's own organisation; repeated with its key it answers the same."""
        actor = context.actor()
        person = self._person_named_in(request, actor)
        home = person.state["organisation"]
        self._access.require_writer(actor, home)
        given = {**request, "organisation": home, "origin": "entered", "entered_by": actor}
        credit = self.documents.id_for_command()
        in_force = self.rulings(request["on"], self._directory.authority.path(home))
        change = rules.credit(credit, given, in_force, today=self._clock.today())
        return self.documents.create(credit, change.state, change.events, respond=shown).response or {}

    def reverse(self, request: Answer) -> Answer:
        """Take away what a credit gave, once; the line that does so is the answer."""
        actor = context.actor()
        credit = self.documents.get(request["credit"])
        home = self._directory.people.get(credit.state["person"]).state["organisation"]
        if not self._access.reads_people(actor, home) and actor != credit.state["person"]:
            raise NotFound("training_credits.not_found")
        self._access.require_writer(actor, home)
        change = rules.reverse(
            reversal_of(credit.id),
            credit.id,
            credit.state,
            reason=request["reason"],
            by=actor,
            today=self._clock.today(),
        )
        try:
            reversal = self.documents.create(
                reversal_of(credit.id), change.state, change.events, respond=shown
            )
        except Conflict as taken:
            if taken.code != f"{COLLECTION}.exists":
                raise
            raise Conflict("credit.reversed") from None
        return reversal.response or {}

    # -- questions -----------------------------------------------------------------------------

    def listed(self, request: Answer) -> Answer:
        """Lines of a person or of an organisation, newest day first."""
        actor = context.actor()
        if "organisation" in request:
            self._require_reader(actor, request["organisation"])
            wanted: Answer = {"organisation": request["organisation"]}
            if "person" in request:
                wanted["person"] = request["person"]
            self._audit.append("training.listed", actor, "organisation", request["organisation"])
        else:
            wanted = {"person": self._readable(actor, request.get("person")).id}
        days = {
            operator: request[name].isoformat()
            for operator, name in (("$gte", "since"), ("$lte", "until"))
            if name in request
        }
        if days:
            wanted["on"] = days
        found = page(
            self.documents, wanted, order=[("on", -1)], limit=request["limit"], cursor=request["cursor"]
        )
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    def hours(self, request: Answer) -> Answer:
        """A person's year, with the credits that count. Whoever opens somebody else's is on record."""
        actor = context.actor()
        person = self._readable(actor, request.get("person"))
        year = request.get("year", self._clock.today().year)
        lines = self._lines([person.id], year)[person.id]
        progress = self._progress(person, year, lines, self._terms([person.id])[person.id])
        kept = [each for each in rules.standing(lines) if each["year"] == year]
        return {**progress, "credits": kept}

    def hours_listed(self, request: Answer) -> Answer:
        """The people of an organisation and its groups by number, each with their year."""
        actor, organisation = context.actor(), request["organisation"]
        self._require_reader(actor, organisation)
        year = request.get("year", self._clock.today().year)
        groups = self._directory.organisations.find({"parent": organisation, "kind": "group"}, limit=0)
        wanted = {"organisation": {"$in": [organisation, *(each.id for each in groups)]}, "active": True}
        found = page(
            self._directory.people,
            wanted,
            order=[("number", 1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        people = [each.id for each in found.documents]
        lines, terms = self._lines(people, year), self._terms(people)
        self._audit.append("training.listed", actor, "organisation", organisation)
        items = [
            {
                **self._progress(each, year, lines[each.id], terms[each.id]),
                "name": each.state["name"],
            }
            for each in found.documents
        ]
        return {"items": items, "next": found.next}

    # -- within --------------------------------------------------------------------------------

    def _progress(self, person: Document, year: int, lines: list[Answer], terms: list[Answer]) -> Answer:
        """As on today; of a past year, as on its last day."""
        first, last = targets.bounds(year)
        day = min(self._clock.today(), last)
        in_force = self.rulings(first, self._directory.authority.path(person.state["organisation"]))
        return {"person": person.id, **targets.progress(year, day, person.state, terms, lines, in_force)}

    def _lines(self, people: Iterable[str], year: int) -> dict[str, list[Answer]]:
        """Lines of credit by person, of ``year`` and the one before."""
        lines: dict[str, list[Answer]] = {each: [] for each in people}
        days = {"$gte": f"{year - 1}-01-01", "$lte": f"{year}-12-31"}
        for each in found_by(self.documents, "person", lines, on=days):
            lines[each.state["person"]].append(shown(each))
        return lines

    def _terms(self, people: Iterable[str]) -> dict[str, list[Answer]]:
        """The posts that people ever held, with the kinds of their organisations."""
        terms: dict[str, list[Answer]] = {each: [] for each in people}
        for each in found_by(self._directory.posts, "person", terms):
            node = self._directory.authority.node(each.state["organisation"])
            terms[each.state["person"]].append({**each.state, "kind": node.kind if node else ""})
        return terms

    def _person_named_in(self, request: Answer, actor: str) -> Document:
        person = self._directory.person_named_in("person", request["person"])
        if not self._access.reads_people(actor, person.state["organisation"]) and actor != person.id:
            raise Invalid.at("person", "person.unknown")
        return person

    def _readable(self, actor: str, person: str | None) -> Document:
        """The person whose hours are asked for; noted where that is somebody else."""
        found = self._directory.people.get(person or actor)
        if found.id != actor:
            if not self._access.reads_people(actor, found.state["organisation"]):
                raise NotFound("people.not_found")
            self._audit.append("training.read", actor, "person", found.id)
        return found

    def _require_reader(self, actor: str, organisation: str) -> None:
        self._access.require_reader(actor, organisation)


def reversal_of(credit: str) -> str:
    """The id of the one line that may reverse ``credit``."""
    return derived_id("training reversal", credit)


def shown(credit: Document) -> Answer:
    """A line as its readers see it."""
    told = {name: value for name, value in credit.state.items() if name != "reference"}
    return {"id": credit.id, "version": credit.version, **told}
