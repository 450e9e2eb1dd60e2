"""Commands and questions about transfers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.pages import page
from services.chassis.policies import Pack
from services.chassis.transactions import in_transaction
from services.records.access import Access, not_a_reader
from services.records.development.following import Following
from services.records.directory import persons
from services.records.directory.people import People
from services.records.directory.store import Directory, only
from services.records.plans.lists import Lists
from services.records.transfers import model as rules
from services.records.transfers.pack import TransferPack

Answer = dict[str, Any]
COLLECTION = "transfers"
_ENTERED = ("number", "name", "sex", "political_status", "joined_on")


@dataclass(frozen=True)
class Parts:
    """What transfers stand on beside the application."""

    directory: Directory
    people: People
    access: Access
    dossiers: Following
    tasks: Lists
    packs: list[Pack]


class Transfers:
    """Who goes where. A transfer is seen by its person and by posts at either end of it, or above."""

    def __init__(self, application: Application, parts: Parts) -> None:
        self.documents = application.documents(COLLECTION)
        indexes = application.indexes
        indexes.declare(COLLECTION, "slot", unique=True, sparse=True)
        for field in ("concerns", "person", "state"):
            indexes.declare(COLLECTION, [(field, 1), ("asked_on", -1), ("_id", -1)])
        indexes.declare(COLLECTION, [("asked_on", -1), ("_id", -1)])
        self._database = application.database
        self._clock = application.clock
        self._directory = parts.directory
        self._people = parts.people
        self._access = parts.access
        self._dossiers = parts.dossiers
        self._tasks = parts.tasks
        self._packs = parts.packs
        self._pack([])  # a pack that cannot be applied is found at start

    # -- commands ------------------------------------------------------------------------------

    def ask(self, request: Answer) -> Answer:
        """Ask another branch of the campus to take a person in: by a writer of theirs, or by themselves."""
        person = self._leaving(request["person"])
        destination = self._directory.organisation_named_in("destination", request["destination"])
        pack, today = self._pack(self._path(destination)), self._clock.today()
        return self._begin(
            lambda subject, by: rules.ask_within(
                subject, request, person.state, destination.state, pack, by=by, today=today
            )
        )

    def ask_out(self, request: Answer) -> Answer:
        """Note the letter of introduction for a place outside; by a writer of the branch that is left."""
        person = self._leaving(request["person"])
        self._access.require_writer(context.actor(), person.state["organisation"])
        pack = self._pack(self._directory.authority.path(person.state["organisation"]))
        today = self._clock.today()
        return self._begin(
            lambda subject, by: rules.ask_out(subject, request, person.state, pack, by=by, today=today)
        )

    def enter(self, request: Answer) -> Answer:
        """Take in somebody who comes from outside: entered, or active again, in the same commit."""
        actor, today = context.actor(), self._clock.today()
        destination = self._directory.organisation_named_in("destination", request["destination"])
        self._access.require_writer(actor, destination.id)
        pack = self._pack(self._path(destination))
        subject, person = self.documents.id_for_command(), self._directory.people.id_for_command()

        def commit() -> Document:
            repeated = self.documents.repeated(subject)
            if repeated is not None:
                return repeated
            known = self._arriving(request["number"])
            given = {**request, "person": known.id if known else person}
            change = rules.enter_in(subject, given, destination.state, pack, by=actor, today=today)
            entered = self.documents.create(subject, change.state, change.events, respond=self._shown)
            self._arrive(known, person, request, destination)
            return entered

        return self._named([in_transaction(self._database, commit).response or {}])[0]

    def decide(self, request: Answer) -> Answer:
        """The receiving branch accepts, and membership changes in the same commit; or refuses."""
        actor, found, today = context.actor(), self._readable(request["transfer"]), self._clock.today()
        if found.state["kind"] == "within":
            self._access.require_writer(actor, found.state["destination"])
        tasks = self._tasks.left_behind(found.state["person"], found.state["left"])

        def decide(state: Answer) -> Change:
            if request["verdict"] == "accept":
                # The organisation itself: what is projected of it may be older than its end.
                destination = self._directory.organisations.find_one({"_id": state["destination"]})
                receives = destination is not None and destination.state["active"]
                return rules.accept(found.id, state, tasks, receives=receives, by=actor, today=today)
            return rules.refuse(found.id, state, comment=request["comment"], by=actor, today=today)

        def commit(decided: Document) -> None:
            if decided.state["state"] == "accepted":
                person, destination = self._still_there(decided), decided.state["destination"]
                self._people.apply(
                    person, {"organisation": destination, "since": today, "reason": "transferred"}
                )
                self._dossiers.follow(person.id, destination, by=actor)

        return self._end(request, found, decide, commit)

    def withdraw(self, request: Answer) -> Answer:
        """Take back what was asked: the person, or a writer of the branch that would be left."""
        actor, found, today = context.actor(), self._readable(request["transfer"]), self._clock.today()
        if actor != found.state["person"]:
            self._access.require_writer(actor, found.state["left"] or found.state["destination"])
        return self._end(request, found, lambda state: rules.withdraw(found.id, state, by=actor, today=today))

    def complete(self, request: Answer) -> Answer:
        """Enter the receipt: the person is inactive from its day on, and holds no post any more."""
        actor, found, today = context.actor(), self._readable(request["transfer"]), self._clock.today()
        left = found.state["left"] or found.state["destination"]
        self._access.require_writer(actor, left)
        pack, receipt_on = self._pack(self._directory.authority.path(left)), request["receipt_on"]

        def commit(completed: Document) -> None:
            person = self._still_there(completed)
            begun = person.state["spells"][-1]["since"]
            since = max(receipt_on.isoformat(), begun or "")
            gone = {"active": False, "since": type(today).fromisoformat(since), "reason": "transferred_out"}
            self._people.apply(person, gone)
            self._dossiers.end(person.id)

        return self._end(
            request,
            found,
            lambda state: rules.complete(found.id, state, pack, receipt_on=receipt_on, by=actor, today=today),
            commit,
        )

    # -- questions -----------------------------------------------------------------------------

    def get(self, transfer: str) -> Answer:
        """One transfer."""
        return self._named([self._shown(self._readable(transfer))])[0]

    def listed(self, request: Answer) -> Answer:
        """Transfers, newest first, of what the caller may read; without a post, their own."""
        wanted = {**only(request, "state", "kind", "person"), **self._reach(request)}
        if request["overdue"]:
            if wanted.setdefault("state", "asked") != "asked":
                return {"items": [], "next": None}
            wanted["due_on"] = {"$lt": self._clock.today().isoformat()}
        found = page(
            self.documents,
            wanted,
            order=[("asked_on", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": self._named([self._shown(each) for each in found.documents]), "next": found.next}

    # -- within --------------------------------------------------------------------------------

    def _pack(self, path: list[str]) -> TransferPack:
        return TransferPack.in_force_on(self._packs, self._clock.today(), path)

    def _path(self, organisation: Document) -> list[str]:
        return self._directory.authority.path(organisation.id)

    def _leaving(self, person: str) -> Document:
        """The person who is to go, as the caller may ask it."""
        actor, found = context.actor(), self._directory.person_named_in("person", person)
        home = found.state["organisation"]
        if actor != found.id:
            if not self._access.reads_people(actor, home):
                raise Invalid.at("person", "person.unknown")
            self._access.require_writer(actor, home)
        return found

    def _arriving(self, number: str) -> Document | None:
        """Who is known by the number, and may arrive: no member here, and not hidden from the caller.

        Whoever still belongs somewhere comes from there only by a writer of theirs, or by a transfer.
        """
        known = self._directory.people.find_one({"number": number})
        if known is None:
            return None
        if not self._access.reads_people(context.actor(), known.state["organisation"]):
            raise Conflict("people.exists", params={"field": "number"})
        if known.state["active"] and known.state["political_status"] in rules.ADMITTED:
            raise Conflict.at("number", "transfer.is_member_here")
        if known.state["active"]:
            self._access.require_writer(context.actor(), known.state["organisation"])
        return known

    def _arrive(self, known: Document | None, person: str, request: Answer, destination: Document) -> None:
        given = {
            **only(request, *_ENTERED),
            "organisation": destination.id,
            "active": True,
            "since": self._clock.today(),
            "reason": "transferred_in",
        }
        for field in persons.SEALED:
            if request.get(field) is not None:
                given |= self._directory.sealed(field, request[field])
        if known is not None:
            self._people.apply(known, {name: given[name] for name in given if name not in ("name", "sex")})
            self._dossiers.follow(known.id, destination.id, by=context.actor())
        else:
            self._people.enter(person, given, destination)

    def _begin(self, ask: Callable[[str, str], Change]) -> Answer:
        subject = self.documents.id_for_command()
        repeated = self.documents.repeated(subject)
        if repeated is not None:
            return self._named([repeated.response or {}])[0]
        change = ask(subject, context.actor())
        try:
            begun = self.documents.create(subject, change.state, change.events, respond=self._shown)
        except Conflict as refused:
            if refused.params.get("field") != "slot":
                raise
            raise Conflict.at("person", "transfer.running") from None
        return self._named([begun.response or {}])[0]

    def _end(
        self,
        request: Answer,
        transfer: Document,
        decide: Callable[[Answer], Change | None],
        follow: Callable[[Document], None] | None = None,
    ) -> Answer:
        """The transfer's change, and what follows from it, in one commit."""

        def commit() -> Document:
            repeated = self.documents.repeated(transfer.id)
            if repeated is not None:
                return repeated
            changed = self.documents.change(
                transfer.id, decide, expected_version=request["expected_version"], respond=self._shown
            )
            if follow is not None:
                follow(changed)
            return changed

        return self._named([in_transaction(self._database, commit).response or {}])[0]

    def _still_there(self, transfer: Document) -> Document:
        """The person, where they still belong to what they leave."""
        person = self._directory.people.get(transfer.state["person"])
        if not person.state["active"] or person.state["organisation"] != transfer.state["left"]:
            raise Conflict("transfer.person_moved")
        return person

    def _readable(self, transfer: str) -> Document:
        actor, found = context.actor(), self.documents.get(transfer)
        if actor != found.state["person"] and not any(
            self._access.reads_people(actor, node) for node in found.state["concerns"]
        ):
            raise NotFound(f"{COLLECTION}.not_found")
        return found

    def _reach(self, request: Answer) -> Answer:
        actor, own = context.actor(), context.actor() == request.get("person")
        node = request.get("organisation") or request.get("within")
        if node is not None:
            self._access.require_reader(actor, node)
            below = self._access.within(node) if "within" in request else [node]
            return {"concerns": {"$in": sorted(below)}}
        if own or self._access.reaches_everything(actor):
            return {}
        scope = self._access.scope_of_people(actor)
        if scope:
            return {"concerns": {"$in": sorted(scope)}}
        if "person" in request:
            raise not_a_reader()
        return {"person": actor}

    def _shown(self, transfer: Document) -> Answer:
        state = {name: value for name, value in transfer.state.items() if name not in ("slot", "concerns")}
        overdue = rules.is_overdue(state, self._clock.today())
        # Nothing of these, of transfers from before there were such things.
        told = {"tasks": [], "redirected": None, **state}
        return {"id": transfer.id, "version": transfer.version, **told, "overdue": overdue}

    def _named(self, transfers: list[Answer]) -> list[Answer]:
        """With the names of whom they are about, as they are called now."""
        names = self._directory.names([each["person"] for each in transfers])
        return [{**each, "name": names.get(each["person"], "")} for each in transfers]
