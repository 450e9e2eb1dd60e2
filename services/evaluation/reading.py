"""What evaluation answers: obligations, duties and scores, to those who may read them, with their reasons."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from services.chassis.catalogue import Catalogue
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.pages import page
from services.chassis.policies import Pack
from services.chassis.store import Store
from services.evaluation.access import Access
from services.evaluation.obligations.model import OUTSTANDING, OVERDUE
from services.evaluation.obligations.store import ObligationRows
from services.evaluation.projection.model import Standing, breakdown, owed_by
from services.evaluation.projection.store import Standings
from services.evaluation.projection.units import Units
from services.evaluation.rulebook import Packs
from services.evaluation.scores.model import Line, in_points
from services.evaluation.scores.store import YearScores

Answer = dict[str, Any]


class Reading:
    """Every answer is checked against the caller's posts and membership, at the time of asking."""

    def __init__(
        self,
        *,
        database: Store,
        clock: Clock,
        catalogue: Catalogue,
        access: Access,
        packs: Packs,
        rows: ObligationRows,
        standings: Standings,
        units: Units,
    ) -> None:
        self._database = database
        self._clock = clock
        self._texts = catalogue
        self._access = access
        self._packs = packs
        self._rows = rows
        self._standings = standings
        self._units = units

    # -- obligations ---------------------------------------------------------------------------

    def list_obligations(self, request: Mapping[str, Any]) -> Answer:
        wanted = self._within("organisation", request)
        wanted.update({name: request[name] for name in ("state", "rule", "year") if name in request})
        found = page(
            self._rows,
            wanted,
            order=[("due_on", -1)],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        return {"items": [self._obligation(each) for each in found.documents], "next": found.next}

    def get_obligation(self, request: Mapping[str, Any]) -> Answer:
        return self._obligation(self._readable_row(request["obligation"]))

    def explain_obligation(self, request: Mapping[str, Any]) -> Answer:
        row = self._readable_row(request["obligation"])
        obligation = self._obligation(row)
        standing = self._standing(obligation["organisation"])
        facts = {**obligation, "taken": len(obligation["evidence"])}
        return {
            "obligation": obligation,
            "reasons": [
                self._texts.render(f"obligation.owed.{obligation['rule']}", facts),
                self._texts.render("obligation.window", facts),
                self._texts.render(f"obligation.because.{obligation['state']}", facts),
            ],
            "records": _records(standing, obligation["evidence"]),
            "source": self._source(obligation["pack"], obligation["rule"]),
        }

    def my_duties(self, request: Mapping[str, Any]) -> Answer:
        organisations = self._access.duties()
        owed = self._rows.outstanding(organisations)
        counts = {state: sum(each.state["state"] == state for each in owed) for state in OUTSTANDING}
        urgent = sorted(owed, key=lambda each: each.state["state"] != OVERDUE)
        return {
            "today": self._clock.today(),
            "organisations": sorted(organisations),
            "counts": counts,
            "items": [self._obligation(each) for each in urgent[: request["limit"]]],
        }

    # -- scores --------------------------------------------------------------------------------

    def get_score(self, request: Mapping[str, Any]) -> Answer:
        self._access.require(request["organisation"])
        return self._score(self._year(request).get(request["organisation"]))

    def list_scores(self, request: Mapping[str, Any]) -> Answer:
        found = page(
            self._year(request),
            self._within("_id", request),
            order=[],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        return {"items": [self._score(each) for each in found.documents], "next": found.next}

    def explain_score(self, request: Mapping[str, Any]) -> Answer:
        """The score as recomputed from the evidence as it is now: what it says is what it counts."""
        organisation, year = request["organisation"], request.get("year") or self._clock.today().year
        self._access.require(organisation)
        score = self._score(YearScores(self._database, year).get(organisation))
        standing = self._standing(organisation)
        rulebook = self._packs.rulebook
        worth = breakdown(standing, rulebook, owed_by(standing, rulebook), year)
        if worth is None:
            raise NotFound("score.not_found")
        told = {
            **score,
            "points": in_points(worth.points),
            "band": worth.band,
            "evidence": worth.evidence,
            "policy": worth.policy,
        }
        return {
            "score": told,
            "summary": self._texts.render(f"score.summary.{worth.band}", told),
            "lines": [self._line(line) for line in worth.lines],
            "source": self._source(worth.policy, "frequency"),
        }

    # -- within --------------------------------------------------------------------------------

    def _within(self, field: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """What is asked for and may be read; no condition at all where that is the whole tree."""
        if not (request.get("organisation") or request.get("mine")) and self._access.reaches_everything():
            return {}
        return {field: {"$in": sorted(self._scope(request))}}

    def _scope(self, request: Mapping[str, Any]) -> Collection[str]:
        organisation = request.get("organisation")
        scope = self._access.below(organisation) if organisation else self._access.readable()
        return scope & self._access.own() if request.get("mine") else scope

    def _readable_row(self, obligation: str) -> Document:
        row = self._rows.get(obligation)
        self._access.require(row.state["organisation"])
        return row

    def _standing(self, organisation: str) -> Standing:
        unit = self._units.before(organisation)
        met = self._standings.one(unit) if unit else None
        if met is None:
            raise NotFound("organisation.not_found")
        return met.standing

    def _year(self, request: Mapping[str, Any]) -> YearScores:
        return YearScores(self._database, request.get("year") or self._clock.today().year)

    def _obligation(self, row: Document) -> Answer:
        return {**row.state, "id": row.id, "version": row.version, "title": self._title(row.state["rule"])}

    def _score(self, document: Document) -> Answer:
        scored = document.state["scored"]
        return {
            "organisation": document.id,
            "year": document.state["year"],
            "version": document.version,
            "points": in_points(scored.points),
            "band": scored.band,
            "policy": scored.policy,
            "evidence": scored.evidence,
            "as_of": date.fromisoformat(document.state["as_of"]),
            "indicators": [
                {
                    "indicator": name,
                    "title": self._title(name),
                    "points": in_points(points),
                    "most": in_points(most),
                }
                for name, points, most in scored.indicators
            ],
        }

    def _line(self, line: Line) -> Answer:
        kind = "frequency" if line.indicator.startswith("frequency.") else line.indicator
        # The texts say themselves what is given and what is taken away.
        facts = {**line.facts, "points": in_points(abs(line.points)), "most": in_points(line.most)}
        return {
            "indicator": line.indicator,
            "title": self._title(line.indicator),
            "text": self._texts.render(f"score.because.{kind}", facts),
            "points": in_points(line.points),
            "most": in_points(line.most),
            "records": list(line.records),
            "obligations": list(line.obligations),
        }

    def _title(self, indicator: str) -> dict[str, str]:
        return self._texts.render(f"title.{indicator.removeprefix('frequency.')}")

    def _source(self, pack_id: str, parameter: str) -> Answer:
        pack: Pack = self._packs.by_id[pack_id]
        found = pack.parameters[parameter]
        return {
            "pack": pack.id,
            "title": pack.title,
            "document_number": pack.document_number,
            "issuer": pack.issuer,
            "article": found.article,
            "hardness": found.hardness,
            "confidence": found.confidence,
        }


def _records(standing: Standing, activities: Collection[str]) -> list[Answer]:
    return [
        {
            "activity": each.activity,
            "organisation": each.organisation,
            "kind": each.kind,
            "held_on": each.held_on,
            "late": each.late,
        }
        for each in (standing.evidence.get(activity) for activity in activities)
        if each is not None
    ]
