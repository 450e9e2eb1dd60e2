"""Policies as commands: drafted, tried, activated; and read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.errors import Conflict, Invalid
from services.chassis.grants import denied
from services.chassis.policies import PackError
from services.chassis.store import answering
from services.evaluation.indicators import drafting
from services.evaluation.indicators.activated import Activated
from services.evaluation.indicators.measures import Registry
from services.evaluation.indicators.model import InForce, Policy
from services.evaluation.indicators.reading import parse
from services.evaluation.indicators.shown import difference_shown, draft_shown, policy_shown
from services.evaluation.indicators.trials import TRIAL, Trials
from services.evaluation.rulebook import Packs
from services.evaluation.scores.subjects import Subjects

EDITORS = ("administrator",)
RESCORING = "evaluation.rescore"
Request = Mapping[str, Any]
Answer = dict[str, Any]


class Editing:
    """Only an administrator of the root edits policies; nothing is scored by a draft."""

    def __init__(
        self,
        application: Application,
        packs: Packs,
        activated: Activated,
        registry: Registry,
        subjects: Subjects,
    ) -> None:
        self._app = application
        self._packs = packs
        self._activated = activated
        self._registry = registry
        self._drafts = application.documents("policy_drafts")
        self._trials = Trials(application, packs, subjects, self._drafts, self._read)

    # -- commands ------------------------------------------------------------------------------

    def draft(self, request: Request) -> Answer:
        """Keep a draft; raises ``Invalid`` with every problem of its text, by line and field."""
        person = self._editor()
        policy = self._read(request["text"])
        if self._packs.rulebook.scoring.by_id(policy.id) is not None:
            raise Invalid("policy.id_is_taken", fields={"text": ["policy.id_is_taken"]})
        state = drafting.draft(policy, request["text"], person, self._app.clock.today())
        return draft_shown(self._drafts.create(self._drafts.id_for_command(), state))

    def try_on(self, request: Request) -> Answer:
        """Try it on the evidence of a year, by a job."""
        person, root = self._at_root()
        written = self._drafts.change(
            request["draft"],
            lambda state: drafting.try_on(state, request["year"]),
            expected_version=request["expected_version"],
        )
        self._app.jobs.create(TRIAL, person, {"draft": written.id, "root": root})
        return draft_shown(written)

    def activate(self, request: Request) -> Answer:
        """Put it in force. What it replaces ends the day before; closed years stay as they are."""
        person = self._editor()
        found = self._drafts.get(request["draft"])
        policy = self._read(found.state["text"])
        before = self._before(policy)
        frozen = self._frozen(policy)
        change = drafting.activate(
            found.state, policy, replaces=before, today=self._app.clock.today(), frozen=frozen
        )
        if found.version != request["expected_version"] and request["expected_version"] is not None:
            raise Conflict("version.stale", params={"version": found.version})
        # First what is in force, then that it is said: the same command again finds both.
        self._activated.add(policy, found.state["text"])
        written = self._drafts.change(
            found.id,
            lambda state: None if state["state"] == drafting.ACTIVE else change,
        )
        self._app.audit.append("policy.activated", person, "policy", policy.id)
        self._app.jobs.create(RESCORING, person, {"policy": policy.id})
        return draft_shown(written)

    # -- reading -------------------------------------------------------------------------------

    def get(self, request: Request) -> Answer:
        self._editor()
        return draft_shown(self._drafts.get(request["draft"]))

    def differences(self, request: Request) -> Answer:
        """Whose score would change and by how much, the greatest change first."""
        self._editor()
        self._drafts.get(request["draft"])
        found = self._trials.of(request["draft"], request["limit"], request.get("cursor"))
        return {"items": [difference_shown(each.state) for each in found.documents], "next": found.next}

    def in_force(self, request: Request) -> Answer:
        """The policies of a year; every signed-in caller may know by what they are measured."""
        context.actor()
        year = request.get("year") or self._app.clock.today().year
        scoring = self._packs.rulebook.scoring
        found = {
            policy.id: policy
            for each in scoring.policies
            for kind in each.kinds
            if (policy := scoring.policy_of(each.subject, kind, year)) is not None
        }
        return {"year": year, "items": [policy_shown(each) for _, each in sorted(found.items())]}

    # -- within --------------------------------------------------------------------------------

    def _editor(self) -> str:
        return self._at_root()[0]

    def _at_root(self) -> tuple[str, str]:
        """Who acts, and the root of the tree, where they have to be an administrator."""
        person = context.actor()
        for grant in self._app.authority.grants(person):
            if grant.role in EDITORS and len(self._app.authority.path(grant.node)) == 1:
                return person, grant.node
        raise denied(EDITORS, "root")

    def _read(self, text: str) -> Policy:
        try:
            policy = parse(text, self._registry)
            self._packs.require_owed([policy])
            return policy
        except PackError as refused:
            raise Invalid("policy.invalid", fields={"text": list(refused.problems)}) from None

    def _before(self, policy: Policy) -> Policy | None:
        scoring: InForce = self._packs.rulebook.scoring
        before = [
            each
            for each in scoring.policies
            if each.subject == policy.subject
            and set(each.kinds) & set(policy.kinds)
            and each.covers(policy.effective_from)
        ]
        return before[0] if before else None

    def _frozen(self, policy: Policy) -> frozenset[int]:
        wanted = {"subject_kind": policy.subject, "kind": {"$in": list(policy.kinds)}}
        with answering():
            found = self._app.database["ratings"].find(wanted, {"year": 1})
            return frozenset(each["year"] for each in found)
