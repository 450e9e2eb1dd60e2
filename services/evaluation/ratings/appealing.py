"""Appeals as commands: whoever was rated files one, whoever reviews answers it; and who may read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.contract import Change
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Forbidden
from services.chassis.pages import page
from services.chassis.policies import Pack
from services.chassis.transactions import in_transaction
from services.evaluation.ratings import model, snapshots
from services.evaluation.ratings.parties import Parties
from services.evaluation.ratings.shown import appeal_shown
from services.evaluation.ratings.store import Results
from services.evaluation.rulebook import Packs
from services.evaluation.scores.model import score
from services.evaluation.scores.subjects import Scored, Subjects

Request = Mapping[str, Any]
Answer = dict[str, Any]


class Appealing:
    """A corrected result stands beside the first one, which stays as it was taken down."""

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

    def file(self, request: Request) -> Answer:
        person = context.actor()
        rating = self._results.ratings.get(request["rating"])
        entry = self._results.entry_of(rating.id, request["subject"])
        if not self._parties.is_own(entry):
            raise Forbidden("permission.denied")
        id_ = self._results.appeals.id_for_command()
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
        return appeal_shown(self._results.appeals.create(id_, change.state, change.events))

    def answer(self, request: Request) -> Answer:
        """Uphold or dismiss; an upheld appeal is answered together with its corrected result."""
        person = context.actor()
        found = self._results.appeals.get(request["appeal"])
        rating = self._results.ratings.get(found.state["rating"])
        entry = self._results.entry_of(rating.id, found.state["subject"])
        self._parties.require_reviewer(rating, entry)
        today = self._app.clock.today()

        def body() -> Document:
            answered = self._results.appeals.change(
                found.id,
                lambda state: model.answer(
                    state, found.id, upheld=request["upheld"], text=request["text"], by=person, today=today
                ),
            )
            if request["upheld"]:
                self._results.entries.change(
                    entry.id, lambda state: Change(self._corrected(rating, state, request))
                )
            return answered

        written = in_transaction(self._app.database, body)
        self._app.audit.append("appeal.answered", person, "appeal", found.id)
        return appeal_shown(written)

    def _corrected(self, rating: Document, entry: Mapping[str, Any], request: Request) -> Mapping[str, Any]:
        policy, year = self._packs.scored_by(rating.state["policy"]), rating.state["year"]
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
            evidence=snapshots.evidence_digest(material),
            reason=request["text"],
            by=context.actor(),
            today=self._app.clock.today(),
        )

    # -- reading -------------------------------------------------------------------------------

    def several(self, request: Request) -> Answer:
        rating = self._results.ratings.get(request["rating"])
        found = page(
            self._results.appeals,
            {"rating": rating.id},
            order=[],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        readable = [each for each in found.documents if self._parties.may_hear(each)]
        return {"items": [appeal_shown(each) for each in readable], "next": found.next}

    def get(self, request: Request) -> Answer:
        found = self._results.appeals.get(request["appeal"])
        if not self._parties.may_hear(found):
            raise Forbidden("permission.denied")
        return appeal_shown(found)
