"""Commands and questions about committees' terms, and what each day makes of them."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import Forbidden, Invalid, NotFound
from services.chassis.identity import derived_id
from services.chassis.pages import page
from services.chassis.policies import Pack, effective
from services.chassis.transactions import in_transaction, on_commit
from services.records.access import Access, not_a_reader
from services.records.directory.model import seat_committee
from services.records.directory.store import Directory, found_by, only, shown
from services.records.elections import model as rules
from services.records.posts.register import Posts
from services.records.votes.counting import Counting
from services.records.votes.electorates import Electorates

Answer = dict[str, Any]
COLLECTION = "elections"


class Elections:
    """One document a term, under an id that follows from the organisation and the day of its election."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        posts: Posts,
        counting: Counting,
        electorates: Electorates,
        packs: list[Pack],
    ) -> None:
        self.documents = application.documents(COLLECTION)
        indexes = application.indexes
        indexes.declare(COLLECTION, [("organisation", 1), ("held_on", -1), ("_id", -1)])
        indexes.declare(COLLECTION, [("due_on", 1), ("_id", 1)])
        indexes.declare(COLLECTION, [("standing", 1), ("due_on", 1), ("_id", 1)])
        self._database = application.database
        self._directory = directory
        self._access = access
        self._posts = posts
        self._counting = counting
        self._electorates = electorates
        self._packs = packs
        self._clock: Clock = application.clock

    # -- commands ------------------------------------------------------------------------------

    def record(self, request: Answer) -> Answer:
        """Record an election that was held; it ends the term before, in the same commit."""
        organisation = self._directory.organisation_named_in("organisation", request["organisation"])
        self._access.require_writer(context.actor(), organisation.id)
        candidates = [each["person"] for each in request["candidates"]]
        self._require_known("candidates", candidates)
        able = self._electorates.standing(candidates, organisation.id, request["held_on"])
        may_stand = self._counting.ruling("election_candidates", request["held_on"])
        rules.check_candidates(candidates, able, may_stand)
        request = {**request, "entitled": self._entitled(organisation.id, request)}
        votes = [{"candidate": each["person"], "votes": each["votes"]} for each in request["candidates"]]
        counted, counted_by = self._counting.elect({**request, "on": request["held_on"], "votes": votes})
        rulings = self._rulings(organisation.id, request["held_on"])
        election = election_id(organisation.id, request["held_on"])

        def commit() -> Document:
            repeated = self.documents.repeated(election)
            if repeated is not None:
                return repeated
            last = self._last(organisation.id)
            change = rules.hold(
                election,
                request,
                organisation.state,
                counted,
                counted_by,
                rulings,
                last.state if last else None,
                self._clock.today(),
            )
            held = self.documents.create(election, change.state, change.events, respond=_shown)
            if last is not None:
                self.documents.change(last.id, partial(rules.end, last.id, on=request["held_on"]))
            self._seat(held)
            return held

        return in_transaction(self._database, commit).response or {}

    def confirm(self, request: Answer) -> Answer:
        """Confirm the result, from strictly above: who was elected takes the posts, those before end with it.

        All of it is one commit. Confirmed again with the same posts, nothing more happens.
        """
        actor, found = context.actor(), self._readable(request["election"])
        organisation = self._directory.organisations.get(found.state["organisation"])
        self._access.require_reviewer(actor, organisation.id)
        if self._access.holds_writing_post(actor, organisation.id):
            raise Forbidden("election.own_organisation")
        for each in request["posts"]:
            self._access.require_appointer(actor, each["role"], organisation.id)
        self._require_known("posts", [each["person"] for each in request["posts"]])

        def commit() -> Document:
            before = self.documents.get(found.id)
            confirmed = self.documents.change(
                found.id,
                partial(
                    rules.confirm,
                    found.id,
                    posts=request["posts"],
                    since=request["since"],
                    by=actor,
                    today=self._clock.today(),
                ),
                expected_version=request["expected_version"],
                respond=_shown,
            )
            if confirmed.version != before.version:
                seated = confirmed.state["confirmed"]
                elected = {
                    post_id(found.id, each["person"], each["role"]): (
                        self._directory.people.get(each["person"]),
                        each["role"],
                    )
                    for each in seated["posts"]
                }
                since = date.fromisoformat(seated["since"])
                self._posts.seat(organisation, rules.COMMITTEE_ROLES, elected, since)
            return confirmed

        return in_transaction(self._database, commit).response or {}

    def ask_shift(self, request: Answer) -> Answer:
        """Ask that an election be postponed or advanced."""
        actor = context.actor()
        found = self._readable(request["election"])
        self._access.require_writer(actor, found.state["organisation"])
        asked = self.documents.change(
            found.id,
            partial(
                rules.ask_shift,
                found.id,
                to=request["to"],
                reason=request["reason"],
                by=actor,
                rulings=self._rulings_of(found),
                today=self._clock.today(),
            ),
            expected_version=request["expected_version"],
            respond=_shown,
        )
        return asked.response or {}

    def decide_shift(self, request: Answer) -> Answer:
        """Approve or refuse, from strictly above; nobody who writes for the organisation as well."""
        actor = context.actor()
        found = self._readable(request["election"])
        node = found.state["organisation"]
        self._access.require_reviewer(actor, node)
        if self._access.holds_writing_post(actor, node):
            raise Forbidden("election.own_organisation")

        def commit() -> Document:
            decided = self.documents.change(
                found.id,
                partial(
                    rules.decide_shift,
                    found.id,
                    approve=request["verdict"] == "approve",
                    comment=request["comment"],
                    by=actor,
                    rulings=self._rulings_of(found),
                    today=self._clock.today(),
                ),
                expected_version=request["expected_version"],
                respond=_shown,
            )
            self._seat(decided)
            return decided

        return in_transaction(self._database, commit).response or {}

    def turn_the_day(self, today: date) -> None:
        """Say what is due soon and what is overdue; of a day that was turned before, nothing.

        A committee has one term at a time, so there are as many as committees; those of committees that are
        no more end, whenever they would have been due.
        """
        waiting = found_by(self.documents, "standing", ("running", "due_soon", "overdue"))
        homes = [each.state["organisation"] for each in waiting]
        organisations = {each.id: each for each in found_by(self._directory.organisations, "_id", homes)}
        for each in waiting:
            home = organisations[each.state["organisation"]].state
            seated = home["active"] and home["has_committee"]
            self.documents.change(each.id, partial(rules.turn, each.id, today=today, seated=seated))

    # -- questions -----------------------------------------------------------------------------

    def get(self, election: str) -> Answer:
        """One election with its count, and the term it began."""
        return _shown(self._readable(election))

    def listed(self, request: Answer) -> Answer:
        """Terms of one organisation, newest first; or those in the caller's reach, the first due first."""
        actor = context.actor()
        wanted: Answer = only(request, "standing")
        order = [("due_on", 1)]
        if "organisation" in request:
            if not self._access.reads_activities(actor, request["organisation"]):
                raise not_a_reader()
            wanted["organisation"], order = request["organisation"], [("held_on", -1)]
        elif not self._access.reaches_everything(actor, request.get("within")):
            wanted["organisation"] = {"$in": sorted(self._reach(actor, request.get("within")))}
        found = page(self.documents, wanted, order=order, limit=request["limit"], cursor=request["cursor"])
        return {"items": [_shown(each) for each in found.documents], "next": found.next}

    # -- within --------------------------------------------------------------------------------

    def _reach(self, actor: str, within: str | None) -> set[str]:
        if within is None:
            return self._access.scope_of_people(actor)
        self._access.require_reader(actor, within)
        return set(self._access.within(within))

    def _readable(self, election: str) -> Document:
        found = self.documents.get(election)
        if not self._access.reads_activities(context.actor(), found.state["organisation"]):
            raise NotFound(f"{COLLECTION}.not_found")
        return found

    def _last(self, organisation: str) -> Document | None:
        found = self.documents.find(
            {"organisation": organisation}, sort=[("held_on", -1), ("_id", -1)], limit=1
        )
        return found[0] if found else None

    def _seat(self, term: Document) -> None:
        """The organisation tells when its committee was elected and is due, in the running transaction."""
        if term.state["standing"] == "ended":
            return  # a command repeated late: another committee sits
        seated = self._directory.organisations.change(
            term.state["organisation"],
            partial(
                seat_committee,
                term.state["organisation"],
                elected_on=term.state["held_on"],
                due_on=term.state["due_on"],
            ),
        )
        on_commit(partial(self._directory.know_organisations, [seated]))

    def _rulings_of(self, term: Document) -> rules.Rulings:
        """The rules of a term are those of the day of its election, for as long as it lasts."""
        return self._rulings(term.state["organisation"], date.fromisoformat(term.state["held_on"]))

    def _rulings(self, organisation: str, day: date) -> rules.Rulings:
        return effective(self._packs, day, self._directory.authority.path(organisation))

    def _entitled(self, organisation: str, request: Answer) -> int:
        voters = None
        if self._electorates.votes_as_a_whole(organisation):
            voters = len(self._electorates.at(organisation, request["held_on"]).voters)
        return rules.check_entitled(request.get("entitled"), voters)

    def _require_known(self, field: str, people: list[str]) -> None:
        unknown = self._directory.unknown_people(people)
        fields = {
            f"{field}.{position}.person": ["person.unknown"]
            for position, person in enumerate(people)
            if person in unknown
        }
        if fields:
            raise Invalid("person.unknown", fields=fields)


def _shown(election: Document) -> Answer:
    return {"confirmed": None, **shown(election)}  # none, of elections recorded before there was such a step


def post_id(election: str, person: str, role: str) -> str:
    """The post that an election gives, however often it is confirmed."""
    return derived_id("post", election, person, role)


def election_id(organisation: str, held_on: date) -> str:
    """One term an organisation and day of election, however often it is recorded."""
    return derived_id("election", organisation, held_on.isoformat())
