"""What evaluation answers: obligations and duties, to those who may read them, with their reasons."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from services.chassis.catalogue import Catalogue
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.pages import page
from services.chassis.policies import Pack
from services.evaluation.access import Access
from services.evaluation.obligations.model import OUTSTANDING, OVERDUE
from services.evaluation.obligations.store import ObligationRows
from services.evaluation.projection.model import Standing
from services.evaluation.projection.store import Standings
from services.evaluation.projection.units import Units
from services.evaluation.rulebook import Packs

Answer = dict[str, Any]


class Reading:
    """Every answer is checked against the caller's posts and membership, at the time of asking."""

    def __init__(
        self,
        *,
        clock: Clock,
        catalogue: Catalogue,
        access: Access,
        packs: Packs,
        rows: ObligationRows,
        standings: Standings,
        units: Units,
    ) -> None:
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

    def _obligation(self, row: Document) -> Answer:
        return {**row.state, "id": row.id, "version": row.version, "title": self._title(row.state["rule"])}

    def _title(self, rule: str) -> dict[str, str]:
        return self._texts.render(f"title.{rule}")

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
