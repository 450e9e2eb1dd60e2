"""Ratings as commands: a year is closed by a job, ties are decided, the result is published and contested."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Forbidden, Invalid, NotFound
from services.chassis.identity import derived_id
from services.chassis.jobs import Checkpoint, Job
from services.chassis.pages import page
from services.chassis.policies import Pack
from services.chassis.store import in_transaction
from services.evaluation.assessments.assessing import Assessing
from services.evaluation.assessments.model import REVIEWERS, Subject, require_fit
from services.evaluation.indicators.model import ORGANISATION, SECRETARY, Policy
from services.evaluation.projection.units import Units
from services.evaluation.ratings import model
from services.evaluation.ratings.reports import Report
from services.evaluation.ratings.shown import appeal_shown, entry_shown, public_shown, rating_shown
from services.evaluation.rulebook import Packs
from services.evaluation.scores.methods import Material
from services.evaluation.scores.model import Breakdown, score
from services.evaluation.scores.subjects import Scored, Subjects

CLOSERS = ("secretary", "organisation_commissioner", "administrator")
CLOSE = "evaluation.close_rating"
AT_ONCE = 100
Request = Mapping[str, Any]
Answer = dict[str, Any]


class Ratings:
    """One document a rating, one an entry, one an appeal. What was taken down is never written over."""

    def __init__(
        self,
        application: Application,
        packs: Packs,
        procedure: Pack,
        subjects: Subjects,
        assessing: Assessing,
        units: Units,
    ) -> None:
        self._app = application
        self._packs = packs
        self._procedure = procedure
        self._subjects = subjects
        self._assessing = assessing
        self._units = units
        self._ratings = application.documents("ratings")
        self._entries = application.bundled_documents("rating_entries")
        self._appeals = application.documents("appeals")
        application.indexes.declare("ratings", [("year", 1), ("_id", 1)])
        application.indexes.declare("rating_entries", [("rating", 1), ("organisation", 1), ("_id", 1)])
        application.indexes.declare("rating_entries", [("public_in", 1), ("organisation", 1)], sparse=True)
        application.indexes.declare("appeals", [("rating", 1), ("_id", 1)])
        application.jobs.work(CLOSE, self._close)

    # -- closing -------------------------------------------------------------------------------

    def close(self, request: Request) -> Answer:
        """Begin to close a year; the same again finds what was begun."""
        person, organisation = context.actor(), request["organisation"]
        self._app.authority.require(person, CLOSERS, organisation)
        kind, year = request["kind"], request["year"]
        policy = self._packs.rulebook.scoring.policy_of(request["subject_kind"], kind, year)
        if policy is None:
            raise Invalid("assessment.not_scored", fields={"kind": ["assessment.not_scored"]})
        id_ = derived_id("rating", organisation, policy.subject, kind, str(year))
        known = self._ratings.find_one({"_id": id_})
        if known is None:
            state = model.begin(
                organisation=organisation,
                policy=policy,
                kind=kind,
                year=year,
                by=person,
                today=self._app.clock.today(),
                first_month=self._procedure["first_month"],
            )
            known = self._ratings.create(id_, state)
            self._app.audit.append("rating.closed", person, "rating", id_)
        if known.state["state"] == model.CLOSING:
            self._app.jobs.create(CLOSE, person, {"rating": id_})
        return rating_shown(known)

    def _close(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        rating = self._ratings.get(job.params["rating"])
        policy, year = self._policy(rating.state["policy"]), rating.state["year"]
        scored = self._subjects.at_and_below(
            rating.state["organisation"], policy.subject, [rating.state["kind"]]
        )
        checkpoint(done=0, total=len(scored))
        found: dict[str, tuple[Scored, Material, Breakdown]] = {}
        each_one = self._subjects.materials(scored, policy, self._packs.rulebook, year)
        for done, (each, material) in enumerate(each_one, 1):
            if material is not None:
                found[each.subject] = (each, material, score(policy, material))
            if done % AT_ONCE == 0:
                checkpoint(done=done)
        graded = model.graded(policy, {subject: worth for subject, (_, _, worth) in found.items()})
        entries = [self._entry(rating.id, found[subject], graded[subject]) for subject in sorted(found)]
        for first in range(0, len(entries), AT_ONCE):
            some = entries[first : first + AT_ONCE]
            self._entries.create_many([(_entry_id(rating.id, each["subject"]), each, ()) for each in some])
            checkpoint()
        # What is there counts, also where an earlier attempt wrote a part of it.
        kept = self._all(rating.id)
        digest = model.digest(kept)
        self._ratings.change(
            rating.id, lambda state: model.closed(state, rating.id, rated=len(kept), digest=digest)
        )
        return {"rows": len(kept)}

    @staticmethod
    def _entry(rating: str, found: tuple[Scored, Material, Breakdown], graded: model.Graded) -> Answer:
        scored, material, worth = found
        return {
            "rating": rating,
            "subject": scored.subject,
            "organisation": scored.organisation,
            "points": graded.points,
            "earned": graded.earned,
            "band": graded.band,
            "capped": graded.capped,
            "tied": graded.tied,
            "decision": None,
            "corrections": [],
            "evidence_digest": model.evidence_digest(material),
            "breakdown": model.snapshot(worth),
        }

    # -- deciding and publishing ---------------------------------------------------------------

    def decide(self, request: Request) -> Answer:
        """Give somebody of a tie the band; one after the other, since each takes a place."""
        person = context.actor()
        rating = self._ratings.get(request["rating"])
        entry = self._entry_of(rating.id, request["subject"])
        require_fit(self._assessing.reviewer(person), self._subject(rating, entry), REVIEWERS)
        policy = self._policy(rating.state["policy"])

        said = {"reason": request["reason"], "by": person, "today": self._app.clock.today()}

        def body() -> Document:
            # The rating is written as well, so that of two decisions at once the second sees the first.
            self._ratings.change(rating.id, lambda state: model.one_more_decision(state, rating.id))
            entries = self._all(rating.id)
            return self._entries.change(
                entry.id, lambda state: model.Change(model.decided(policy, state, entries, **said))
            )

        written = in_transaction(self._app.database, body)
        self._app.audit.append("rating.decided", person, "rating_entry", entry.id, request["reason"])
        return entry_shown(written)

    def publish(self, request: Request) -> Answer:
        person = context.actor()
        rating = self._ratings.get(request["rating"])
        self._app.authority.require(person, CLOSERS, rating.state["organisation"])
        days = self._procedure["appeal_days"]
        today = self._app.clock.today()
        if rating.state["subject_kind"] == ORGANISATION and rating.state["state"] == model.CLOSED:
            for each in self._all_documents(rating.id):
                self._entries.change(
                    each.id, lambda state: model.Change({**state, "public_in": rating.state["year"]})
                )
        written = self._ratings.change(
            rating.id,
            lambda state: model.publish(state, rating.id, today=today, appeal_days=days),
            expected_version=request["expected_version"],
        )
        self._app.audit.append("rating.published", person, "rating", rating.id)
        return rating_shown(written)

    # -- appeals -------------------------------------------------------------------------------

    def appeal(self, request: Request) -> Answer:
        person = context.actor()
        rating = self._ratings.get(request["rating"])
        entry = self._entry_of(rating.id, request["subject"])
        if not self._is_own(person, entry):
            raise Forbidden("permission.denied")
        id_ = self._appeals.id_for_command()
        change = model.appeal(
            rating.state,
            rating.id,
            id_,
            entry.state,
            by=person,
            text=request["text"],
            today=self._app.clock.today(),
            answer_days=self._procedure["answer_days"],
        )
        return appeal_shown(self._appeals.create(id_, change.state, change.events))

    def answer(self, request: Request) -> Answer:
        """Uphold or dismiss; an upheld appeal is answered together with its corrected result."""
        person = context.actor()
        found = self._appeals.get(request["appeal"])
        rating = self._ratings.get(found.state["rating"])
        entry = self._entry_of(rating.id, found.state["subject"])
        require_fit(self._assessing.reviewer(person), self._subject(rating, entry), REVIEWERS)
        today = self._app.clock.today()

        def body() -> Document:
            answered = self._appeals.change(
                found.id,
                lambda state: model.answer(
                    state, found.id, upheld=request["upheld"], text=request["text"], by=person, today=today
                ),
            )
            if request["upheld"]:
                self._entries.change(
                    entry.id, lambda state: model.Change(self._corrected(rating, state, request))
                )
            return answered

        written = in_transaction(self._app.database, body)
        self._app.audit.append("appeal.answered", person, "appeal", found.id)
        return appeal_shown(written)

    def _corrected(self, rating: Document, entry: Mapping[str, Any], request: Request) -> Mapping[str, Any]:
        policy, year = self._policy(rating.state["policy"]), rating.state["year"]
        scored = [Scored(entry["organisation"], entry["subject"])]
        _, material = next(self._subjects.materials(scored, policy, self._packs.rulebook, year))
        if material is None:
            raise Conflict("appeal.no_evidence")
        worth = score(policy, material)
        return model.corrected(
            policy,
            entry,
            worth,
            request["band"] or worth.band,
            evidence=model.evidence_digest(material),
            reason=request["text"],
            by=context.actor(),
            today=self._app.clock.today(),
        )

    # -- reading -------------------------------------------------------------------------------

    def get(self, request: Request) -> Answer:
        rating = self._ratings.get(request["rating"])
        self._require_readable(rating)
        return rating_shown(rating)

    def several(self, request: Request) -> Answer:
        found = page(
            self._ratings,
            {"year": request["year"]},
            order=[],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        readable = [each for each in found.documents if self._is_readable(each)]
        return {"items": [rating_shown(each) for each in readable], "next": found.next}

    def entries(self, request: Request) -> Answer:
        rating = self._ratings.get(request["rating"])
        self._require_readable(rating)
        wanted: dict[str, Any] = {"rating": rating.id}
        found = page(
            self._entries,
            wanted,
            order=[("organisation", 1)],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        readable = [each for each in found.documents if self._may_see(rating, each)]
        return {"items": [entry_shown(each) for each in readable], "next": found.next}

    def appeals(self, request: Request) -> Answer:
        person, rating = context.actor(), self._ratings.get(request["rating"])
        found = page(
            self._appeals,
            {"rating": rating.id},
            order=[],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        readable = [each for each in found.documents if self._may_hear(person, each)]
        return {"items": [appeal_shown(each) for each in readable], "next": found.next}

    def get_appeal(self, request: Request) -> Answer:
        found = self._appeals.get(request["appeal"])
        if not self._may_hear(context.actor(), found):
            raise Forbidden("permission.denied")
        return appeal_shown(found)

    def public(self, request: Request) -> Answer:
        """Published results of organisations; whoever asks is not looked at."""
        found = page(
            self._entries,
            {"public_in": request["year"]},
            order=[("organisation", 1)],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        return {
            "items": [public_shown(each, request["year"]) for each in found.documents],
            "next": found.next,
        }

    def report(self, request: Request) -> Report:
        """A rating with all its entries; on record, since it names who got what."""
        person, rating = context.actor(), self._ratings.get(request["rating"])
        self._app.authority.require(person, CLOSERS, rating.state["organisation"])
        self._app.audit.append("rating.exported", person, "rating", rating.id)
        entries = self._all(rating.id)
        return Report(
            rating=rating.state,
            policy=self._policy(rating.state["policy"]),
            entries=entries,
            names=self._units.names({each["organisation"] for each in entries}),
            catalogue=self._app.catalogue,
            language=request["language"],
        )

    # -- who -----------------------------------------------------------------------------------

    def _require_readable(self, rating: Document) -> None:
        if not self._is_readable(rating):
            raise Forbidden("permission.denied")

    def _is_readable(self, rating: Document) -> bool:
        """Closed ones only by those who may close; published ones by everybody who is signed in."""
        person = context.actor()
        if rating.state["state"] == model.PUBLISHED:
            return True
        return self._app.authority.may(person, CLOSERS, rating.state["organisation"])

    def _may_see(self, rating: Document, entry: Document) -> bool:
        person = context.actor()
        if rating.state["subject_kind"] == ORGANISATION or self._is_own(person, entry):
            return True
        return self._app.authority.may(
            person, REVIEWERS, entry.state["organisation"], above=rating.state["subject_kind"] == SECRETARY
        )

    def _is_own(self, person: str, entry: Document) -> bool:
        subject, organisation = entry.state["subject"], entry.state["organisation"]
        if subject == organisation:
            return self._holds(person, ("secretary", "deputy_secretary"), (organisation,))
        return bool(person == subject)

    def _may_hear(self, person: str, appeal: Document) -> bool:
        state = appeal.state
        return person == state["by"] or self._app.authority.may(
            person, REVIEWERS, state["organisation"], above=True
        )

    def _holds(self, person: str, roles: Collection[str], nodes: Collection[str]) -> bool:
        return any(each.role in roles and each.node in nodes for each in self._app.authority.grants(person))

    def _subject(self, rating: Document, entry: Document) -> Subject:
        organisation = entry.state["organisation"]
        path = tuple(self._app.authority.path(organisation))
        kind = rating.state["subject_kind"]
        return Subject(kind, entry.state["subject"], organisation, rating.state["kind"], path)

    # -- within --------------------------------------------------------------------------------

    def _policy(self, id_: str) -> Policy:
        policy = self._packs.rulebook.scoring.by_id(id_)
        assert policy is not None, "a policy that scored is never forgotten"
        return policy

    def _entry_of(self, rating: str, subject: str) -> Document:
        found = self._entries.find_one({"_id": _entry_id(rating, subject)})
        if found is None:
            raise NotFound("rating.entry_not_found")
        return found

    def _all_documents(self, rating: str) -> list[Document]:
        return self._entries.find({"rating": rating}, sort=[("organisation", 1), ("_id", 1)], limit=0)

    def _all(self, rating: str) -> list[Mapping[str, Any]]:
        return [each.state for each in self._all_documents(rating)]


def _entry_id(rating: str, subject: str) -> str:
    return derived_id("rating_entry", rating, subject)
