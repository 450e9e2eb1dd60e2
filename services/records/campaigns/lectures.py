"""Commands and questions about micro-lectures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.clock import Clock
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Forbidden, NotFound
from services.chassis.files.attaching import Attaching, ids
from services.chassis.files.kept import Files
from services.chassis.grants import denied
from services.chassis.pages import Page, page
from services.chassis.policies import Pack, effective
from services.records.access import ADMINISTRATORS, HERE, PUBLISHERS, Access
from services.records.campaigns import model as rules
from services.records.campaigns.register import Campaigns
from services.records.directory.store import Directory, only

Answer = dict[str, Any]
COLLECTION = "lectures"
HOLDER = "lecture"  # of attached files
_WITHHELD: Answer = {"summary": None, "link": None, "attachments": []}
_WAY_THERE: Answer = {"submitted_on": None, "review_at": None, "reviews": []}


class Lectures:
    """A lecture is its author's until it is handed in, then also theirs who review and publish it; published
    it is everybody's. To anybody else there is none."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        access: Access,
        files: Files,
        campaigns: Campaigns,
        packs: list[Pack],
    ) -> None:
        self.documents = application.documents(COLLECTION)
        indexes = application.indexes
        indexes.declare(COLLECTION, [("author", 1), ("drafted_at", -1), ("_id", -1)])
        indexes.declare(COLLECTION, [("handed_in_to", 1), ("submitted_at", -1), ("_id", -1)])
        indexes.declare(COLLECTION, [("state", 1), ("published_at", -1), ("_id", -1)])
        self._attaching = Attaching(application.database, files, self.documents, HOLDER, _held)
        self._directory = directory
        self._access = access
        self._campaigns = campaigns
        self._clock: Clock = application.clock
        self._packs = packs
        files.guard(HOLDER, self.require_content)

    # -- commands ------------------------------------------------------------------------------

    def draft(self, request: Answer) -> Answer:
        """Draft one's own lecture for a campaign that calls upon one."""
        campaign, actor = self._campaigns.called_upon(request["campaign"]), context.actor()
        home = self._directory.people.get(actor).state["organisation"]
        kinds = {each: self._directory.authority.node(each) for each in self._path(home)}
        path = [(each, node.kind) for each, node in kinds.items() if node is not None]
        given = {
            **request,
            "organisation": home,
            "review_at": rules.reviewed_at(campaign.state, path),
        }
        lecture = self.documents.id_for_command()

        def made(attached: list[Answer]) -> Change:
            return rules.draft(
                campaign.id,
                campaign.state,
                {**given, "attachments": attached},
                author=actor,
                now=self._clock.now(),
                today=self._clock.today(),
            )

        drafted = self._attaching.created(lecture, request["attachments"], made, _whole)
        return self._named(drafted.response)

    def change(self, request: Answer) -> Answer:
        """What its author says instead."""
        lecture = self._own(request["lecture"])

        changed = self._attaching.changed(
            lecture.id,
            request["attachments"],
            lambda state, attached: rules.change(state, {**request, "attachments": attached}),
            expected_version=request["expected_version"],
            respond=_whole,
        )
        return self._named(changed.response)

    def submit(self, request: Answer) -> Answer:
        """Hand it in."""
        lecture = self._own(request["lecture"])
        called = self._campaigns.documents.get(lecture.state["campaign"]).state
        now, today = self._clock.now(), self._clock.today()
        in_force = effective(self._packs, today, self._path(lecture.state["organisation"]))
        return self._changed(
            request,
            lecture,
            lambda state: rules.submit(lecture.id, state, called, now=now, today=today, rulings=in_force),
        )

    def discard(self, request: Answer) -> Answer:
        """Give up one's own draft."""
        lecture = self._own(request["lecture"])
        discarded = self._attaching.changed(
            lecture.id,
            [],
            lambda state, _: rules.discard(state),
            expected_version=request["expected_version"],
            respond=_whole,
        )
        return self._named(discarded.response)

    def review(self, request: Answer) -> Answer:
        """Accept or return somebody else's, as who publishes for the organisation that reviews it."""
        lecture, actor = self._readable(request["lecture"]), context.actor()
        if actor == lecture.state["author"]:
            raise Forbidden("lecture.own")
        self._access.require_publisher(actor, lecture.state["review_at"])
        today = self._clock.today()
        return self._changed(
            request,
            lecture,
            lambda state: rules.review(
                lecture.id,
                state,
                verdict=request["verdict"],
                comment=request["comment"],
                by=actor,
                today=today,
            ),
        )

    def publish(self, request: Answer) -> Answer:
        """Publish what was accepted, as who publishes where it was called."""
        lecture = self._readable(request["lecture"])
        self._access.require_publisher(context.actor(), lecture.state["called_by"])
        now, today = self._clock.now(), self._clock.today()
        return self._changed(
            request, lecture, lambda state: rules.publish(lecture.id, state, now=now, today=today)
        )

    def withdraw(self, request: Answer) -> Answer:
        """Take down what is published: its author, or who publishes where it was called."""
        lecture, actor, today = self._readable(request["lecture"]), context.actor(), self._clock.today()
        if actor != lecture.state["author"]:
            self._access.require_publisher(actor, lecture.state["called_by"])
        return self._changed(
            request,
            lecture,
            lambda state: rules.withdraw(lecture.id, state, reason=request["reason"], by=actor, today=today),
        )

    # -- questions -----------------------------------------------------------------------------

    def get(self, lecture: str) -> Answer:
        """One lecture, as much of it as the caller may see."""
        found = self._readable(lecture)
        told = _whole(found)
        if not self._takes_part(found):
            told |= _WAY_THERE
            if found.state["state"] == "withdrawn":
                told |= _WITHHELD
        return self._named(told)

    def mine(self, request: Answer) -> Answer:
        """The caller's own, newest draft first."""
        return self._page(request, {"author": context.actor()}, "drafted_at")

    def handed_in(self, request: Answer) -> Answer:
        """What was handed in to a campaign and the caller publishes or reviews, newest first."""
        campaign, actor = self._campaigns.readable(request["campaign"]), context.actor()
        wanted: Answer = {"handed_in_to": campaign.id, **only(request, "state")}
        if not self._access.may_publish(actor, campaign.state["organisation"]):
            nodes = [grant.node for grant in self._directory.authority.grants(actor)]
            reviews = sorted({node for node in nodes if self._access.may_publish(actor, node)})
            if not reviews:
                raise denied((*PUBLISHERS, *ADMINISTRATORS), HERE)
            wanted["review_at"] = {"$in": reviews}
        return self._page(request, wanted, "submitted_at")

    def published(self, request: Answer) -> Answer:
        """Published lectures, newest first."""
        return self._page(request, {"state": "published"}, "published_at")

    def public(self, request: Answer) -> Answer:
        """Published lectures for everybody: of an organisation, not of a person."""
        found = self._found(request, {"state": "published"}, "published_at")
        names = self._directory.organisation_names(each.state["organisation"] for each in found.documents)
        items = [
            {"id": each.id, **each.state, "organisation_name": names.get(each.state["organisation"], "")}
            for each in found.documents
        ]
        return {"items": items, "next": found.next}

    # -- who may see ---------------------------------------------------------------------------

    def require_content(self, lecture: str) -> None:
        """That the caller may see what is attached to the lecture; raises ``NotFound``."""
        found = self._readable(lecture)
        if found.state["state"] == "withdrawn" and not self._takes_part(found):
            raise NotFound("lectures.not_found")

    def _readable(self, lecture: str) -> Document:
        found = self.documents.get(lecture)
        if found.state["state"] not in ("published", "withdrawn") and not self._takes_part(found):
            raise NotFound("lectures.not_found")
        return found

    def _takes_part(self, lecture: Document) -> bool:
        actor, state = context.actor(), lecture.state
        if actor == state["author"]:
            return True
        return state["handed_in_to"] is not None and any(
            self._access.may_publish(actor, state[place]) for place in ("review_at", "called_by")
        )

    def _own(self, lecture: str) -> Document:
        found = self._readable(lecture)
        if found.state["author"] != context.actor():
            raise Forbidden("lecture.not_author")
        return found

    # -- within --------------------------------------------------------------------------------

    def _path(self, organisation: str) -> list[str]:
        return self._directory.authority.path(organisation)

    def _changed(
        self, request: Answer, lecture: Document, decide: Callable[[Answer], Change | None]
    ) -> Answer:
        changed = self.documents.change(
            lecture.id, decide, expected_version=request["expected_version"], respond=_whole
        )
        return self._named(changed.response)

    def _found(self, request: Answer, wanted: Answer, newest_by: str) -> Page:
        return page(
            self.documents,
            wanted,
            order=[(newest_by, -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )

    def _page(self, request: Answer, wanted: Answer, newest_by: str) -> Answer:
        found = self._found(request, wanted, newest_by)
        names = self._directory.names({each.state["author"] for each in found.documents})
        items = [
            {**_whole(each), "author_name": names.get(each.state["author"], "")} for each in found.documents
        ]
        return {"items": items, "next": found.next}

    def _named(self, lecture: Answer | None) -> Answer:
        told = lecture or {}
        names = self._directory.names([told["author"]])
        return {**told, "author_name": names.get(told["author"], "")}


def _whole(lecture: Document) -> Answer:
    return {"id": lecture.id, "version": lecture.version, **lecture.state}


def _held(lecture: Mapping[str, Any]) -> set[str]:
    return ids(lecture["attachments"])
