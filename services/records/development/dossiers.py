"""Commands on dossiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Forbidden, Invalid, NotFound
from services.chassis.files.attaching import Attaching, ids
from services.chassis.files.kept import Files
from services.chassis.transactions import in_transaction
from services.records.development import model as rules
from services.records.development.arrangements import Arrangements
from services.records.development.history import History
from services.records.development.reading import HOLDER, DossierReading
from services.records.development.standing import Standing
from services.records.development.steps import BY_ID, FAIL, PASS
from services.records.development.verdict import Facts
from services.records.directory.people import People
from services.records.directory.store import Directory
from services.records.membership.model import accepted

Answer = dict[str, Any]


class Dossiers:
    """Everybody's way, step by step as it was decided."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        people: People,
        standing: Standing,
        arrangements: Arrangements,
        files: Files,
        reading: DossierReading,
    ) -> None:
        self.documents = reading.documents
        self._database = application.database
        self._directory = directory
        self._people = people
        self._standing = standing
        self._arrangements = arrangements
        self._attaching = Attaching(application.database, files, self.documents, HOLDER, _held)
        self._reading = reading
        self._clock = application.clock

    # -- commands ------------------------------------------------------------------------------

    def open(self, request: Answer) -> Answer:
        """A dossier for a person who applied, kept at the branch where they belong."""
        actor = context.actor()
        person = self._directory.person_named_in("person", request["person"])
        branch = self._standing.branch_of(person.state["organisation"])
        if not self._standing.reads(actor, branch):
            raise Invalid.at("person", "person.unknown")
        self._standing.require_actor(actor, BY_ID["application"], person.id, branch)
        given = {**request, "political_status": person.state["political_status"]}
        dossier = self.documents.id_for_command()
        book, facts = self._arrangements.book(branch), Facts(self._arrangements.calendar)

        def make(files: list[Answer]) -> Change:
            attached = _with_files(given, files)
            return rules.open_dossier(
                dossier, attached, branch, book, facts, by=actor, today=self._clock.today()
            )

        def commit() -> Document:
            opened = self._attaching.created(dossier, _wanted(given), make, self._reading.shown)
            self._tell_status(None, opened)
            return opened

        return self._done(commit)

    def record(self, request: Answer) -> Answer:
        """One step more, as it was decided; an admission takes a place of the year in the same commit."""
        actor, dossier = context.actor(), self._reading.readable(request["dossier"])
        state, step = dossier.state, BY_ID[request["step"]]
        self._standing.require_actor(actor, step, state["person"], state["organisation"])
        self._reading.require_agreement(request, state)
        members = self._reading.full_members(request)
        entitled = self._reading.entitled(request, state)
        book = self._arrangements.book(state["organisation"])

        def commit() -> Document:
            before = self.documents.get(dossier.id)
            admits = step.id == "branch_meeting" and request["outcome"] == PASS
            quota = self._arrangements.quota(state["organisation"], request["on"].year) if admits else None
            places = self._arrangements.left(quota, dossier.id)
            facts = Facts(self._arrangements.calendar, members, places, entitled)

            def decide(state: Answer, files: list[Answer]) -> Change:
                attached = _with_files(request, files)
                return rules.record(
                    dossier.id, state, attached, book, facts, by=actor, today=self._clock.today()
                )

            changed = self._attaching.changed(
                dossier.id,
                _wanted(request),
                decide,
                expected_version=request["expected_version"],
                respond=self._reading.shown,
            )
            if quota is not None:
                self._arrangements.take(quota, dossier.id)
            elif step.id == "approval" and request["outcome"] == FAIL:
                self._arrangements.give_back(dossier.id)
            self._tell_status(before, changed)
            return changed

        return self._done(commit)

    def strike(self, request: Answer) -> Answer:
        """The newest step does not count; a place of the year that it took is free again."""
        actor, dossier = context.actor(), self._reading.readable(request["dossier"])
        if actor == dossier.state["person"]:
            raise Forbidden("development.own_dossier")
        self._standing.require_above(actor, dossier.state["organisation"])

        def commit() -> Document:
            before = self.documents.get(dossier.id)
            struck = self._change(
                request,
                dossier.id,
                lambda state: rules.strike(
                    dossier.id, state, reason=request["reason"], by=actor, today=self._clock.today()
                ),
            )
            if History(struck.state).done("branch_meeting") is None:
                self._arrangements.give_back(dossier.id)
            self._tell_status(before, struck)
            return struck

        return self._done(commit)

    def move(self, request: Answer) -> Answer:
        """A dossier comes to where its person belongs now, asked by who receives it."""
        actor, dossier = context.actor(), self.documents.get(request["dossier"])
        person = self._directory.people.get(dossier.state["person"])
        branch = self._standing.branch_of(person.state["organisation"])
        if not self._standing.reads(actor, branch):
            raise NotFound("dossiers.not_found")
        if actor == person.id:
            raise Forbidden("development.own_dossier")
        self._standing.require_keeper(actor, branch)
        today = self._clock.today()
        moved = self._change(
            request, dossier.id, lambda before: rules.move(dossier.id, before, branch, by=actor, today=today)
        )
        return moved.response or {}

    def close(self, request: Answer) -> Answer:
        """The way ends without membership; the place of somebody who was not admitted yet is free again."""
        actor, dossier = context.actor(), self._reading.readable(request["dossier"])
        if actor == dossier.state["person"]:
            raise Forbidden("development.own_dossier")
        self._standing.require_keeper(actor, dossier.state["organisation"])
        today = self._clock.today()

        def commit() -> Document:
            closed = self._change(
                request,
                dossier.id,
                lambda before: rules.close(dossier.id, before, reason=request["reason"], today=today),
            )
            self._arrangements.left_behind(closed)
            return closed

        return self._done(commit)

    # -- within --------------------------------------------------------------------------------

    def _change(self, request: Answer, dossier: str, decide: Callable[[Answer], Change | None]) -> Document:
        return self.documents.change(
            dossier, decide, expected_version=request["expected_version"], respond=self._reading.shown
        )

    def _done(self, commit: Callable[[], Document]) -> Answer:
        return in_transaction(self._database, commit).response or {}

    def _tell_status(self, before: Document | None, after: Document) -> None:
        """What was decided about a person is what the directory says of them, from the same commit on and
        from the day on which it was decided; where they came, or became something else, later: from then."""
        person = self._directory.people.get(after.state["person"])
        known = person.state["political_status"]
        told = rules.status_after(before.state if before else None, after.state, known)
        if told is not None:
            status, day = told
            since = accepted(person.state["spells"], day)
            self._people.apply(person, {"political_status": status, "since": since})


def _wanted(request: Answer) -> list[str]:
    """The files that a step attaches."""
    return [each["file"] for each in request["attachments"]]


def _with_files(request: Answer, files: list[Answer]) -> Answer:
    """The request with its files as they are kept, each as the paper that it is."""
    given = zip(request["attachments"], files, strict=True)
    return {**request, "attachments": [{"material": each["material"], **file} for each, file in given]}


def _held(dossier: Mapping[str, Any]) -> set[str]:
    """The files of every step, those struck out included: they stay with the entry."""
    return ids([file for entry in dossier["entries"] for file in entry.get("attachments", ())])
