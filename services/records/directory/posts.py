"""Commands and questions about posts."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.audit import Audit
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Forbidden
from services.chassis.pages import page
from services.chassis.store import Store, in_transaction, on_commit
from services.records.access import Access
from services.records.directory import model as rules
from services.records.directory.store import Directory, only, shown

Answer = dict[str, Any]


class Posts:
    """Who holds which role where. What is given and withdrawn is on record in the audit chain."""

    def __init__(
        self, database: Store, directory: Directory, access: Access, audit: Audit, clock: Clock
    ) -> None:
        self._database = database
        self._directory = directory
        self._documents = directory.posts
        self._access = access
        self._audit = audit
        self._clock = clock

    def give(self, request: Answer) -> Answer:
        """Give a role; raises ``Conflict("post.held")`` where the person holds it there already."""
        actor = context.actor()
        organisation = self._directory.organisation_named_in("organisation", request["organisation"])
        self._access.require_appointer(actor, request["role"], organisation.id)
        person = self._directory.person_named_in("person", request["person"])
        given = self.appoint(self._documents.id_for_command(), request, person, organisation)
        self._audit.append("post.given", actor, "person", person.id)
        return given.response or {}

    def appoint(self, post: str, given: Answer, person: Document, organisation: Document) -> Document:
        """Write the post; one whose term is over makes room for it in the same commit."""
        today = self._clock.today()
        change = rules.give_post(post, given, person.state, organisation.state, today)

        def commit() -> Document:
            repeated = self._documents.repeated(post)
            if repeated is not None:
                return repeated
            holder = self._documents.find_one({"slot": change.state["slot"]})
            if holder is not None:
                if not rules.renew_slot(holder.state, today):
                    raise Conflict("post.held", fields={"role": ["post.held"]})
                self._withdraw(holder.id)
            return self._documents.create(post, change.state, change.events, respond=shown)

        appointed = in_transaction(self._database, commit)
        on_commit(lambda: self._directory.know_post(appointed))
        return appointed

    def withdraw(self, request: Answer) -> Answer:
        """End a post today."""
        actor = context.actor()
        post = self._documents.get(request["post"])
        self._access.require_appointer(actor, post.state["role"], post.state["organisation"])
        withdrawn = self._withdraw(post.id, expected_version=request["expected_version"])
        self._audit.append("post.withdrawn", actor, "person", post.state["person"])
        return withdrawn.response or {}

    def withdraw_all(self, person: str) -> None:
        """End every post of ``person``, within the running transaction."""
        for post in self._documents.find({"person": person, "active": True}, limit=0):
            self._withdraw(post.id)

    def listed(self, request: Answer) -> Answer:
        """Posts of an organisation, which everybody may know; of a person, for its readers; or one's own."""
        actor = context.actor()
        wanted = only(request, "organisation", "person", "active")
        if "organisation" not in wanted:
            wanted.setdefault("person", actor)
        if wanted.get("person", actor) != actor:
            person = self._directory.person_named_in("person", wanted["person"])
            if not self._access.reads_people(actor, person.state["organisation"]):
                raise Forbidden("permission.denied")
        found = page(self._documents, wanted, order=[], limit=request["limit"], cursor=request["cursor"])
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    def _withdraw(self, post: str, *, expected_version: int | None = None) -> Document:
        today = self._clock.today()
        withdrawn = self._documents.change(
            post,
            lambda state: rules.withdraw_post(post, state, today),
            expected_version=expected_version,
            respond=shown,
        )
        on_commit(lambda: self._directory.know_post(withdrawn))
        return withdrawn
