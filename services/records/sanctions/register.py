"""Commands and questions about probation within the Party. Whoever reads somebody else's is on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Invalid, NotFound
from services.chassis.grants import denied
from services.chassis.pages import page
from services.chassis.policies import Pack, effective
from services.chassis.transactions import in_transaction
from services.records.access import DISCIPLINE_READERS, Access
from services.records.directory.people import People
from services.records.directory.store import Directory, only
from services.records.posts.register import Posts
from services.records.sanctions import model as rules
from services.records.sanctions.rights import COLLECTION, Rights

Answer = dict[str, Any]
_UNTOLD = ("slot",)
# What a form calls otherwise that a change of the person refuses.
_NAMED = {"since": "on"}


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
        self._access.require_discipline(actor, self._branch(person.state["organisation"]))
        sanction = self._documents.id_for_command(anonymous=True)

        def commit() -> Document:
            repeated = self._documents.repeated(sanction)
            if repeated is not None:
                return repeated
            # Whoever gives a post meanwhile, or takes the member away, is waited for: asked once more is who
            # is responsible where the member belongs by now.
            member = self._directory.people.guard(person.id).state
            branch = self._branch(member["organisation"])
            self._access.require_discipline(actor, branch)
            path = self._directory.authority.path(branch)
            held, today = self._posts.held_by(person.id), self._clock.today()
            change = rules.impose(
                sanction,
                request,
                member,
                path[:-1] or path,  # a root has none above
                effective(self._packs, request["decided_on"], path),
                posts=held,
                by=actor,
                today=today,
            )
            try:
                imposed = self._documents.create(sanction, change.state, change.events, respond=self._shown)
            except Conflict as refused:
                if refused.params.get("field") != "slot":
                    raise
                raise Conflict.at("person", "sanction.running") from None
            self._end(rules.ending(imposed.state, held, today))
            self._audit.append("sanction.imposed", actor, "person", person.id, request.get("document_number"))
            return imposed

        return self._named([in_transaction(self._database, commit).response or {}])[0]

    def prolong(self, request: Answer) -> Answer:
        """Another year, once; posts that were taken after the first one was over end in the same commit."""

        held: list[Answer] = []

        def rule(subject: str, before: Answer, **more: Any) -> Change:
            held[:] = self._posts.held_by(before["person"])
            return rules.prolong(subject, before, posts=held, **more)

        def follow(after: Answer) -> None:
            self._end(rules.ending(after, held, self._clock.today()))

        return self._decide(request, rule, "sanction.prolonged", follow)

    def close(self, request: Answer) -> Answer:
        """Restored, revoked or expelled, as it was decided: who is expelled is no member from that day on."""

        def follow(after: Answer) -> None:
            if after["state"] == "expelled":
                self._expel(after["person"], request["on"])

        return self._decide(request, rules.close, "sanction.closed", follow)

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

    def _decide(
        self,
        request: Answer,
        rule: Callable[..., Change],
        action: str,
        follow: Callable[[Answer], None],
    ) -> Answer:
        """Change the sanction by ``rule``, and in the same commit what ``follow`` makes of its new state."""
        actor, found = context.actor(), self._readable(request["sanction"])
        self._access.require_discipline(actor, self._branch(found.state["organisation"]))
        day = date.fromisoformat(found.state["decided_on"])

        def commit() -> Document:
            # Whoever gives a post meanwhile, or takes the member away, is waited for, as in ``impose``.
            self._directory.people.guard(found.state["person"])
            before = self._documents.get(found.id)
            branch = self._branch(before.state["organisation"])
            self._access.require_discipline(actor, branch)
            rulings = effective(self._packs, day, self._directory.authority.path(branch))
            decide = partial(
                rule, found.id, given=request, rulings=rulings, by=actor, today=self._clock.today()
            )
            decided = self._documents.change(
                found.id, decide, expected_version=request["expected_version"], respond=self._shown
            )
            if decided.version != before.version:
                said = request.get("document_number")
                self._audit.append(action, actor, "person", before.state["person"], said)
                follow(decided.state)
            return decided

        return self._named([in_transaction(self._database, commit).response or {}])[0]

    def _expel(self, person: str, on: date) -> None:
        """As it was decided, within the running transaction; who left the Party before stays as they are."""
        found = self._directory.people.get(person)
        if found.state["political_status"] != "member":
            return
        try:
            self._people.apply(found, {"political_status": "none", "since": on})
        except Invalid as refused:  # it says ``since``, which this form calls ``on``
            fields = {_NAMED.get(field, field): codes for field, codes in refused.fields.items()}
            raise Invalid(refused.code, params=refused.params, fields=fields) from None

    def _end(self, posts: list[Answer]) -> None:
        self._posts.withdraw_these(each["post"] for each in posts)

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
