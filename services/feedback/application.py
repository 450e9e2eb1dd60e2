"""The resonance box put together: commands and questions over opinions and measures."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document
from services.chassis.envelope import Event
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.pages import Page, page
from services.chassis.store import in_transaction
from services.contracts.kinds import ROLES
from services.contracts.records_events import OrganisationChanged, PersonChanged, PostChanged
from services.feedback.access import HANDLERS, Access
from services.feedback.measures import model as measure_rules
from services.feedback.measures import store as measures
from services.feedback.opinions import model as opinion_rules
from services.feedback.opinions import store as opinions
from services.feedback.opinions.model import Opinion
from services.feedback.opinions.receipts import code_from, opinion_of
from services.feedback.opinions.releasing import Releasing, load_interval

Answered = dict[str, Any]


class Feedback(Application):
    """What people say, who answers it, and what came of it.

    An id that the caller may not know of is answered as one that does not exist.
    """

    def compose(self) -> None:
        self.access = Access(self.authority)
        self.opinions = self.documents("opinions")
        self.measures = self.documents("measures")
        interval = load_interval(self.folder / "policies", local=self.settings.local)
        self.releasing = Releasing(self.opinions, interval)
        opinions.declare(self.indexes, "opinions")
        measures.declare(self.indexes, "measures")

    def learn(self, events: Sequence[Event]) -> None:
        """Keep what records says of organisations, members and posts."""
        for event in events:
            self._learn(event)

    def _learn(self, event: Event) -> None:
        told = event.data
        if event.type == OrganisationChanged.type:
            self.authority.apply_node(
                told["organisation"],
                parent=told["parent"],
                path=told["path"],
                kind=told["kind"],
                active=told["active"],
                sequence=event.sequence,
            )
        elif event.type == PersonChanged.type:
            self.authority.apply_member(
                told["person"], told["organisation"], told["active"], sequence=event.sequence
            )
        elif event.type == PostChanged.type:
            self.authority.apply_grant(
                told["post"],
                person=told["person"],
                role=told["role"],
                node=told["organisation"],
                since=told["since"],
                until=told["until"],
                active=told["active"],
                sequence=event.sequence,
            )

    # -- opinions ------------------------------------------------------------------------------

    def submit(self, request: Answered) -> Answered:
        """Take an opinion by name."""
        author = context.actor()
        opinion, events = self._received(self.opinions.id_for_command(), request, author)
        document = self.opinions.create(opinion.id, opinions.kept(opinion), events, respond=opinions.shown)
        return document.response or {}

    def submit_anonymously(self, request: Answered) -> Answered:
        """Take an opinion without a name and show its receipt, once. It waits for its batch.

        The code follows from the idempotency key, the request and a key outside the store, so a repeat
        is shown the same receipt though neither the code nor the idempotency key is kept.
        """
        asked = context.current()
        secret = (
            self.vault.fingerprint("receipt", f"{asked.idempotency_key}\x1f{asked.fingerprint}")
            if asked.idempotency_key
            else secrets.token_hex(32)
        )
        code = code_from(secret)
        with context.entered(context.Context()):
            opinion, events = self._received(opinion_of(code), request, None)
            try:
                self.opinions.create(opinion.id, opinions.kept(opinion), events, anonymous=True)
            except Conflict:
                opinion = opinions.read(self.opinions.get(opinion.id))  # the same one, sent again
        return {"receipt": code, "organisation": opinion.organisation, "received_on": opinion.received_on}

    def follow(self, code: str) -> Answered:
        """What became of the opinion whose receipt this is; raises ``NotFound`` for any other code."""
        found = self.opinions.find_one({"_id": opinion_of(code), "mode": "anonymous"})
        if found is None:
            raise NotFound("receipts.not_found")
        return opinions.shown(found)

    def opinion(self, id: str) -> Answered:  # noqa: A002 - the field's name
        """One opinion, to its author and its readers. Who opens another's named one is on record."""
        person = context.actor()
        document = self._readable_opinion(person, id)
        author = opinions.read(document).author
        if author is not None and author != person:
            self.audit.append("opinion.read", person, "opinion", id)
        return opinions.shown(document)

    def opinions_of(self, request: Answered) -> Answered:
        """What I said, or what I may read."""
        person = context.actor()
        wanted = (
            {"author": person}
            if request["mine"]
            else self.access.readable(person, request.get("organisation")) | opinions.RELEASED
        )
        found = page(
            self.opinions,
            wanted | _only(request, "state"),
            order=opinions.NEWEST_FIRST,
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [opinions.shown(each) for each in found.documents], "next": found.next}

    def decline(self, request: Answered) -> Answered:
        """Refuse an opinion with a reason."""
        person = context.actor()
        opinion = opinions.read(self._readable_opinion(person, request["opinion"]))
        self._require_handler(person, opinion.organisation, opinion.kept_from)

        document = self.opinions.change(
            opinion.id,
            opinions.decided_by(
                opinion.id, partial(opinion_rules.decline, reason=request["reason"], today=self.clock.today())
            ),
            expected_version=request.get("version"),
            respond=opinions.shown,
        )
        return document.response or {}

    # -- measures ------------------------------------------------------------------------------

    def plan(self, request: Answered) -> Answered:
        """Answer opinions with a measure: all of them adopt it, or nothing is planned."""
        person, organisation = context.actor(), request["organisation"]
        self.authority.require(person, HANDLERS, organisation)
        id = self.measures.id_for_command()  # noqa: A001 - the field's name

        def commit() -> Document:
            repeated = self.measures.repeated(id)
            if repeated is not None:
                return repeated
            answered = [self._handled(person, each) for each in dict.fromkeys(request["opinions"])]
            measure, events = measure_rules.plan(
                id=id,
                organisation=organisation,
                title=request["title"],
                owner=request["owner"],
                owner_belongs=self.access.belongs_to(request["owner"], organisation),
                owner_posts=self.access.posts_at(request["owner"]),
                due_on=request["due_on"],
                opinions=answered,
                today=self.clock.today(),
            )
            adopt = partial(opinion_rules.adopt, answer=measure_rules.answer_of(measure))
            for opinion in answered:
                self.opinions.change(opinion.id, opinions.decided_by(opinion.id, adopt))
            return self.measures.create(id, measures.kept(measure), events, respond=measures.shown)

        return in_transaction(self.database, commit).response or {}

    def publish(self, request: Answered) -> Answered:
        """Publish a result: the measure and every opinion that it answers, together."""
        person = context.actor()
        measure = measures.read(self._readable_measure(person, request["measure"]))
        self._require_handler(person, measure.organisation, measure.kept_from)
        said = {"result": request["text"], "today": self.clock.today()}
        publish = partial(measure_rules.publish, **said)
        conclude = partial(opinion_rules.conclude, measure=measure.id, **said)

        def commit() -> Document:
            published = self.measures.change(
                measure.id,
                measures.decided_by(measure.id, publish),
                expected_version=request.get("version"),
                respond=measures.shown,
            )
            for each in measure.opinions:
                self.opinions.change(each, opinions.decided_by(each, conclude))
            return published

        return in_transaction(self.database, commit).response or {}

    def measure(self, id: str) -> Answered:  # noqa: A002 - the field's name
        """One measure, to its owner and its readers."""
        person = context.actor()
        document = self._readable_measure(person, id)
        measure = measures.read(document)
        may_read = self.access.may_read(person, measure.organisation, measure.kept_from)
        return measures.shown(document, with_opinions=may_read)

    def measures_of(self, request: Answered) -> Answered:
        """What I own, or what I may read."""
        person, mine = context.actor(), request["mine"]
        wanted = {"owner": person} if mine else self.access.readable(person, request.get("organisation"))
        found = page(
            self.measures,
            wanted | _only(request, "state"),
            order=measures.LATEST_DUE_FIRST,
            limit=request["limit"],
            cursor=request["cursor"],
        )
        shown = [measures.shown(each, with_opinions=not mine) for each in found.documents]
        return {"items": shown, "next": found.next}

    def published(self, request: Answered) -> Answered:
        """The open view: results of ``organisation`` and below, or of the whole campus."""
        wanted: Answered = {"state": "published"}
        if request.get("organisation"):
            wanted["organisation"] = {"$in": self.authority.subtree(request["organisation"])}
        found: Page = page(
            self.measures,
            wanted,
            order=measures.NEWEST_RESULT_FIRST,
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [measures.shown_to_everyone(each) for each in found.documents], "next": found.next}

    # -- within --------------------------------------------------------------------------------

    def _received(self, id: str, request: Answered, author: str | None) -> Any:  # noqa: A002
        concerned = self.authority.node(request["organisation"])
        if concerned is None or not concerned.active:
            raise Invalid("organisation.unknown", fields={"organisation": ["organisation.unknown"]})
        about_head = request["about_head"]
        return opinion_rules.receive(
            id=id,
            path=self.authority.path(concerned.id),
            post_holders=self.authority.holders(concerned.id, ROLES) if about_head else (),
            category=request["category"],
            about_head=about_head,
            text=request["text"],
            today=self.clock.today(),
            author=author,
        )

    def _readable_opinion(self, person: str, id: str) -> Document:  # noqa: A002 - the field's name
        document = self.opinions.get(id)
        opinion = opinions.read(document)
        if opinion.author != person and not (
            opinion.released and self.access.may_read(person, opinion.organisation, opinion.kept_from)
        ):
            raise NotFound("opinions.not_found")
        return document

    def _handled(self, person: str, id: str) -> Opinion:  # noqa: A002 - the field's name
        opinion = opinions.read(self.opinions.get(id))
        if not (opinion.released and self.access.may_handle(person, opinion.organisation, opinion.kept_from)):
            raise NotFound("opinions.not_found")
        return opinion

    def _readable_measure(self, person: str, id: str) -> Document:  # noqa: A002 - the field's name
        document = self.measures.get(id)
        measure = measures.read(document)
        if measure.owner != person and not self.access.may_read(
            person, measure.organisation, measure.kept_from
        ):
            raise NotFound("measures.not_found")
        return document

    def _require_handler(self, person: str, organisation: str, kept_from: tuple[str, ...]) -> None:
        if not self.access.may_handle(person, organisation, kept_from):
            raise Forbidden("permission.denied")


def _only(request: Answered, name: str) -> Answered:
    return {name: request[name]} if name in request else {}
