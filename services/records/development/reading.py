"""Dossiers as they are asked for: who may read them, what is shown, what the rules would say."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document, Documents
from services.chassis.errors import Invalid, NotFound, Refusal
from services.chassis.files.kept import Files
from services.chassis.grants import denied
from services.chassis.pages import Page, page
from services.records.development import model as rules
from services.records.development.arrangements import Arrangements
from services.records.development.history import History
from services.records.development.materials import papers
from services.records.development.meetings import MATTERS, require_agreement
from services.records.development.standing import READERS, Standing
from services.records.development.steps import BY_ID
from services.records.development.timetable import OPEN, Row, timetable
from services.records.development.verdict import Facts, judge
from services.records.directory.store import Directory, only
from services.records.votes.electorates import Electorates

Answer = dict[str, Any]
HOLDER = "dossier"


class DossierReading:
    """Whoever may not read a dossier is told that there is none; who reads is on record."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        standing: Standing,
        arrangements: Arrangements,
        files: Files,
        activities: Documents,
        electorates: Electorates,
    ) -> None:
        self.documents = application.documents("dossiers")
        indexes = application.indexes
        indexes.declare("dossiers", "slot", unique=True, sparse=True)
        indexes.declare("dossiers", [("organisation", 1), ("_id", 1)])
        indexes.declare("dossiers", [("person", 1), ("_id", 1)])
        self._directory = directory
        self._standing = standing
        self._arrangements = arrangements
        files.guard(HOLDER, self.readable, audited=self._of_another, under=self._person_of)
        self._activities = activities
        self._electorates = electorates
        self._audit = application.audit
        self._catalogue = application.catalogue
        self._clock = application.clock

    # -- questions -----------------------------------------------------------------------------

    def preview(self, request: Answer) -> Answer:
        """What the rules would say of a step on its day. Writes nothing."""
        dossier = self._opened(request["dossier"])
        state, step = dossier.state, BY_ID[request["step"]]
        self.require_agreement(request, state)
        places = None
        if step.id == "branch_meeting":
            quota = self._arrangements.quota(state["organisation"], request["on"].year)
            places = self._arrangements.left(quota, dossier.id)
        rulings = self._arrangements.book(state["organisation"]).on(request["on"])
        entitled = self.entitled(request, state)
        facts = Facts(self._arrangements.calendar, self.full_members(request), places, entitled)
        found = judge(History(state), request, rulings, facts)
        return {
            "accepted": all(each.hardness != "block" for each in found),
            "may_act": self._may_act(request, dossier),
            "packs": sorted({ruling.pack.id for ruling in rulings.values()}),
            "findings": [self._told(rules.told(each)) for each in found],
        }

    def get(self, dossier: str) -> Answer:
        """A dossier with every entry. Whoever opens somebody else's is on record."""
        return self.shown(self._opened(dossier))

    def listed(self, request: Answer) -> Answer:
        """Where people stand, of what the caller may read; the entries are not told."""
        found = self._page(request, only(request, "person", "state", "stage"))
        items = [{"id": each.id, "version": each.version, **each.state} for each in found.documents]
        return {"items": items, "next": found.next}

    def materials(self, dossier: str) -> Answer:
        """The papers of the whole way: which are there, which are missing, which come next."""
        found = self._opened(dossier)
        book = self._arrangements.book(found.state["organisation"])
        items = [
            {**vars(each), **self._arrangements.material(each.code)}
            for each in papers(found.state, book, self._clock.today())
        ]
        return {"items": items}

    def timetable(self, dossier: str) -> Answer:
        """What comes next, from when and until when."""
        found = self._opened(dossier)
        return {"items": [self._row(row) for row in self._rows(found)]}

    def due(self, request: Answer) -> Answer:
        """What may come next in every open dossier, the late first within a page."""
        found = self._page(request, {"state": "open"})
        items = [
            {
                **self._row(row),
                "dossier": each.id,
                **{name: each.state[name] for name in ("person", "organisation")},
            }
            for each in found.documents
            for row in self._rows(each)
            if row.state == OPEN
        ]
        items.sort(key=lambda item: (not item["overdue"], item["latest"] or item["earliest"]))
        return {"items": items, "next": found.next}

    # -- what commands ask as well ---------------------------------------------------------------

    def _of_another(self, dossier: str) -> bool:
        return context.actor() != self.documents.get(dossier).state["person"]

    def _person_of(self, dossier: str) -> tuple[str, str]:
        return "person", self.documents.get(dossier).state["person"]

    def readable(self, dossier: str) -> Document:
        actor, found = context.actor(), self.documents.get(dossier)
        if actor != found.state["person"] and not self._standing.reads(actor, found.state["organisation"]):
            raise NotFound("dossiers.not_found")
        return found

    def _opened(self, dossier: str) -> Document:
        """As ``_readable``; its person finds who looked."""
        actor, found = context.actor(), self.readable(dossier)
        if actor != found.state["person"]:
            self._audit.append("dossier.read", actor, "person", found.state["person"])
        return found

    def _may_act(self, request: Answer, dossier: Document) -> bool:
        step, state = BY_ID[request["step"]], dossier.state
        try:
            self._standing.require_actor(context.actor(), step, state["person"], state["organisation"])
        except Refusal:
            return False
        return True

    def require_agreement(self, request: Answer, dossier: Answer) -> None:
        if request["activity"] is not None:
            named = self._activities.find_one({"_id": request["activity"]})
            require_agreement(request, dossier, named.state if named else None)

    def full_members(self, request: Answer) -> frozenset[str]:
        """Those of the people named who were full members on the day of the step, with all their rights;
        raises ``Invalid`` for who is not known."""
        people = request["people"]
        unknown = self._directory.unknown_people(people) if people else set()
        if unknown:
            fields = {
                f"people.{position}": ["person.unknown"]
                for position, each in enumerate(people)
                if each in unknown
            }
            raise Invalid("person.unknown", fields=fields)
        return self._electorates.full_members(people, request["on"])

    def entitled(self, request: Answer, dossier: Answer) -> int | None:
        """How many had a vote at the branch on the day of a step that its meeting decides.

        None where the step names the record of that meeting, which was held to it, and where not all vote.
        """
        branch = dossier["organisation"]
        if request["step"] not in MATTERS or request["activity"] is not None:
            return None
        if not self._electorates.votes_as_a_whole(branch):
            return None
        return len(self._electorates.at(branch, request["on"]).voters)

    def shown(self, dossier: Document) -> Answer:
        entries = [
            {**entry, "warnings": [self._told(each) for each in entry["warnings"]]}
            for entry in dossier.state["entries"]
        ]
        return {"id": dossier.id, "version": dossier.version, **dossier.state, "entries": entries}

    def _told(self, finding: Answer) -> Answer:
        params = {**finding["params"], **only(finding, "pack", "article", "rule")}
        return {**finding, "text": self._catalogue.render(finding["code"], params)}

    # -- within --------------------------------------------------------------------------------

    def _page(self, request: Answer, wanted: Answer) -> Page:
        """Dossiers that the caller may read; without a post, their own. Whoever lists others is on record."""
        actor = context.actor()
        own = wanted.get("person") == actor
        scope = self._standing.scope(actor)
        if "organisation" in request or "within" in request:
            node = request.get("organisation") or request["within"]
            if not self._standing.reads(actor, node):
                raise denied(READERS, "here_or_above")
            below = self._directory.authority.subtree(node) if "within" in request else [node]
            wanted["organisation"] = {"$in": sorted(below)}
        elif scope is not None and not own:
            if scope:
                wanted["organisation"] = {"$in": sorted(scope)}
            elif wanted.get("person", actor) == actor:
                wanted["person"], own = actor, True
            else:
                raise denied(READERS, "here_or_above")
        found = page(self.documents, wanted, order=[], limit=request["limit"], cursor=request["cursor"])
        if found.documents and not own:
            where = request.get("organisation") or request.get("within") or "all"
            self._audit.append("dossiers.listed", actor, "organisation", where)
        return found

    def _rows(self, dossier: Document) -> list[Row]:
        book = self._arrangements.book(dossier.state["organisation"])
        return timetable(History(dossier.state), book, self._arrangements.calendar, self._clock.today())

    def _row(self, row: Row) -> Answer:
        return {
            **{name: getattr(row.step, name) for name in ("number", "stage", "actor")},
            "step": row.step.id,
            "title": self._catalogue.render(f"development_step.{row.step.id}"),
            **{name: getattr(row, name) for name in ("state", "on", "earliest", "latest")},
            "overdue": row.overdue,
            "provisional": row.provisional,
            "because": [vars(reason) for reason in row.because],
        }
