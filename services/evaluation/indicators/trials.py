"""A draft is tried on the evidence of a year, by a job: whose score would change, and by how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pymongo import ReplaceOne

from services.chassis.application import Application
from services.chassis.documents import Document, Documents
from services.chassis.job_attempts import Checkpoint, Job
from services.chassis.pages import Page, page
from services.chassis.store import Record, answering
from services.evaluation.indicators import drafting
from services.evaluation.indicators.drafting import Difference
from services.evaluation.indicators.model import Policy
from services.evaluation.rulebook import Packs
from services.evaluation.scores.model import score
from services.evaluation.scores.subjects import Subjects

TRIAL = "evaluation.try_policy"


class Trials:
    """What trials found, one row per draft and subject: written again, it is the same row."""

    def __init__(
        self,
        application: Application,
        packs: Packs,
        subjects: Subjects,
        drafts: Documents,
        read: Callable[[str], Policy],
    ) -> None:
        self._app = application
        self._packs = packs
        self._subjects = subjects
        self._drafts = drafts
        self._read = read
        self._rows = application.database["policy_trials"]
        application.indexes.declare("policy_trials", [("draft", 1), ("size", -1), ("_id", -1)])
        application.jobs.work(TRIAL, self._try)

    def of(self, draft: str, limit: int, cursor: str | None) -> Page:
        """Whose score would change under ``draft``, the greatest change first."""
        return page(self, {"draft": draft}, order=[("size", -1)], limit=limit, cursor=cursor)

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        """At most ``limit`` rows in the order of ``sort``."""
        with answering():
            found = self._rows.find(dict(filter), sort=list(sort), limit=limit)
            return [Document(each["_id"], 1, each) for each in found]

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
                self._write(draft.id, found)
                found = []
                checkpoint(done=done)
                self._drafts.change(draft.id, partial(drafting.reached, done=done, total=len(scored)))
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

    def _write(self, draft: str, found: list[Difference]) -> None:
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
