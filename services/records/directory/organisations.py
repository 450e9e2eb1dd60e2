"""Commands and questions about organisations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict
from services.chassis.pages import page
from services.chassis.store import Store
from services.chassis.transactions import in_transaction, on_commit
from services.records.access import Access
from services.records.directory import model as rules
from services.records.directory.naming import sought
from services.records.directory.store import Directory, only, shown
from services.records.posts.model import seat_on_committee
from services.records.structure.history import History
from services.records.structure.model import Why

Answer = dict[str, Any]
_CHANGEABLE = ("name", "founded_on", "has_committee", "has_leading_group", "external_id", "active")


class Organisations:
    """The tree. Whoever is signed in may read it: it holds no personal data."""

    def __init__(
        self, database: Store, directory: Directory, history: History, access: Access, clock: Clock
    ) -> None:
        self._database = database
        self._directory = directory
        self._documents = directory.organisations
        self._history = history
        self._access = access
        self._clock = clock

    def create(self, request: Answer) -> Answer:
        """Found an organisation; repeated with its key it answers the same."""
        parent = self._directory.organisation_named_in("parent", request["parent"])
        self._access.require_administrator(context.actor(), parent.id)
        organisation = self._documents.id_for_command()
        change = rules.found_organisation(
            organisation, request, (parent.id, parent.state), self._clock.today()
        )
        return self.found(organisation, change, Why.of(request)).response or {}

    def found(self, organisation: str, change: Change, why: Why | None = None) -> Document:
        """Write a new organisation with its first edition.

        Raises ``Conflict("organisation.parent_inactive")`` where the one above closed meanwhile.
        """

        def commit() -> Document:
            repeated = self._documents.repeated(organisation)
            if repeated is not None:
                return repeated
            self._require_open_above([change])
            founded = self._documents.create(organisation, change.state, change.events, respond=shown)
            self.keep([(None, founded)], why or Why())
            return founded

        return in_transaction(self._database, commit)

    def found_many(self, founded: Sequence[tuple[Document, Change]]) -> None:
        """New organisations with their first editions in one transaction, for imports: all or none.

        Raises ``Conflict`` where one of them or its code is there already, and as ``found``.
        """

        def commit() -> None:
            self._require_open_above([change for _, change in founded])
            if self._documents.create_many(
                [(each.id, change.state, change.events) for each, change in founded]
            ):
                raise Conflict("organisations.exists")
            self.keep([(None, each) for each, _ in founded], Why())

        if founded:
            in_transaction(self._database, commit)

    def change(self, request: Answer) -> Answer:
        """Change attributes, and move the subtree where another parent is given: all or nothing."""
        actor = context.actor()
        organisation = self._documents.get(request["organisation"])
        self._access.require_administrator(actor, organisation.id)
        parent = None
        if "parent" in request and request["parent"] != organisation.state["parent"]:
            parent = self._directory.organisation_named_in("parent", request["parent"])
            self._access.require_administrator(actor, parent.id)
        changed = self.apply(
            organisation.id,
            only(request, *_CHANGEABLE),
            parent,
            effective_on=request.get("effective_on"),
            why=Why.of(request),
            expected_version=request["expected_version"],
        )
        return changed.response or {}

    def apply(
        self,
        organisation: str,
        given: Answer,
        parent: Document | None = None,
        *,
        effective_on: date | None = None,
        why: Why | None = None,
        expected_version: int | None = None,
    ) -> Document:
        """Write ``given``; under a new ``parent`` everything below follows in the same commit.

        Raises ``Conflict`` where it is to close and is not empty: ``organisation.has_children``,
        ``organisation.has_people``; and where it is to open again below one that is closed:
        ``organisation.parent_inactive``.
        """
        today = self._clock.today()

        def commit() -> Document:
            repeated = self._documents.repeated(organisation)
            if repeated is not None:
                return repeated
            before = self._documents.get(organisation)
            below = self._below(organisation) if parent is not None else []
            since = [each.state["since"] for each in (before, *below)]
            above = None
            if parent is not None:
                above = (parent.id, self._documents.guard(parent.id).state)
                since.append(above[1]["founded_on"])
            elif given.get("active") and not before.state["active"]:
                self._require_open([before.state["parent"]], "active")
            day = rules.effective_day(effective_on, today, *since) if effective_on else today

            def decide(state: Answer) -> Change | None:
                return rules.change_organisation(organisation, state, given, today, on=day, parent=above)

            changed = self._documents.change(
                organisation, decide, expected_version=expected_version, respond=shown
            )
            if before.state["active"] and not changed.state["active"]:
                # After it is written: who comes at the same instant guards it, and so one of the two is run
                # again on what the other did.
                self._require_empty(organisation)
            if before.state["has_committee"] != changed.state["has_committee"]:
                self._seat_anew(changed, today)
            self.keep([(before, changed), *self._let_follow(changed, below, day)], why or Why())
            return changed

        return in_transaction(self._database, commit)

    def keep(self, written: Sequence[tuple[Document | None, Document]], why: Why) -> None:
        """Keep the editions of what was written, in the running transaction; known at once after it."""
        self._history.keep(written, why)
        on_commit(partial(self._directory.know_organisations, [after for _, after in written]))

    def require_free_code(self, code: str) -> None:
        """Raises ``Conflict("organisations.exists")`` where an organisation has this code."""
        if self._documents.find_one({"code": code}):
            raise rules.refuse_taken("code", "organisations.exists")

    def get(self, organisation: str) -> Answer:
        """One organisation."""
        context.actor()
        return shown(self._documents.get(organisation))

    def listed(self, request: Answer) -> Answer:
        """Organisations by code, as they are or as they were on a day."""
        context.actor()
        if "on" in request:
            return self._history.on(request, request["on"])
        wanted = only(request, "parent", "kind", "code", "active")
        if "within" in request:
            wanted["path"] = request["within"]
        if "search" in request:
            wanted |= sought(request["search"])
        found = page(
            self._documents, wanted, order=[("code", 1)], limit=request["limit"], cursor=request["cursor"]
        )
        return {"items": [shown(each) for each in found.documents], "next": found.next}

    def _below(self, organisation: str) -> list[Document]:
        """Everything below an organisation, from the top down."""
        found = self._documents.find({"path": organisation}, limit=0)
        below = [each for each in found if each.id != organisation]
        return sorted(below, key=lambda each: len(each.state["path"]))

    def _let_follow(
        self, moved: Document, below: Sequence[Document], day: date
    ) -> list[tuple[Document | None, Document]]:
        """Everything ``below`` takes on its new path, each with its event: before and after."""
        now: dict[str, Document] = {moved.id: moved}
        written: list[tuple[Document | None, Document]] = []
        for each in below:
            parent = now[each.state["parent"]]
            now[each.id] = self._documents.change(each.id, _following(each.id, parent, day))
            written.append((each, now[each.id]))
        return written

    def _seat_anew(self, organisation: Document, today: date) -> None:
        """Let the posts there say whether they are seats on a committee by now."""
        posts = self._directory.posts
        for post in posts.find({"organisation": organisation.id, "active": True}, limit=0):
            seated = posts.change(
                post.id,
                partial(seat_on_committee, post.id, organisation=organisation.state, today=today),
            )
            on_commit(partial(self._directory.know_post, seated))

    def _require_open_above(self, founded: Sequence[Change]) -> None:
        """Raises ``Conflict`` where one is closed that they stand below and that is none of them."""
        own = {each.state["path"][-1] for each in founded}
        above = {parent for each in founded if (parent := each.state["parent"]) not in (None, *own)}
        self._require_open(above, "parent")

    def _require_open(self, organisations: Collection[str], field: str) -> None:
        if not all(each.state["active"] for each in self._documents.guard_many(organisations)):
            raise Conflict.at(field, "organisation.parent_inactive", accepted="active")

    def _require_empty(self, organisation: str) -> None:
        if self._documents.find_one({"parent": organisation, "active": True}):
            raise Conflict("organisation.has_children")
        if self._directory.people.find_one({"organisation": organisation, "active": True}):
            raise Conflict("organisation.has_people")


def _following(organisation: str, parent: Document, day: date) -> Callable[[Answer], Change | None]:
    return lambda state: rules.follow(organisation, state, (parent.id, parent.state), day)
