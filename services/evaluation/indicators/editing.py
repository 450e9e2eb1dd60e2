"""Policies as commands: drafted, tried on a year's evidence by a job, activated, read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from pymongo import ReplaceOne

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Forbidden, Invalid
from services.chassis.jobs import Checkpoint, Job
from services.chassis.pages import page
from services.chassis.policies import PackError
from services.chassis.store import Record, answering
from services.evaluation.indicators import drafting
from services.evaluation.indicators.activated import Activated
from services.evaluation.indicators.drafting import Difference
from services.evaluation.indicators.measures import Registry
from services.evaluation.indicators.model import InForce, Policy
from services.evaluation.indicators.reading import parse
from services.evaluation.rulebook import Packs
from services.evaluation.scores.model import in_points, score
from services.evaluation.scores.subjects import Subjects

EDITORS = ("administrator",)
TRIAL, RESCORING = "evaluation.try_policy", "evaluation.rescore"
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
        self._subjects = subjects
        self._drafts = application.documents("policy_drafts")
        self._trials = _Trials(application)
        application.jobs.work(TRIAL, self._try)

    # -- commands ------------------------------------------------------------------------------

    def draft(self, request: Request) -> Answer:
        """Keep a draft; raises ``Invalid`` with every problem of its text, by line and field."""
        person = self._editor()
        policy = self._read(request["text"])
        if self._packs.rulebook.scoring.by_id(policy.id) is not None:
            raise Invalid("policy.id_is_taken", fields={"text": ["policy.id_is_taken"]})
        state = drafting.draft(policy, request["text"], person, self._app.clock.today())
        return self._shown(self._drafts.create(self._drafts.id_for_command(), state))

    def try_on(self, request: Request) -> Answer:
        """Try it on the evidence of a year, by a job."""
        person, root = self._at_root()
        written = self._drafts.change(
            request["draft"],
            lambda state: drafting.try_on(state, request["year"]),
            expected_version=request["expected_version"],
        )
        self._app.jobs.create(TRIAL, person, {"draft": written.id, "root": root})
        return self._shown(written)

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
        return self._shown(written)

    # -- reading -------------------------------------------------------------------------------

    def get(self, request: Request) -> Answer:
        self._editor()
        return self._shown(self._drafts.get(request["draft"]))

    def differences(self, request: Request) -> Answer:
        """Whose score would change and by how much, the greatest change first."""
        self._editor()
        self._drafts.get(request["draft"])
        found = page(
            self._trials,
            {"draft": request["draft"]},
            order=[("size", -1)],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        return {"items": [_difference(each.state) for each in found.documents], "next": found.next}

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
        return {"year": year, "items": [_policy(each) for _, each in sorted(found.items())]}

    # -- the trial -----------------------------------------------------------------------------

    def _try(self, job: Job, checkpoint: Checkpoint) -> Mapping[str, Any]:
        draft = self._drafts.get(job.params["draft"])
        policy, year = self._read(draft.state["text"]), draft.state["year"]
        rulebook = self._packs.rulebook
        scored = self._subjects.at_and_below(job.params["root"], policy.subject, policy.kinds)
        bands: Counter[str] = Counter()
        changed, worse, sum_of_changes = 0, 0, 0
        found: list[Difference] = []
        checkpoint(done=0, total=len(scored))
        measured = self._subjects.materials(scored, policy, rulebook, year)
        for done, (each, material) in enumerate(measured, 1):
            if material is not None:
                node = self._app.authority.node(each.organisation)
                now = rulebook.scoring.policy_of(policy.subject, node.kind if node else "", year)
                before = score(now, material) if now else None
                difference = drafting.difference(
                    each.subject, each.organisation, before, score(policy, material)
                )
                bands[difference.band_then] += 1
                found.append(difference)
                changed += difference.change != 0 or difference.band != difference.band_then
                worse += difference.change < 0
                sum_of_changes += difference.change
            if done % 100 == 0 or done == len(scored):
                self._trials.write(draft.id, found)
                found = []
                checkpoint(done=done)
                self._drafts.change(draft.id, lambda state, at=done: _progress(state, at, len(scored)))  # type: ignore[misc]
        rows = sum(bands.values())
        outcome = {
            "scored": rows,
            "changed": changed,
            "worse": worse,
            "mean_change": sum_of_changes // rows if rows else 0,
            "bands": dict(sorted(bands.items())),
        }
        self._drafts.change(draft.id, lambda state: drafting.tried(state, outcome))
        return {"rows": rows}

    # -- within --------------------------------------------------------------------------------

    def _editor(self) -> str:
        return self._at_root()[0]

    def _at_root(self) -> tuple[str, str]:
        """Who acts, and the root of the tree, where they have to be an administrator."""
        person = context.actor()
        for grant in self._app.authority.grants(person):
            if grant.role in EDITORS and len(self._app.authority.path(grant.node)) == 1:
                return person, grant.node
        raise Forbidden("permission.denied")

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

    def _shown(self, document: Document) -> Answer:
        state = document.state
        outcome = state["outcome"]
        return {
            "id": document.id,
            "version": document.version,
            **{
                name: state[name]
                for name in (
                    "policy",
                    "title",
                    "subject_kind",
                    "kinds",
                    "text",
                    "digest",
                    "state",
                    "year",
                    "done",
                    "total",
                )
            },
            "effective_from": _day(state["effective_from"]),
            "drafted_on": _day(state["drafted_on"]),
            "outcome": outcome and {**outcome, "mean_change": in_points(outcome["mean_change"])},
        }


def _progress(state: Mapping[str, Any], done: int, total: int) -> drafting.Change | None:
    return (
        drafting.Change({**state, "done": done, "total": total})
        if state["state"] == drafting.TRYING
        else None
    )


class _Trials:
    """What trials found, one row per draft and subject: written again, it is the same row."""

    def __init__(self, application: Application) -> None:
        self._rows = application.database["policy_trials"]
        application.indexes.declare("policy_trials", [("draft", 1), ("size", -1), ("_id", -1)])

    def write(self, draft: str, found: list[Difference]) -> None:
        writes: list[ReplaceOne[Record]] = [
            ReplaceOne(
                {"_id": f"{draft}:{each.subject}"},
                {
                    "draft": draft,
                    "size": abs(each.change),
                    "subject": each.subject,
                    "organisation": each.organisation,
                    "points": each.points,
                    "band": each.band,
                    "points_then": each.points_then,
                    "band_then": each.band_then,
                },
                upsert=True,
            )
            for each in found
        ]
        if writes:
            with answering():
                self._rows.bulk_write(writes, ordered=False)

    def find(self, filter: Mapping[str, Any], *, sort: Any, limit: int) -> list[Document]:  # noqa: A002 - pymongo's name
        with answering():
            found = self._rows.find(dict(filter), sort=list(sort), limit=limit)
            return [Document(each["_id"], 1, each) for each in found]


def _difference(state: Mapping[str, Any]) -> Answer:
    now = state["points"]
    return {
        "subject": state["subject"],
        "organisation": state["organisation"],
        "points": None if now is None else in_points(now),
        "band": state["band"],
        "points_then": in_points(state["points_then"]),
        "band_then": state["band_then"],
        "change": in_points(state["points_then"] - (now or 0)),
    }


def _policy(policy: Policy) -> Answer:
    return {
        "policy": policy.id,
        "title": policy.title,
        "issuer": policy.issuer,
        "sample": policy.sample,
        "subject_kind": policy.subject,
        "kinds": list(policy.kinds),
        "effective_from": policy.effective_from,
        "effective_to": policy.effective_to,
        "indicators": [
            {
                "indicator": each.id,
                "title": dict(each.title),
                "article": each.article,
                "weight": in_points(each.weight),
            }
            for each in policy.leaves()
        ],
        "bands": [
            {"band": each.name, "title": dict(each.title), "least": in_points(each.least)}
            for each in policy.bands
        ],
    }


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
