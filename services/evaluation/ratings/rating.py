"""Ratings as commands: a year is closed by a job, ties are decided, the result is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Invalid
from services.chassis.identity import derived_id
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.policies import Pack
from services.chassis.transactions import in_transaction
from services.evaluation.indicators.model import ORGANISATION
from services.evaluation.ratings import caps, model, snapshots
from services.evaluation.ratings.parties import Parties
from services.evaluation.ratings.shown import entry_shown, rating_shown
from services.evaluation.ratings.store import Results, entry_id
from services.evaluation.rulebook import Packs
from services.evaluation.scores.methods import Material
from services.evaluation.scores.model import Breakdown, score
from services.evaluation.scores.subjects import Scored, Subjects

CLOSE = "evaluation.close_rating"
AT_ONCE = 100
Request = Mapping[str, Any]
Answer = dict[str, Any]


class Ratings:
    """What is done to a rating, from its beginning until it is published."""

    def __init__(
        self,
        application: Application,
        packs: Packs,
        procedure: Pack,
        subjects: Subjects,
        parties: Parties,
        results: Results,
    ) -> None:
        self._app = application
        self._packs = packs
        self._procedure = procedure
        self._subjects = subjects
        self._parties = parties
        self._results = results
        application.jobs.work(CLOSE, self._close)

    # -- closing -------------------------------------------------------------------------------

    def close(self, request: Request) -> Answer:
        """Begin to close a year; the same again finds what was begun."""
        person, organisation = context.actor(), request["organisation"]
        self._parties.require_closer(organisation)
        kind, year = request["kind"], request["year"]
        policy = self._packs.rulebook.scoring.policy_of(request["subject_kind"], kind, year)
        if policy is None:
            raise Invalid("assessment.not_scored", fields={"kind": ["assessment.not_scored"]})
        id_ = derived_id("rating", organisation, policy.subject, kind, str(year))
        known = self._results.ratings.find_one({"_id": id_})
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
            known = self._results.ratings.create(id_, state)
            self._app.audit.append("rating.closed", person, "rating", id_)
        if known.state["state"] == model.CLOSING:
            self._app.jobs.create(CLOSE, person, {"rating": id_})
        return rating_shown(known)

    def _close(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        rating = self._results.ratings.get(job.params["rating"])
        policy, year = self._packs.scored_by(rating.state["policy"]), rating.state["year"]
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
        graded = caps.graded(policy, {subject: worth for subject, (_, _, worth) in found.items()})
        entries = [self._entry(rating.id, found[subject], graded[subject]) for subject in sorted(found)]
        for first in range(0, len(entries), AT_ONCE):
            some = entries[first : first + AT_ONCE]
            self._results.entries.create_many(
                [(entry_id(rating.id, each["subject"]), each, ()) for each in some]
            )
            checkpoint()
        # What is there counts, also where an earlier attempt wrote a part of it.
        kept = self._results.taken_down(rating.id)
        digest = snapshots.digest(kept)
        self._results.ratings.change(
            rating.id, lambda state: model.closed(state, rating.id, rated=len(kept), digest=digest)
        )
        return {"rows": len(kept)}

    @staticmethod
    def _entry(rating: str, found: tuple[Scored, Material, Breakdown], graded: caps.Graded) -> Answer:
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
            "evidence_digest": snapshots.evidence_digest(material),
            "breakdown": snapshots.snapshot(worth),
        }

    # -- deciding and publishing ---------------------------------------------------------------

    def decide(self, request: Request) -> Answer:
        """Give somebody of a tie the band; one after the other, since each takes a place."""
        person = context.actor()
        rating = self._results.ratings.get(request["rating"])
        entry = self._results.entry_of(rating.id, request["subject"])
        self._parties.require_reviewer(rating, entry)
        policy = self._packs.scored_by(rating.state["policy"])

        said = {"reason": request["reason"], "by": person, "today": self._app.clock.today()}

        def body() -> Document:
            # The rating is written as well, so that of two decisions at once the second sees the first.
            self._results.ratings.change(rating.id, lambda state: model.one_more_decision(state, rating.id))
            entries = self._results.taken_down(rating.id)
            return self._results.entries.change(
                entry.id, lambda state: Change(caps.decided(policy, state, entries, **said))
            )

        written = in_transaction(self._app.database, body)
        self._app.audit.append("rating.decided", person, "rating_entry", entry.id, request["reason"])
        return entry_shown(written)

    def publish(self, request: Request) -> Answer:
        person = context.actor()
        rating = self._results.ratings.get(request["rating"])
        self._parties.require_closer(rating.state["organisation"])
        days = self._procedure["appeal_days"]
        today = self._app.clock.today()
        if rating.state["subject_kind"] == ORGANISATION and rating.state["state"] == model.CLOSED:
            for each in self._results.entries_of(rating.id):
                self._results.entries.change(
                    each.id, lambda state: Change({**state, "public_in": rating.state["year"]})
                )
        written = self._results.ratings.change(
            rating.id,
            lambda state: model.publish(state, rating.id, today=today, appeal_days=days),
            expected_version=request["expected_version"],
        )
        self._app.audit.append("rating.published", person, "rating", rating.id)
        return rating_shown(written)
