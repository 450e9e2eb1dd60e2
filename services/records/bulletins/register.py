"""Commands and questions about bulletins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.files.attaching import Attaching, ids
from services.chassis.files.kept import Files
from services.chassis.pages import page
from services.chassis.policies import Pack, effective
from services.contracts import audience as audiences
from services.records.access import Access
from services.records.bulletins import model as rules
from services.records.bulletins.addressing import Addressing
from services.records.bulletins.reading import Reading
from services.records.directory.store import Directory, only

Answer = dict[str, Any]
COLLECTION = "bulletins"
HOLDER = "bulletin"  # of attached files
NEWEST_FIRST = (("published_at", -1),)
RELEASED_AT_ONCE = 50


class Bulletins:
    """What organisations tell people. Whom it is not for is told that there is none.

    A bulletin is for its audience, for its publishers, and once published for the posts that oversee these.
    """

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        files: Files,
        addressing: Addressing,
        reading: Reading,
        packs: list[Pack],
    ) -> None:
        self.documents = application.documents(COLLECTION)
        indexes = application.indexes
        indexes.declare(COLLECTION, [("marks", 1), ("published_at", -1), ("_id", -1)])
        indexes.declare(COLLECTION, [("organisation", 1), ("drafted_at", -1), ("_id", -1)])
        indexes.declare(COLLECTION, [("state", 1), ("publish_at", 1)])
        self._attaching = Attaching(application.database, files, self.documents, HOLDER, _held)
        self._directory = directory
        self._access = access
        self._addressing = addressing
        self._reading = reading
        self._clock: Clock = application.clock
        self._packs = packs
        self._rulings([])  # a pack that cannot be applied is found at start
        files.guard(HOLDER, self.require_content)

    # -- commands ------------------------------------------------------------------------------

    def draft(self, request: Answer) -> Answer:
        """Draft a bulletin; repeated with its key it answers the same."""
        actor = context.actor()
        organisation = self._directory.organisation_named_in("organisation", request["organisation"]).id
        self._access.require_publisher(actor, organisation)
        audience = self._addressing.require_within(organisation, request["audience"])
        bulletin = self.documents.id_for_command()

        def made(attached: list[Answer]) -> Change:
            given = {**request, "audience": audience, "attachments": attached}
            return rules.draft(given, by=actor, now=self._clock.now())

        return self._attaching.created(bulletin, request["attachments"], made, _whole).response or {}

    def change(self, request: Answer) -> Answer:
        """What a draft says instead."""
        bulletin = self._publishable(request["bulletin"])
        audience = self._addressing.require_within(bulletin.state["organisation"], request["audience"])
        return self._rewritten(
            request, bulletin, lambda state, given: rules.change(state, {**given, "audience": audience})
        )

    def discard(self, request: Answer) -> Answer:
        """Give up a draft, or what waits for its hour."""
        bulletin = self._publishable(request["bulletin"])
        discarded = self._attaching.changed(
            bulletin.id,
            [],
            lambda state, _: rules.discard(state),
            expected_version=request["expected_version"],
            respond=_whole,
        )
        return discarded.response or {}

    def publish(self, request: Answer) -> Answer:
        """Publish now, or at an instant to come."""
        bulletin, actor = self._publishable(request["bulletin"]), context.actor()
        now, today, at = self._clock.now(), self._clock.today(), request["at"]
        day = max(today, at.astimezone(self._clock.zone).date()) if at is not None else today
        in_force = self._rulings(self._directory.authority.path(bulletin.state["organisation"]))
        return self._changed(
            request,
            bulletin,
            lambda state: rules.publish(
                bulletin.id, state, by=actor, at=at, now=now, today=today, day=day, rulings=in_force
            ),
        )

    def correct(self, request: Answer) -> Answer:
        """A new edition of what is published."""
        bulletin, actor = self._publishable(request["bulletin"]), context.actor()
        now, today = self._clock.now(), self._clock.today()
        return self._rewritten(
            request,
            bulletin,
            lambda state, given: rules.correct(bulletin.id, state, given, by=actor, now=now, today=today),
        )

    def withdraw(self, request: Answer) -> Answer:
        """Take down what is published."""
        bulletin, actor, today = self._publishable(request["bulletin"]), context.actor(), self._clock.today()
        return self._changed(
            request,
            bulletin,
            lambda state: rules.withdraw(bulletin.id, state, reason=request["reason"], by=actor, today=today),
        )

    def release(self) -> None:
        """Publish what waited for its hour: once each, however often this is run and on how many replicas."""
        now, today = self._clock.now(), self._clock.today()
        due = {"state": "scheduled", "publish_at": {"$lt": rules.instant(now) + "~"}}
        for each in self.documents.find(due, limit=RELEASED_AT_ONCE):
            self.documents.change(each.id, partial(rules.release, each.id, now=now, today=today))

    def read(self, bulletin: str) -> Answer:
        """The caller has read it."""
        return self._reading.read(self.readable(bulletin))

    def turn(self, today: date) -> None:
        """Tell of what was not read in time."""
        self._reading.turn(today, self.documents)

    # -- questions -----------------------------------------------------------------------------

    def get(self, bulletin: str) -> Answer:
        """One bulletin, to whom it is for; what was taken down says nothing but why, save to publishers."""
        found, actor = self.readable(bulletin), context.actor()
        if self._access.may_publish(actor, found.state["organisation"]):
            told = _whole(found)
        else:
            told = _to_readers(found)
        return {**told, "read_on": self._reading.read_on([found], actor).get(found.id)}

    def mine(self, request: Answer) -> Answer:
        """What is addressed to the caller, newest first."""
        actor = context.actor()
        marks = self._addressing.marks()
        found = page(
            self.documents,
            {"marks": {"$in": rules.must(marks) if request["unread"] else marks}},
            order=NEWEST_FIRST,
            limit=request["limit"],
            cursor=request["cursor"],
        )
        read_on = self._reading.read_on(found.documents, actor)
        items = [
            {**_to_readers(each), "read_on": read_on.get(each.id)}
            for each in found.documents
            if not (request["unread"] and (each.id in read_on or each.state["state"] == "withdrawn"))
        ]
        return {"items": items, "next": found.next}

    def listed(self, request: Answer) -> Answer:
        """What an organisation drafted and published, newest first, for its publishers.

        What was published, and what was taken down, also for a post at it or above.
        """
        actor, organisation = context.actor(), request["organisation"]
        self._directory.organisation_named_in("organisation", organisation)
        told = request.get("state") in ("published", "withdrawn")
        if not (told and self._access.reads_people(actor, organisation)):
            self._access.require_publisher(actor, organisation)
        found = page(
            self.documents,
            only(request, "organisation", "state"),
            order=[("drafted_at", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [_whole(each) for each in found.documents], "next": found.next}

    def public(self, request: Answer) -> Answer:
        """What is open to everybody, newest first; no person is named."""
        found = page(
            self.documents,
            {"marks": audiences.EVERYBODY},
            order=NEWEST_FIRST,
            limit=request["limit"],
            cursor=request["cursor"],
        )
        names = self._directory.organisation_names(each.state["organisation"] for each in found.documents)
        items = [
            {**_to_readers(each), "organisation_name": names.get(each.state["organisation"], "")}
            for each in found.documents
        ]
        return {"items": items, "next": found.next}

    def receipts(self, request: Answer) -> Answer:
        """How many read a mandatory one, by organisation."""
        return self._reading.counts(self.readable(request["bulletin"]), request)

    def unread(self, request: Answer) -> Answer:
        """Who of an organisation has not read a mandatory one."""
        return self._reading.unread(self.readable(request["bulletin"]), request)

    # -- who may see ---------------------------------------------------------------------------

    def readable(self, bulletin: str) -> Document:
        """The bulletin, to whom it is for; raises ``NotFound("bulletins.not_found")``."""
        found, actor = self.documents.get(bulletin), context.actor()
        state = found.state
        if self._access.may_publish(actor, state["organisation"]):
            return found
        seen = state["state"] in ("published", "withdrawn") and (
            rules.is_public(state)
            or self._addressing.reaches(state)
            or self._access.reads_people(actor, state["organisation"])
            or (state["mandatory"] and self._oversees(actor, state["audience"]))
        )
        if not seen:
            raise NotFound("bulletins.not_found")
        return found

    def require_content(self, bulletin: str) -> None:
        """That the caller may see what the bulletin says, and so its files; raises ``NotFound``."""
        found = self.readable(bulletin)
        publishes = self._access.may_publish(context.actor(), found.state["organisation"])
        if found.state["state"] == "withdrawn" and not publishes:
            raise NotFound("bulletins.not_found")

    # -- within --------------------------------------------------------------------------------

    def _oversees(self, actor: str, audience: Answer) -> bool:
        authority = self._directory.authority
        posts = [authority.path(grant.node) for grant in authority.grants(actor)]
        known = [each for each in audience["organisations"] if authority.node(each) is not None]
        return rules.follows(audience, posts, [authority.path(each) for each in known])

    def _publishable(self, bulletin: str) -> Document:
        found = self.readable(bulletin)
        self._access.require_publisher(context.actor(), found.state["organisation"])
        return found

    def _rulings(self, path: list[str]) -> rules.Rulings:
        return effective(self._packs, self._clock.today(), path)

    def _changed(
        self, request: Answer, bulletin: Document, decide: Callable[[Answer], Change | None]
    ) -> Answer:
        changed = self.documents.change(
            bulletin.id, decide, expected_version=request["expected_version"], respond=_whole
        )
        return changed.response or {}

    def _rewritten(
        self, request: Answer, bulletin: Document, decide: Callable[[Answer, Answer], Change]
    ) -> Answer:
        """What ``decide`` made of the state and of the request with its files as they are kept."""

        written = self._attaching.changed(
            bulletin.id,
            request["attachments"],
            lambda state, attached: decide(state, {**request, "attachments": attached}),
            expected_version=request["expected_version"],
            respond=_whole,
        )
        return written.response or {}


def _whole(bulletin: Document) -> Answer:
    return {"id": bulletin.id, "version": bulletin.version, **bulletin.state, "read_on": None}


def _held(bulletin: Mapping[str, Any]) -> set[str]:
    editions = (bulletin, *bulletin["earlier"])
    return {file for edition in editions for file in ids(edition["attachments"])}


def _to_readers(bulletin: Document) -> Answer:
    """A bulletin as its readers see it: of one that was taken down, that it was and why."""
    told = _whole(bulletin)
    if bulletin.state["state"] != "withdrawn":
        return told
    return {**told, "body": None, "link": None, "attachments": [], "corrections": [], "earlier": []}
