"""Commands and questions about people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.audit import Audit
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.pages import page
from services.chassis.store import Store
from services.chassis.transactions import in_transaction, on_commit, session
from services.chassis.turns import Turns
from services.records.access import Access
from services.records.directory import persons as rules
from services.records.directory.model import refuse_taken, require_open
from services.records.directory.persons import ID_NUMBER_SLOT, SEALED
from services.records.directory.store import Directory, only
from services.records.posts.register import Posts
from services.records.sanctions.rights import Rights

Answer = dict[str, Any]
_CHANGEABLE = (
    "name",
    "sex",
    "political_status",
    "political_status_code",
    "organisation",
    "joined_on",
    "external_id",
    "active",
    "since",
)
_FILTERS = ("number", "organisation", "within", "political_status", "active", "search")
_MOST_FOUND = 20  # one phone may be a family's
_AFTER_ALL = "\U0010ffff"
_OWN = frozenset({"person", "phone", "expected_version"})


class _ConcernsOthers(Exception):
    """By the very state that was met they come, move, or are of another status: one commit with their
    organisation and their posts."""


class People:
    """Who there is. A person is seen by themselves and by posts at their organisation or above."""

    def __init__(
        self,
        database: Store,
        directory: Directory,
        posts: Posts,
        access: Access,
        rights: Rights,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._database = database
        self._directory = directory
        self._documents = directory.people
        self._posts = posts
        self._access = access
        self._rights = rights
        self._audit = audit
        self._clock = clock
        self._turns = Turns()  # of those who come to one organisation

    def create(self, request: Answer) -> Answer:
        """Enter a person; repeated with its key it answers the same."""
        organisation = self._directory.organisation_named_in("organisation", request["organisation"])
        self._access.require_writer(context.actor(), organisation.id)
        given = {name: value for name, value in request.items() if name not in SEALED}
        given |= self._sealed(request)
        return self.enter(self._documents.id_for_command(), given, organisation).response or {}

    def change(self, request: Answer) -> Answer:
        """Change what is given; everybody may change their own phone number."""
        actor = context.actor()
        person = self._documents.get(request["person"])
        home = person.state["organisation"]
        if not (actor == person.id and set(request) <= _OWN):
            if not self._access.reads_people(actor, home):
                raise NotFound("people.not_found")
            self._access.require_writer(actor, home)
        if request.get("organisation", home) != home:
            moved_to = self._directory.organisation_named_in("organisation", request["organisation"])
            self._access.require_writer(actor, moved_to.id)
        given = only(request, *_CHANGEABLE)
        given |= self._sealed(request)
        return self.apply(person, given, expected_version=request["expected_version"]).response or {}

    def enter(self, person: str, given: Answer, organisation: Document) -> Document:
        """A new person of an ``organisation``, who may call at once.

        It is judged by what the organisation is at that very moment: whoever closes it meanwhile, and asks
        who is there, is waited for.
        """
        given = {**given, **self._directory.marked(given["number"])}

        def commit() -> Document:
            repeated = self._documents.repeated(person)
            if repeated is not None:  # asked first: by now the organisation may be closed
                return repeated
            home = self._directory.organisations.guard(organisation.id).state
            change = rules.enter_person(person, given, home, self._clock.today())
            return self._documents.create(
                person, change.state, change.events, respond=self._directory.shown_person
            )

        with _telling_what_is_taken(), self._turns.of(organisation.id):
            entered = in_transaction(self._database, commit)
        on_commit(partial(self._directory.know_person, entered))
        return entered

    def enter_many(self, entered: Sequence[tuple[str, Change]]) -> None:
        """Write new people by id, within the running transaction, for an import.

        Raises ``Conflict`` where a value is taken that only one may have, and ``organisation.inactive`` where
        one of their organisations takes in nobody any more.
        """
        homes = {change.state["organisation"] for _, change in entered}
        require_open(each.state for each in self._directory.organisations.guard_many(homes))
        self._documents.create_many([(person, made.state, made.events) for person, made in entered])

    def apply(self, person: Document, given: Answer, *, expected_version: int | None = None) -> Document:
        """``person`` with ``given``, and in the same commit without the posts that it ends.

        Of who leaves these are all, of who moves those of the branch that is left, and with another political
        status those that it does not allow. Whoever comes to an organisation is judged as by ``enter``.
        """
        given = {**given, **self._directory.marked(person.state["number"])}
        home, status = given.get("organisation"), given.get("political_status")
        if home is not None:
            self._directory.organisation_named_in("organisation", home)
        today = self._clock.today()
        organisation: Answer | None = None  # where they come to; None where they stay
        met: Answer | None = None  # as they were; None where a repeated command changed nothing

        def decide(state: Answer) -> Change | None:
            nonlocal met
            met = state
            concerns_others = rules.comes(state, given) or status not in (None, state["political_status"])
            if concerns_others and session() is None:
                raise _ConcernsOthers
            return rules.change_person(person.id, state, given, organisation, today)

        def commit() -> Document:
            nonlocal met, organisation
            met = organisation = None
            if session() is not None:
                before = self._documents.get(person.id).state
                if rules.comes(before, given):
                    organisation = self._directory.organisations.guard(home or before["organisation"]).state
            changed = self._documents.change(
                person.id,
                decide,
                expected_version=expected_version,
                respond=self._directory.shown_person,
            )
            if not changed.state["active"]:
                self._posts.withdraw_all(person.id)
            elif met is not None:
                if home not in (None, met["organisation"]):
                    self._posts.withdraw_left(person.id, met["organisation"], str(home))
                    self._rights.follow(person.id, str(home))
                if status not in (None, met["political_status"]):
                    self._posts.withdraw_unfit(person.id, str(status))
            return changed

        with _telling_what_is_taken():
            try:
                changed = in_transaction(self._database, commit) if given.get("active") is False else commit()
            except _ConcernsOthers:
                with self._turns.of(home or person.state["organisation"]):
                    changed = in_transaction(self._database, commit)
        on_commit(partial(self._directory.know_person, changed))
        return changed

    def get(self, person: str) -> Answer:
        """One person. Whoever opens somebody else's entry is on record."""
        actor = context.actor()
        found = self._documents.get(person)
        if actor != found.id:
            if not self._access.reads_people(actor, found.state["organisation"]):
                raise NotFound("people.not_found")
            self._audit.append("person.read", actor, "person", found.id)
        return self._directory.shown_person(found)

    def listed(self, request: Answer) -> Answer:
        """People by number, within what the caller's posts cover. Whoever lists others is on record."""
        actor = context.actor()
        wanted = only(request, "number", "political_status", "active")
        reach = self._reach(actor, request)
        if reach is not None:
            wanted["organisation"] = {"$in": reach}
        if "search" in request:
            # A range rides the index of names on every store; a pattern does not.
            wanted["name"] = {"$gte": request["search"], "$lt": f"{request['search']}{_AFTER_ALL}"}
        found = page(
            self._documents, wanted, order=[("number", 1)], limit=request["limit"], cursor=request["cursor"]
        )
        self._note_listing(actor, request, [each.id for each in found.documents])
        items = [self._directory.shown_person(each) for each in found.documents]
        return {"items": items, "next": found.next}

    def _note_listing(self, actor: str, request: Answer, people: list[str]) -> None:
        """One entry for who was listed, with the kinds of filters and never what they asked for.

        Whoever is asked for by number is opened as by id, and sees it in the same way.
        """
        if set(people) <= {actor}:
            return
        kinds = ", ".join(name for name in _FILTERS if name in request) or None
        if "number" in request:
            self._audit.append("person.read", actor, "person", people[0], kinds)
        else:
            where = request.get("organisation") or request.get("within") or "all"
            self._audit.append("people.listed", actor, "organisation", where, kinds)

    def require_active(self, person: str) -> None:
        """Raises ``Forbidden("person.inactive")`` for who is on no roll any more."""
        if not self._documents.get(person).state["active"]:
            raise Forbidden("person.inactive", params={"accepted": "active"})

    def identify(self, number: str) -> Answer:
        """The id of an active person, for the demonstration sign-in."""
        found = self._documents.find_one({"number": number, "active": True})
        if found is None:
            raise NotFound("people.not_found")
        return {"person": found.id}

    def search(self, request: Answer) -> Answer:
        """Who has the number, the phone or the identity number asked for, of whom the caller may read.

        Exactly one of them is asked for. Whoever finds others is on record, and these see it.
        """
        asked = only(request, "number", *SEALED)
        if len(asked) != 1:
            raise Invalid("people.search_one", params={"accepted": "number | phone | id_number"})
        [(field, text)] = asked.items()
        wanted = self._directory.fingerprint(field, text) if field in SEALED else asked
        actor = context.actor()
        found = [
            each
            for each in self._documents.find(wanted, limit=_MOST_FOUND)
            if each.id == actor or self._access.reads_people(actor, each.state["organisation"])
        ]
        for each in found:
            if each.id != actor:
                self._audit.append("person.read", actor, "person", each.id, field)
        return {"items": [self._directory.shown_person(each) for each in found], "next": None}

    def reveal(self, request: Answer) -> Answer:
        """What is masked, unmasked. Whoever asks for somebody else's gives a reason, and is on record."""
        actor = context.actor()
        found = self._documents.get(request["person"])
        fields = dict.fromkeys(request["fields"])
        if actor != found.id:
            home = found.state["organisation"]
            if not self._access.reads_people(actor, home):
                raise NotFound("people.not_found")
            for field in fields:
                self._access.require_revealer(actor, field, home)
            if request["reason"] is None:
                raise Invalid.at("reason", "person.reason_missing", accepted="4 …")
            for field in fields:
                self._audit.append(f"person.{field}_revealed", actor, "person", found.id, request["reason"])
        shown = {field: self._directory.opened(found, field) for field in fields}
        return {"person": found.id, **dict.fromkeys(SEALED), **shown}

    def _sealed(self, request: Answer) -> Answer:
        """What is kept of the numbers that ``request`` gives."""
        kept: Answer = {}
        for field in SEALED:
            if field in request:
                kept |= self._directory.sealed(field, request[field])
        return kept

    def _reach(self, actor: str, request: Answer) -> list[str] | None:
        """The organisations whose people are asked for and may be read; None for all there are."""
        if "organisation" in request:
            return self._readable(actor, request["organisation"], [request["organisation"]])
        if self._access.reaches_everything(actor, request.get("within")):
            return None
        if "within" in request:
            return self._readable(actor, request["within"], self._access.within(request["within"]))
        return sorted(self._access.scope_of_people(actor))

    def _readable(self, actor: str, node: str, reach: list[str]) -> list[str]:
        self._access.require_reader(actor, node)
        return reach


@contextmanager
def _telling_what_is_taken() -> Iterator[None]:
    """An identity number that another active person has is told as such."""
    try:
        yield
    except Conflict as refused:
        if refused.params.get("field") == ID_NUMBER_SLOT:
            raise refuse_taken("id_number", "person.id_number_taken") from None
        raise
