"""Commands and questions about dossiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.authority import denied
from services.chassis.contract import Change
from services.chassis.documents import Document, Documents
from services.chassis.errors import Forbidden, Invalid, NotFound, Refusal
from services.chassis.files.attaching import Attaching, ids
from services.chassis.files.kept import Files
from services.chassis.pages import Page, page
from services.chassis.store import in_transaction
from services.records.development import model as rules
from services.records.development.arrangements import Arrangements
from services.records.development.history import History
from services.records.development.materials import papers
from services.records.development.meetings import require_agreement
from services.records.development.standing import READERS, Standing
from services.records.development.steps import BY_ID, FAIL, PASS
from services.records.development.timetable import OPEN, Row, timetable
from services.records.development.verdict import Facts, judge
from services.records.directory.people import People
from services.records.directory.store import Directory, found_by, only
from services.records.sanctions.rights import Rights

Answer = dict[str, Any]
HOLDER = "dossier"


class Dossiers:
    """Everybody's way. Whoever may not read a dossier is told that there is none; who reads is on record."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        people: People,
        standing: Standing,
        arrangements: Arrangements,
        files: Files,
        activities: Documents,
        rights: Rights,
    ) -> None:
        self.documents = application.documents("dossiers")
        indexes = application.indexes
        indexes.declare("dossiers", "slot", unique=True, sparse=True)
        indexes.declare("dossiers", [("organisation", 1), ("_id", 1)])
        indexes.declare("dossiers", [("person", 1), ("_id", 1)])
        self._database = application.database
        self._directory = directory
        self._people = people
        self._standing = standing
        self._arrangements = arrangements
        self._attaching = Attaching(application.database, files, self.documents, HOLDER, _held)
        files.guard(HOLDER, self._readable, audited=self._of_another, under=self._person_of)
        self._activities = activities
        self._rights = rights
        self._audit = application.audit
        self._catalogue = application.catalogue
        self._clock = application.clock

    # -- commands ------------------------------------------------------------------------------

    def open(self, request: Answer) -> Answer:
        """A dossier for a person who applied, kept at the branch where they belong."""
        actor = context.actor()
        person = self._directory.person_named_in("person", request["person"])
        branch = self._standing.branch_of(person.state["organisation"])
        if not self._standing.reads(actor, branch):
            raise Invalid.at("person", "person.unknown")
        self._standing.require_actor(actor, BY_ID["application"], person.id, branch)
        given = {**request, "political_status": person.state["political_status"]}
        dossier = self.documents.id_for_command()
        book, facts = self._arrangements.book(branch), Facts(self._arrangements.calendar)

        def make(files: list[Answer]) -> Change:
            attached = _with_files(given, files)
            return rules.open_dossier(
                dossier, attached, branch, book, facts, by=actor, today=self._clock.today()
            )

        def commit() -> Document:
            opened = self._attaching.created(dossier, _wanted(given), make, self._shown)
            self._tell_status(None, opened)
            return opened

        return self._done(commit)

    def record(self, request: Answer) -> Answer:
        """One step more, as it was decided; an admission takes a place of the year in the same commit."""
        actor, dossier = context.actor(), self._readable(request["dossier"])
        state, step = dossier.state, BY_ID[request["step"]]
        self._standing.require_actor(actor, step, state["person"], state["organisation"])
        self._require_agreement(request, state)
        members = self._full_members(request)
        book = self._arrangements.book(state["organisation"])

        def commit() -> Document:
            before = self.documents.get(dossier.id)
            admits = step.id == "branch_meeting" and request["outcome"] == PASS
            quota = self._arrangements.quota(state["organisation"], request["on"].year) if admits else None
            places = self._arrangements.left(quota, dossier.id)
            facts = Facts(self._arrangements.calendar, members, places)

            def decide(state: Answer, files: list[Answer]) -> Change:
                attached = _with_files(request, files)
                return rules.record(
                    dossier.id, state, attached, book, facts, by=actor, today=self._clock.today()
                )

            changed = self._attaching.changed(
                dossier.id,
                _wanted(request),
                decide,
                expected_version=request["expected_version"],
                respond=self._shown,
            )
            if quota is not None:
                self._arrangements.take(quota, dossier.id)
            elif step.id == "approval" and request["outcome"] == FAIL:
                self._arrangements.give_back(dossier.id)
            self._tell_status(before, changed)
            return changed

        return self._done(commit)

    def strike(self, request: Answer) -> Answer:
        """The newest step does not count; a place of the year that it took is free again."""
        actor, dossier = context.actor(), self._readable(request["dossier"])
        if actor == dossier.state["person"]:
            raise Forbidden("development.own_dossier")
        self._standing.require_above(actor, dossier.state["organisation"])

        def commit() -> Document:
            before = self.documents.get(dossier.id)
            struck = self._change(
                request,
                dossier.id,
                lambda state: rules.strike(
                    dossier.id, state, reason=request["reason"], by=actor, today=self._clock.today()
                ),
            )
            if History(struck.state).done("branch_meeting") is None:
                self._arrangements.give_back(dossier.id)
            self._tell_status(before, struck)
            return struck

        return self._done(commit)

    def move(self, request: Answer) -> Answer:
        """A dossier comes to where its person belongs now, asked by who receives it."""
        actor, dossier = context.actor(), self.documents.get(request["dossier"])
        person = self._directory.people.get(dossier.state["person"])
        branch = self._standing.branch_of(person.state["organisation"])
        if not self._standing.reads(actor, branch):
            raise NotFound("dossiers.not_found")
        if actor == person.id:
            raise Forbidden("development.own_dossier")
        self._standing.require_keeper(actor, branch)
        today = self._clock.today()
        moved = self._change(
            request, dossier.id, lambda before: rules.move(dossier.id, before, branch, by=actor, today=today)
        )
        return moved.response or {}

    def close(self, request: Answer) -> Answer:
        """The way ends without membership."""
        actor, dossier = context.actor(), self._readable(request["dossier"])
        if actor == dossier.state["person"]:
            raise Forbidden("development.own_dossier")
        self._standing.require_keeper(actor, dossier.state["organisation"])
        today = self._clock.today()
        closed = self._change(
            request,
            dossier.id,
            lambda before: rules.close(dossier.id, before, reason=request["reason"], today=today),
        )
        return closed.response or {}

    # -- questions -----------------------------------------------------------------------------

    def preview(self, request: Answer) -> Answer:
        """What the rules would say of a step on its day. Writes nothing."""
        dossier = self._opened(request["dossier"])
        state, step = dossier.state, BY_ID[request["step"]]
        self._require_agreement(request, state)
        places = None
        if step.id == "branch_meeting":
            quota = self._arrangements.quota(state["organisation"], request["on"].year)
            places = self._arrangements.left(quota, dossier.id)
        rulings = self._arrangements.book(state["organisation"]).on(request["on"])
        facts = Facts(self._arrangements.calendar, self._full_members(request), places)
        found = judge(History(state), request, rulings, facts)
        return {
            "accepted": all(each.hardness != "block" for each in found),
            "may_act": self._may_act(request, dossier),
            "packs": sorted({ruling.pack.id for ruling in rulings.values()}),
            "findings": [self._told(rules.told(each)) for each in found],
        }

    def get(self, dossier: str) -> Answer:
        """A dossier with every entry. Whoever opens somebody else's is on record."""
        return self._shown(self._opened(dossier))

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

    def _change(self, request: Answer, dossier: str, decide: Callable[[Answer], Change | None]) -> Document:
        return self.documents.change(
            dossier, decide, expected_version=request["expected_version"], respond=self._shown
        )

    def _done(self, commit: Callable[[], Document]) -> Answer:
        return in_transaction(self._database, commit).response or {}

    def _of_another(self, dossier: str) -> bool:
        return context.actor() != self.documents.get(dossier).state["person"]

    def _person_of(self, dossier: str) -> tuple[str, str]:
        return "person", self.documents.get(dossier).state["person"]

    def _readable(self, dossier: str) -> Document:
        actor, found = context.actor(), self.documents.get(dossier)
        if actor != found.state["person"] and not self._standing.reads(actor, found.state["organisation"]):
            raise NotFound("dossiers.not_found")
        return found

    def _opened(self, dossier: str) -> Document:
        """As ``_readable``; its person finds who looked."""
        actor, found = context.actor(), self._readable(dossier)
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

    def _require_agreement(self, request: Answer, dossier: Answer) -> None:
        if request["activity"] is not None:
            named = self._activities.find_one({"_id": request["activity"]})
            require_agreement(request, dossier, named.state if named else None)

    def _full_members(self, request: Answer) -> frozenset[str]:
        """Those of the people named who are full members today, with all their rights; raises ``Invalid`` for
        who is not known."""
        people = request["people"]
        unknown = self._directory.unknown_people(people) if people else set()
        if unknown:
            fields = {
                f"people.{position}": ["person.unknown"]
                for position, each in enumerate(people)
                if each in unknown
            }
            raise Invalid("person.unknown", fields=fields)
        found = found_by(self._directory.people, "_id", people, active=True)
        members = {each.id for each in found if each.state["political_status"] == "member"}
        return frozenset(members - self._rights.lost_by(members, self._clock.today()))

    def _tell_status(self, before: Document | None, after: Document) -> None:
        """What was decided about a person is what the directory says of them, from the same commit on."""
        person = self._directory.people.get(after.state["person"])
        known = person.state["political_status"]
        status = rules.status_after(before.state if before else None, after.state, known)
        if status is not None:
            self._people.apply(person, {"political_status": status})

    def _shown(self, dossier: Document) -> Answer:
        entries = [
            {**entry, "warnings": [self._told(each) for each in entry["warnings"]]}
            for entry in dossier.state["entries"]
        ]
        return {"id": dossier.id, "version": dossier.version, **dossier.state, "entries": entries}

    def _told(self, finding: Answer) -> Answer:
        params = {**finding["params"], **only(finding, "pack", "article", "rule")}
        return {**finding, "text": self._catalogue.render(finding["code"], params)}


def _wanted(request: Answer) -> list[str]:
    """The files that a step attaches."""
    return [each["file"] for each in request["attachments"]]


def _with_files(request: Answer, files: list[Answer]) -> Answer:
    """The request with its files as they are kept, each as the paper that it is."""
    given = zip(request["attachments"], files, strict=True)
    return {**request, "attachments": [{"material": each["material"], **file} for each, file in given]}


def _held(dossier: Mapping[str, Any]) -> set[str]:
    """The files of every step, those struck out included: they stay with the entry."""
    return ids([file for entry in dossier["entries"] for file in entry.get("attachments", ())])
