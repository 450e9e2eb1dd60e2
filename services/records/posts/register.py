"""Commands and questions about posts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.audit import Audit
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Invalid
from services.chassis.pages import page
from services.chassis.policies import Pack, effective
from services.chassis.store import Store
from services.chassis.transactions import in_transaction, on_commit
from services.records.access import Access
from services.records.directory.model import require_open
from services.records.directory.store import Directory, found_by, only, shown
from services.records.posts import model as rules
from services.records.sanctions.rights import Rights

Answer = dict[str, Any]


class Posts:
    """Who holds which role where. Given or ended in whatever way, it is on record in the audit chain."""

    def __init__(
        self,
        database: Store,
        directory: Directory,
        access: Access,
        rights: Rights,
        audit: Audit,
        clock: Clock,
        packs: list[Pack],
    ) -> None:
        self._database = database
        self._directory = directory
        self._documents = directory.posts
        self._access = access
        self._rights = rights
        self._audit = audit
        self._clock = clock
        self._packs = packs

    def rulings(self, organisation: str) -> rules.Rulings:
        """What counts today for posts at ``organisation``."""
        return effective(self._packs, self._clock.today(), self._directory.authority.path(organisation))

    def give(self, request: Answer) -> Answer:
        """Give a role to one of the people whom the caller may read; of all others there is none.

        Raises ``Conflict("post.held")`` where the person holds it there already.
        """
        actor = context.actor()
        organisation = self._directory.organisation_named_in("organisation", request["organisation"])
        self._access.require_appointer(actor, request["role"], organisation.id)
        person = self._directory.person_named_in("person", request["person"])
        post = self._documents.id_for_command()
        # A repeated command is answered as before, wherever the person belongs by now.
        if self._documents.repeated(post) is None and not self._reaches(actor, person):
            raise Invalid.at("person", "person.unknown")
        return self.appoint(post, request, person, organisation).response or {}

    def appoint(
        self,
        post: str,
        given: Answer,
        person: Document,
        organisation: Document,
        *,
        reason: str | None = None,
    ) -> Document:
        """Write the post; one whose term is over makes room for it in the same commit.

        It is judged by what person and organisation are at that very moment: what is decided of them
        meanwhile is waited for. Raises as ``give_post`` and ``Rights.require``, of the person to some no more
        than ``post.person_unfit`` (see ``_discreetly``), and ``Conflict("post.seat_taken")``.
        """
        today = self._clock.today()

        def commit() -> Document:
            repeated = self._documents.repeated(post)
            if repeated is not None:  # asked first: by now the person may have left or lost their rights
                return repeated
            there = self._directory.organisations.guard(organisation.id).state
            holder_to_be = self._directory.people.guard(person.id).state
            in_force = self.rulings(organisation.id)
            with self._discreetly(person.id, holder_to_be["organisation"]):
                change = rules.give_post(post, given, holder_to_be, there, in_force, today)
            holder = self._documents.find_one({"slot": change.state["slot"]})
            if holder is not None:
                if not rules.renew_slot(holder.state, today):
                    raise Conflict.at("role", "post.held")
                self._withdraw(holder.id)
            self._require_seat(post, change.state)
            # Asked last: who could not be given the post anyway is no way to learn of a sanction.
            path = self._directory.authority.path(organisation.id)
            with self._discreetly(person.id, holder_to_be["organisation"]):
                self._rights.require(person.id, given["role"], there["kind"], path)
            created = self._documents.create(post, change.state, change.events, respond=shown)
            self._note("post.given", person.id, reason)
            return created

        appointed = in_transaction(self._database, commit)
        on_commit(lambda: self._directory.know_post(appointed))
        return appointed

    def appoint_many(self, given: Sequence[tuple[str, Change]]) -> None:
        """Write new posts of people who are new themselves, within the running transaction, for an import.

        Raises ``Conflict``: ``post.seat_taken``, ``organisation.inactive``, and where a post is there.
        """
        where = {made.state["organisation"] for _, made in given}
        require_open(each.state for each in self._directory.organisations.guard_many(where))
        if self._documents.create_many([(post, made.state, made.events) for post, made in given]):
            raise Conflict("posts.exists")
        self._require_seats({post: made.state for post, made in given if "seat" in made.state})
        holders = [made.state["person"] for _, made in given]
        self._audit.owe("post.given", context.current().actor, "person", holders)

    def withdraw(self, request: Answer) -> Answer:
        """End a post today."""
        actor = context.actor()
        post = self._documents.get(request["post"])
        self._access.require_appointer(actor, post.state["role"], post.state["organisation"])
        expected = request["expected_version"]
        withdrawn = in_transaction(self._database, lambda: self._withdraw(post.id, expected_version=expected))
        return withdrawn.response or {}

    def prolong(self, request: Answer) -> Answer:
        """Another last day of a term, by whoever may give the post."""
        actor, today = context.actor(), self._clock.today()
        post = self._documents.get(request["post"])
        self._access.require_appointer(actor, post.state["role"], post.state["organisation"])

        def commit() -> Document:
            if "seat" in post.state:
                self._directory.organisations.guard(post.state["seat"])
            before = self._documents.get(post.id)
            prolonged = self._documents.change(
                post.id,
                lambda state: rules.prolong_post(post.id, state, request["until"], today),
                expected_version=request["expected_version"],
                respond=shown,
            )
            if prolonged.version != before.version:
                self._require_seat(post.id, prolonged.state)
                self._note("post.prolonged", prolonged.state["person"], request.get("reason"))
            return prolonged

        prolonged = in_transaction(self._database, commit)
        self._directory.know_post(prolonged)
        return prolonged.response or {}

    def withdraw_all(self, person: str) -> None:
        """End every post of ``person``, within the running transaction."""
        for post in self._documents.find({"person": person, "active": True}, limit=0):
            self._withdraw(post.id)

    def withdraw_unfit(self, person: str, political_status: str) -> None:
        """End the posts of ``person`` that nobody of ``political_status`` may hold, within the running
        transaction."""
        for post in self._documents.find({"person": person, "active": True}, limit=0):
            in_force = self.rulings(post.state["organisation"])
            if not rules.fits(post.state["role"], political_status, in_force):
                self._withdraw(post.id)

    def withdraw_these(self, posts: Iterable[str]) -> None:
        """End ``posts``, within the running transaction."""
        for post in posts:
            self._withdraw(post)

    def held_by(self, person: str) -> list[dict[str, str]]:
        """The posts that were given to ``person`` and not withdrawn: each its id as ``post``, ``role``, first
        day as ``since``, and ``kind`` of its organisation."""
        found = self._documents.find({"person": person, "active": True}, limit=0)
        nodes = {each.id: self._directory.authority.node(each.state["organisation"]) for each in found}
        return [
            {
                "post": each.id,
                "role": each.state["role"],
                "since": each.state["since"],
                "kind": node.kind,
            }
            for each in found
            if (node := nodes[each.id]) is not None
        ]

    def withdraw_left(self, person: str, left: str, home: str) -> None:
        """End the posts of ``person`` at the branch and group that they left for ``home``, within the running
        transaction. Who only changes groups keeps those of the branch; posts further up are kept."""
        authority = self._directory.authority
        node = authority.node(left)
        nodes = {left} | ({node.parent} if node and node.kind == "group" else set())
        for post in self._documents.find({"person": person, "active": True}, limit=0):
            if post.state["organisation"] in nodes - set(authority.path(home)):
                self._withdraw(post.id)

    def seat(
        self,
        organisation: Document,
        roles: Collection[str],
        elected: Mapping[str, tuple[Document, str]],
        since: date,
    ) -> None:
        """Who was elected holds the posts ``roles`` at ``organisation`` from now on, and nobody else does.

        Within the running transaction. ``elected``: person and role by the id of the post; whoever holds that
        role already goes on. They have no last day: a committee is in office until the next is elected, and
        when that is due stands in its election.
        """
        today, wanted = (
            self._clock.today(),
            {(person.id, role): post for post, (person, role) in elected.items()},
        )
        for post in self._documents.find({"organisation": organisation.id, "active": True}, limit=0):
            if post.state["role"] not in roles or rules.renew_slot(post.state, today):
                continue
            if wanted.pop((post.state["person"], post.state["role"]), None) is None:
                self._withdraw(post.id)
            else:
                kept = self._documents.change(
                    post.id, partial(rules.prolong_post, post.id, until=None, today=today)
                )
                on_commit(partial(self._directory.know_post, kept))
        for (_, role), post in wanted.items():
            person = elected[post][0]
            given = {"person": person.id, "organisation": organisation.id, "role": role, "since": since}
            self.appoint(post, given, person, organisation, reason="elected")

    def withdraw_at(self, organisations: Sequence[str]) -> None:
        """End every post at ``organisations``, within the running transaction."""
        today, holders = self._clock.today(), []
        for organisation in organisations:
            for post in self._documents.find({"organisation": organisation, "active": True}, limit=0):
                withdrawn = self._documents.change(
                    post.id, partial(rules.withdraw_post, post.id, today=today)
                )
                on_commit(partial(self._directory.know_post, withdrawn))
                holders.append(post.state["person"])
        self._audit.owe("post.withdrawn", context.current().actor, "person", holders)

    def listed(self, request: Answer) -> Answer:
        """Posts of an organisation, which everybody may know; of a person, for its readers; or one's own."""
        actor = context.actor()
        wanted = only(request, "organisation", "person", "active")
        if "organisation" not in wanted:
            wanted.setdefault("person", actor)
        if wanted.get("person", actor) != actor:
            person = self._directory.person_named_in("person", wanted["person"])
            self._access.require_reader(actor, person.state["organisation"])
        found = page(self._documents, wanted, order=[], limit=request["limit"], cursor=request["cursor"])
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    def _reaches(self, actor: str, person: Document) -> bool:
        return actor == person.id or self._access.reads_people(actor, person.state["organisation"])

    @contextmanager
    def _discreetly(self, person: str, home: str) -> Iterator[None]:
        """Whoever may not read of a sanction learns nothing of one from why a person cannot be given a post.

        To them one refusal stands for all that is said of the person: a reason that is told for some only
        tells by its absence. The person, who is responsible for members' discipline at ``home`` or above, and
        where nobody acts, the log are told which it is.
        """
        try:
            yield
        except Invalid as refused:
            actor = context.current().actor
            if "person" not in refused.fields or actor in (None, person):
                raise
            if self._access.disciplines(str(actor), home):
                raise
            raise Invalid.at("person", "post.person_unfit") from None

    def _require_seat(self, post: str, state: Mapping[str, Any]) -> None:
        """Raises ``Conflict("post.seat_taken")``; of what has no seat nothing is asked."""
        if "seat" in state and state["active"]:
            self._require_seats({post: state})

    def _require_seats(self, seated: Mapping[str, Mapping[str, Any]]) -> None:
        """The same of many by id, which are all active and have a seat."""
        by_seat: dict[str, list[Document]] = {}
        for each in found_by(self._documents, "seat", [state["seat"] for state in seated.values()]):
            by_seat.setdefault(each.state["seat"], []).append(each)
        for post, state in seated.items():
            others = [each.state for each in by_seat.get(state["seat"], ()) if each.id != post]
            ruling = self.rulings(state["seat"]).get(rules.SECRETARIES)
            rules.require_seat(state, others, ruling)

    def _withdraw(self, post: str, *, expected_version: int | None = None) -> Document:
        """End the post within the running transaction; one that is over stays as it is."""
        today = self._clock.today()
        before = self._documents.get(post)
        withdrawn = self._documents.change(
            post,
            lambda state: rules.withdraw_post(post, state, today),
            expected_version=expected_version,
            respond=shown,
        )
        if withdrawn.version != before.version:
            self._note("post.withdrawn", withdrawn.state["person"])
            on_commit(lambda: self._directory.know_post(withdrawn))
        return withdrawn

    def _note(self, action: str, person: str, reason: str | None = None) -> None:
        """On record under whoever acts; under nobody where another system of the campus said so."""
        self._audit.append(action, context.current().actor, "person", person, reason)
