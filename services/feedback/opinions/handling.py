"""Handling: what those who answer do with an opinion."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.contract import NewEvent
from services.chassis.documents import Document
from services.chassis.errors import Invalid
from services.chassis.offload import offload
from services.chassis.transactions import in_transaction
from services.feedback.access import Access
from services.feedback.opinions import dialogue, store
from services.feedback.opinions import steps as rules
from services.feedback.opinions.model import Opinion
from services.feedback.opinions.reading import OpinionReading
from services.feedback.opinions.routing import may_go_to
from services.feedback.opinions.rulebook import Rulebook
from services.feedback.opinions.showing import Showing

Answered = dict[str, Any]
Rule = Callable[[Opinion], tuple[Opinion, list[NewEvent]]]


class Handling:
    """Every command asks who acts, on the opinion as it stands."""

    def __init__(
        self,
        application: Application,
        reading: OpinionReading,
        access: Access,
        book: Rulebook,
        showing: Showing,
    ) -> None:
        self._database = application.database
        self._authority = application.authority
        self._clock = application.clock
        self._documents = reading.documents
        self._reading = reading
        self._access = access
        self._book = book
        self._showing = showing

    def triage(self, request: Answered) -> Answered:
        """Say what it is about and how fast it has to be answered."""
        category, topics = request.get("category"), request.get("topics")
        if category is not None:
            self._book.category(category)
        if topics is not None:
            self._book.require_topics(topics)
        rule = partial(
            rules.triage,
            category=category,
            topics=topics,
            speed=request.get("speed"),
            today=self._clock.today(),
        )
        return self._changed(request, rule)

    def reassign(self, request: Answered) -> Answered:
        """Hand it to another organisation; about a head only to a level above that head."""
        target = self._authority.node(request["organisation"])
        if target is None or not target.active:
            raise Invalid.at("organisation", "organisation.unknown")

        def rule(opinion: Opinion) -> tuple[Opinion, list[NewEvent]]:
            concerned = self._authority.path(opinion.concerns)
            if not may_go_to(target.id, concerned, about_head=opinion.about_head):
                code = "opinion.organisation_concerned"
                raise Invalid.at("organisation", code)
            return rules.reassign(
                opinion,
                organisation=target.id,
                reason=request["reason"],
                by=context.actor(),
                today=self._clock.today(),
                most=self._book.most_reassignments(),
            )

        return self._changed(request, rule)

    def merge(self, request: Answered) -> Answered:
        """Let another one that says the same stand for it: both change, or neither."""
        person, opinion, into = context.actor(), request["opinion"], request["into"]
        self._handled(person, opinion)
        self._reading.handled(person, into)

        def commit() -> Document:
            repeated = self._documents.repeated(opinion)
            if repeated is not None:
                return repeated
            duplicate = self._reading.handled(person, opinion)
            absorb = partial(rules.absorb, duplicate=duplicate)
            self._documents.change(into, store.decided_by(into, absorb))
            merge = partial(rules.merge, into=into, today=self._clock.today())
            return self._documents.change(
                opinion,
                store.decided_by(opinion, merge),
                expected_version=request.get("version"),
                respond=self._showing.to_handler,
            )

        return in_transaction(self._database, commit).response or {}

    def decline(self, request: Answered) -> Answered:
        """Refuse an opinion with a reason."""
        rule = partial(rules.decline, reason=request["reason"], today=self._clock.today())
        return self._changed(request, rule)

    def pause(self, request: Answered) -> Answered:
        """Let the clock stand still."""
        said = {"reason": request["reason"], "awaiting": request["awaiting"]}
        return self._changed(request, partial(rules.pause, **said, today=self._clock.today()))

    def resume(self, request: Answered) -> Answered:
        """Let the clock go on."""
        return self._changed(request, partial(rules.resume, today=self._clock.today()))

    def note(self, request: Answered) -> Answered:
        """Leave a note for those who handle it."""
        rule = partial(
            dialogue.note,
            by=context.actor(),
            text=request["text"],
            today=self._clock.today(),
            bounds=self._book.bounds(),
        )
        return self._changed(request, rule)

    def suggestions(self, id: str) -> Answered:  # noqa: A002 - the field's name
        """Topics whose words the text has; found in a process of its own."""
        opinion = self._handled(context.actor(), id)
        topics = {each.id: list(each.words) for each in self._book.topics().values()}
        found = offload("services.feedback.trends.words:suggest", {"text": opinion.text, "topics": topics})
        return {"items": found}

    def _changed(self, request: Answered, rule: Rule) -> Answered:
        opinion = self._handled(context.actor(), request["opinion"])
        document = self._documents.change(
            opinion.id,
            store.decided_by(opinion.id, rule),
            expected_version=request.get("version"),
            respond=self._showing.to_handler,
        )
        return document.response or {}

    def _handled(self, person: str, id: str) -> Opinion:  # noqa: A002 - the field's name
        opinion = store.read(self._reading.readable(person, id))
        self._access.require_handler(person, opinion.organisation, opinion.kept_from)
        return opinion
