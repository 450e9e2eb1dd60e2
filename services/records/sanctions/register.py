"""Commands and questions about probation within the Party. Whoever reads somebody else's is on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.authority import denied
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.pages import page
from services.chassis.policies import Pack, effective
from services.chassis.store import in_transaction
from services.records.access import DISCIPLINE_READERS, Access
from services.records.directory.people import People
from services.records.directory.store import Directory, only
from services.records.posts.register import Posts
from services.records.sanctions import model as rules
from services.records.sanctions.rights import COLLECTION, Rights

Answer = dict[str, Any]
_UNTOLD = ("slot",)


class Sanctions:
    """Known to its person and to who is responsible where they belong or above; to nobody else by a post."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        people: People,
        posts: Posts,
        access: Access,
        rights: Rights,
        packs: list[Pack],
    ) -> None:
        self._database = application.database
        self._documents = rights.documents
        self._directory = directory
        self._people = people
        self._posts = posts
        self._access = access
        self._packs = packs
        self._audit = application.audit
        self._clock: Clock = application.clock

    # -- commands ------------------------------------------------------------------------------

    def impose(self, request: Answer) -> Answer:
        """Enter the decision, from strictly above the person's branch; their posts end in the same commit."""
        actor, person = context.actor(), self._concerned(request["person"])
        branch = self._branch(person.state["organisation"])
        self._access.require_discipline(actor, branch)
        path = self._directory.authority.path(branch)
        rulings = effective(self._packs, request["decided_on"], path)
        sanction = self._documents.id_for_command(anonymous=True)

        def commit() -> Document:
            repeated = self._documents.repeated(sanction)
            if repeated is not None:
                return repeated
            change = rules.impose(
                sanction,
                request,
                # Whoever gives a post meanwhile, or takes the member away, is waited for.
                self._directory.people.guard(person.id).state,
                path[:-1] or path,  # a root has none above
                rulings,
                posts=self._posts.held_by(person.id),
                by=actor,
                today=self._clock.today(),
            )
            try:
                imposed = self._documents.create(sanction, change.state, change.events, respond=self._shown)
            except Conflict as refused:
                if refused.params.get("field") != "slot":
                    raise
                raise Conflict.at("person", "sanction.running") from None
            if rules.lasts(imposed.state, self._clock.today()):
                self._posts.withdraw_all(person.id)
            self._audit.append("sanction.imposed", actor, "person", person.id, request.get("document_number"))
            return imposed

        return self._named([in_transaction(self._database, commit).response or {}])[0]

    def prolong(self, request: Answer) -> Answer:
        """Another year, once; posts that were taken after the first one was over end in the same commit."""

        def rule(subject: str, before: Answer, **more: Any) -> Change:
            return rules.prolong(subject, before, posts=self._posts.held_by(before["person"]), **more)

        return self._decide(request, rule, "sanction.prolonged")

    def close(self, request: Answer) -> Answer:
        """Restored, revoked or expelled, as it was decided: who is expelled is no member from that day on."""
        return self._decide(request, rules.close, "sanction.closed")

    # -- questions -----------------------------------------------------------------------------

    def get(self, sanction: str) -> Answer:
        """One sanction."""
        found = self._readable(sanction)
        self._note(found.state["person"])
        return self._named([self._shown(found)])[0]

    def listed(self, request: Answer) -> Answer:
        """Of a person, who belongs below ``within`` where it is given; or where the caller is responsible."""
        actor = context.actor()
        wanted: Answer = only(request, "state", "person")
        if "person" in request:
            person = self._directory.people.find_one({"_id": request["person"]})
            if person is None or not self._reads(actor, person.id, person.state["organisation"]):
                raise denied(DISCIPLINE_READERS, "here_or_above")
            home = person.state["organisation"]
            if "within" in request and home not in self._access.within(request["within"]):
                return {"items": [], "next": None}
        elif not self._access.disciplines_everything(actor, request.get("within")):
            scope = self._access.scope_of_discipline(actor)
            if "within" in request:
                scope &= set(self._access.within(request["within"]))
            if not scope:
                raise denied(DISCIPLINE_READERS, "here_or_above")
            wanted["organisation"] = {"$in": sorted(scope)}
        found = page(
            self._documents,
            wanted,
            order=[("decided_on", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        people = {each.state["person"] for each in found.documents} - {actor}
        if people:
            self._audit.append_many("sanction.read", actor, "person", sorted(people))
        return {"items": self._named([self._shown(each) for each in found.documents]), "next": found.next}

    # -- within --------------------------------------------------------------------------------

    def _decide(self, request: Answer, rule: Callable[..., Change], action: str) -> Answer:
        actor, found = context.actor(), self._readable(request["sanction"])
        branch = self._branch(found.state["organisation"])
        self._access.require_discipline(actor, branch)
        day = date.fromisoformat(found.state["decided_on"])
        rulings = effective(self._packs, day, self._directory.authority.path(branch))
        decide = partial(rule, found.id, given=request, rulings=rulings, by=actor, today=self._clock.today())

        def commit() -> Document:
            before = self._documents.get(found.id)
            # Whoever gives a post meanwhile is waited for.
            self._directory.people.guard(before.state["person"])
            decided = self._documents.change(
                found.id, decide, expected_version=request["expected_version"], respond=self._shown
            )
            if decided.version != before.version:
                said = request.get("document_number")
                self._audit.append(action, actor, "person", before.state["person"], said)
                if decided.state["state"] == "expelled":
                    self._expel(before.state["person"], request["on"])
                elif rules.lasts(decided.state, self._clock.today()):
                    self._posts.withdraw_all(before.state["person"])
            return decided

        return self._named([in_transaction(self._database, commit).response or {}])[0]

    def _expel(self, person: str, on: date) -> None:
        """As it was decided, within the running transaction; who left the Party before stays as they are."""
        found = self._directory.people.get(person)
        if found.state["political_status"] == "member":
            self._people.apply(found, {"political_status": "none", "since": on})

    def _concerned(self, person: str) -> Document:
        """The person, where the caller is responsible for them; to anybody else there is none."""
        found = self._directory.people.find_one({"_id": person})
        home = found.state["organisation"] if found else None
        if found is None or not self._access.disciplines(context.actor(), str(home)):
            raise Invalid.at("person", "person.unknown")
        return found

    def _readable(self, sanction: str) -> Document:
        found = self._documents.get(sanction)
        if not self._reads(context.actor(), found.state["person"], found.state["organisation"]):
            raise NotFound(f"{COLLECTION}.not_found")
        return found

    def _reads(self, actor: str, person: str, organisation: str) -> bool:
        return actor == person or self._access.disciplines(actor, organisation)

    def _branch(self, organisation: str) -> str:
        """The branch of a group, whose members decide as the branch does."""
        node = self._directory.authority.node(organisation)
        return node.parent if node and node.kind == "group" and node.parent else organisation

    def _note(self, person: str) -> None:
        if context.actor() != person:
            self._audit.append("sanction.read", context.actor(), "person", person)

    def _shown(self, sanction: Document) -> Answer:
        state, today = sanction.state, self._clock.today()
        told = {name: value for name, value in state.items() if name not in _UNTOLD}
        return {
            "id": sanction.id,
            "version": sanction.version,
            **told,
            "lasts": rules.lasts(state, today),
            "decision_due": state["state"] == "running" and state["until"] < today.isoformat(),
        }

    def _named(self, sanctions: list[Answer]) -> list[Answer]:
        names = self._directory.names([each["person"] for each in sanctions])
        return [{**each, "name": names.get(each["person"], "")} for each in sanctions]
