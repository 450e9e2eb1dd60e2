"""Measuring: planning measures for opinions, and publishing what they came to."""

from __future__ import annotations

from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document
from services.chassis.store import in_transaction
from services.feedback.access import HANDLERS, Access
from services.feedback.measures import model as rules
from services.feedback.measures import store
from services.feedback.measures.reading import MeasureReading
from services.feedback.opinions import model as opinion_rules
from services.feedback.opinions import store as opinions
from services.feedback.opinions.reading import OpinionReading

Answered = dict[str, Any]


class Measuring:
    """A measure and the opinions that it answers change together."""

    def __init__(
        self,
        application: Application,
        reading: MeasureReading,
        opinion_reading: OpinionReading,
        access: Access,
    ) -> None:
        self._database = application.database
        self._authority = application.authority
        self._clock = application.clock
        self._reading = reading
        self._documents = reading.documents
        self._opinion_reading = opinion_reading
        self._opinions = opinion_reading.documents
        self._access = access

    def plan(self, request: Answered) -> Answered:
        """Answer opinions with a measure: all of them adopt it, or nothing is planned."""
        person, organisation = context.actor(), request["organisation"]
        self._authority.require(person, HANDLERS, organisation)
        id = self._documents.id_for_command()  # noqa: A001 - the field's name

        def commit() -> Document:
            repeated = self._documents.repeated(id)
            if repeated is not None:
                return repeated
            answered = [
                self._opinion_reading.handled(person, each) for each in dict.fromkeys(request["opinions"])
            ]
            measure, events = rules.plan(
                id=id,
                organisation=organisation,
                title=request["title"],
                owner=request["owner"],
                owner_belongs=self._access.belongs_to(request["owner"], organisation),
                owner_posts=self._access.posts_at(request["owner"]),
                due_on=request["due_on"],
                opinions=answered,
                today=self._clock.today(),
            )
            adopt = partial(opinion_rules.adopt, answer=rules.answer_of(measure))
            for opinion in answered:
                self._opinions.change(opinion.id, opinions.decided_by(opinion.id, adopt))
            return self._documents.create(id, store.kept(measure), events, respond=store.shown)

        return in_transaction(self._database, commit).response or {}

    def publish(self, request: Answered) -> Answered:
        """Publish a result: the measure and every opinion that it answers, together."""
        person = context.actor()
        measure = store.read(self._reading.readable(person, request["measure"]))
        self._access.require_handler(person, measure.organisation, measure.kept_from)
        said = {"result": request["text"], "today": self._clock.today()}
        publish = partial(rules.publish, **said)
        conclude = partial(opinion_rules.conclude, measure=measure.id, **said)

        def commit() -> Document:
            published = self._documents.change(
                measure.id,
                store.decided_by(measure.id, publish),
                expected_version=request.get("version"),
                respond=store.shown,
            )
            for each in measure.opinions:
                self._opinions.change(each, opinions.decided_by(each, conclude))
            return published

        return in_transaction(self._database, commit).response or {}
