"""Measuring: planning measures for opinions, and publishing what they came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.files.attaching import Attaching
from services.chassis.transactions import in_transaction
from services.feedback.access import HANDLERS, Access
from services.feedback.measures import model as rules
from services.feedback.measures import results, store
from services.feedback.measures.model import Decided, Measure, Owner
from services.feedback.measures.reading import MeasureReading
from services.feedback.opinions import steps as opinion_rules
from services.feedback.opinions import store as opinions
from services.feedback.opinions.model import Opinion
from services.feedback.opinions.reading import OpinionReading
from services.feedback.opinions.subjects import Subjects

Answered = dict[str, Any]
OpinionRule = Callable[[Opinion], tuple[Opinion, list[Any]]]


class Measuring:
    """A measure and the opinions that it answers change together."""

    def __init__(
        self,
        application: Application,
        reading: MeasureReading,
        opinion_reading: OpinionReading,
        access: Access,
        subjects: Subjects,
        attaching: Attaching,
    ) -> None:
        self._database = application.database
        self._authority = application.authority
        self._clock = application.clock
        self._reading = reading
        self._documents = reading.documents
        self._opinion_reading = opinion_reading
        self._opinions = opinion_reading.documents
        self._access = access
        self._subjects = subjects
        self._attaching = attaching

    def plan(self, request: Answered) -> Answered:
        """Answer opinions with a measure: all of them adopt it, or nothing is planned."""
        person, organisation = context.actor(), request["organisation"]
        self._authority.require(person, HANDLERS, organisation)
        id = self._documents.id_for_command()  # noqa: A001 - the field's name

        def commit() -> Document:
            repeated = self._documents.repeated(id)
            if repeated is not None:
                return repeated
            answered = self._answered(person, request["opinions"])
            measure, events = rules.plan(
                id=id,
                organisation=organisation,
                title=request["title"],
                owner=self._owner(request["owner"], organisation),
                due_on=request["due_on"],
                opinions=answered,
                nodes=request["nodes"],
                today=self._clock.today(),
            )
            self._adopt(measure, answered)
            return self._documents.create(id, store.kept(measure), events, respond=store.shown)

        return in_transaction(self._database, commit).response or {}

    def answer_more(self, request: Answered) -> Answered:
        """Let a measure answer more opinions: all of them adopt it, or none."""
        person, measure = self._handled(request)

        def commit() -> Document:
            repeated = self._documents.repeated(measure.id)
            if repeated is not None:
                return repeated
            answered = self._answered(person, request["opinions"])
            owner = self._owner(measure.owner, measure.organisation)
            rule = partial(rules.answer_more, opinions=answered, owner=owner)
            changed = self._write(request, measure.id, rule)
            self._adopt(store.read(changed), answered)
            return changed

        return in_transaction(self._database, commit).response or {}

    def change(self, request: Answered) -> Answered:
        """Another owner or another due date, which the authors of its opinions see."""
        person, measure = self._handled(request)
        named, due_on = request.get("owner"), request.get("due_on")
        rule = partial(
            rules.change,
            owner=self._owner(named, measure.organisation) if named else None,
            due_on=due_on,
            reason=request["reason"],
            by=person,
            today=self._clock.today(),
        )

        def commit() -> Document:
            changed = self._write(request, measure.id, rule)
            if due_on is not None:
                redate = partial(opinion_rules.redate, measure=measure.id, due_on=due_on)
                self._tell(store.read(changed), redate)
            return changed

        return in_transaction(self._database, commit).response or {}

    def cancel(self, request: Answered) -> Answered:
        """Give a measure up: every opinion that it answers is to be answered anew, or nothing changes."""
        person, measure = self._handled(request)
        reason, today = request["reason"], self._clock.today()
        rule = partial(rules.cancel, reason=reason, by=person, today=today)

        def commit() -> Document:
            cancelled = self._write(request, measure.id, rule)
            back = partial(opinion_rules.give_back, measure=measure.id, reason=reason, today=today)
            self._tell(store.read(cancelled), back)
            return cancelled

        return in_transaction(self._database, commit).response or {}

    def report(self, request: Answered) -> Answered:
        """How it stands: said by its owner or by who handles it."""
        person, measure = self._own(request)
        rule = partial(
            rules.report,
            text=request["text"],
            progress=request.get("progress"),
            by=person,
            today=self._clock.today(),
        )
        return self._reading.shown(person, self._write(request, measure.id, rule))

    def finish_node(self, request: Answered) -> Answered:
        """A node is reached."""
        person, measure = self._own(request)
        rule = partial(rules.finish_node, node=request["node"], today=self._clock.today())
        return self._reading.shown(person, self._write(request, measure.id, rule))

    def hand_in(self, request: Answered) -> Answered:
        """Say what it came to, with evidence."""
        person, measure = self._own(request)
        for each in request["activities"]:
            self._subjects.require("activity", each)

        def decide(state: Answered, attached: list[Answered]) -> Change:
            handed_in, events = results.hand_in(
                store.read(Document(measure.id, 0, state)),
                result=request["text"],
                links=request["activities"],
                by=person,
                today=self._clock.today(),
                attachments=attached,
            )
            return Change(store.kept(handed_in), events)

        document = self._attaching.changed(
            measure.id,
            request["attachments"],
            decide,
            expected_version=request.get("version"),
            respond=store.shown,
        )
        return self._reading.shown(person, document)

    def review(self, request: Answered) -> Answered:
        """Publish a result, the measure and every opinion that it answers together, or give it back."""
        person, measure = self._handled(request)
        today, accepted = self._clock.today(), request["accepted"]
        verdict = {"accepted": accepted, "reason": request.get("reason"), "show": request["show"]}
        rule = partial(results.review, **verdict, by=person, today=today)

        def commit() -> Document:
            reviewed = self._write(request, measure.id, rule)
            if accepted:
                published = store.read(reviewed)
                self._tell(
                    published,
                    partial(
                        opinion_rules.conclude,
                        measure=measure.id,
                        result=published.result or "",
                        files=published.open_files,
                        today=today,
                    ),
                )
            return reviewed

        return in_transaction(self._database, commit).response or {}

    # -- within --------------------------------------------------------------------------------

    def _write(self, request: Answered, id: str, rule: Callable[[Measure], Decided]) -> Document:  # noqa: A002
        return self._documents.change(
            id,
            store.decided_by(id, rule),
            expected_version=request.get("version"),
            respond=store.shown,
        )

    def _tell(self, measure: Measure, rule: OpinionRule) -> None:
        # The measure as it was just written: what it answers may have become more since it was looked at.
        for each in measure.opinions:
            self._opinions.change(each, opinions.decided_by(each, rule))

    def _adopt(self, measure: Measure, answered: Sequence[Opinion]) -> None:
        adopt = partial(opinion_rules.adopt, answer=results.answer_of(measure), today=self._clock.today())
        for opinion in answered:
            self._opinions.change(opinion.id, opinions.decided_by(opinion.id, adopt))

    def _answered(self, person: str, wanted: Sequence[str]) -> list[Opinion]:
        return [self._opinion_reading.handled(person, each) for each in dict.fromkeys(wanted)]

    def _owner(self, person: str, organisation: str) -> Owner:
        belongs = self._access.belongs_to(person, organisation)
        return Owner(person=person, belongs=belongs, posts=self._access.posts_at(person))

    def _handled(self, request: Answered) -> tuple[str, Measure]:
        person = context.actor()
        measure = store.read(self._reading.readable(person, request["measure"]))
        self._access.require_handler(person, measure.organisation, measure.kept_from)
        return person, measure

    def _own(self, request: Answered) -> tuple[str, Measure]:
        """The measure to its owner and who handles it: an inspector reads it and no more."""
        person = context.actor()
        measure = store.read(self._reading.readable(person, request["measure"]))
        if measure.owner != person:
            self._access.require_handler(person, measure.organisation, measure.kept_from)
        return person, measure
