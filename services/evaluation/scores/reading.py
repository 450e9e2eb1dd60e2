"""What evaluation answers about scores, to those who may read them: the score, its reasons, its way."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.catalogue import Catalogue
from services.chassis.clock import Clock
from services.chassis.documents import Document
from services.chassis.errors import Invalid, NotFound
from services.chassis.pages import OneAfterAnother, page
from services.chassis.policies import Pack
from services.chassis.store import Store
from services.contracts.evaluation_scores_rpc import BURDEN_KINDS
from services.evaluation.access import Access
from services.evaluation.duties.store import Sheets, Words
from services.evaluation.projection.standing import Standing
from services.evaluation.projection.store import Standings
from services.evaluation.projection.turning import AT_ONCE
from services.evaluation.rulebook import Packs
from services.evaluation.scores import supposing
from services.evaluation.scores.burden import Ask, Costs, burden, by_records, by_sheet
from services.evaluation.scores.explaining import reasons, share, title_of
from services.evaluation.scores.model import UNRATED, Breakdown, in_points
from services.evaluation.scores.series import rolled
from services.evaluation.scores.store import YearScores

Answer = dict[str, Any]


class ScoreReading:
    """Every answer is checked against the caller's posts and membership, at the time of asking."""

    def __init__(
        self,
        *,
        database: Store,
        clock: Clock,
        catalogue: Catalogue,
        access: Access,
        packs: Packs,
        standings: Standings,
        words: Words,
        sheets: Sheets,
        burden_pack: Pack,
    ) -> None:
        self._database = database
        self._clock = clock
        self._texts = catalogue
        self._access = access
        self._packs = packs
        self._standings = standings
        self._words = words
        self._sheets = sheets
        self._burden_pack = burden_pack
        self._costs = Costs.of(burden_pack)

    # -- as it stands --------------------------------------------------------------------------

    def get(self, request: Mapping[str, Any]) -> Answer:
        self._access.require(request["organisation"])
        return self._score(self._scores(request).get(request["organisation"]))

    def several(self, request: Mapping[str, Any]) -> Answer:
        organisation = request.get("organisation")
        units = self._access.below(organisation) if organisation else self._access.readable()
        found = page(
            OneAfterAnother(self._scores(request), "_id", units),
            {},
            order=[],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        return {"items": [self._score(each) for each in found.documents], "next": found.next}

    def roll_up(self, request: Mapping[str, Any]) -> Answer:
        """Organisations below an organisation, taken together by the children of it."""
        top = request["organisation"]
        below, kept = self._access.below(top), self._scores(request)
        found = kept.every() if self._access.reaches_everything(top) else kept.of(below)
        scores = [each for each in found if each.id in below]
        by_child: dict[str, list[Document]] = {}
        for each in scores:
            path = self._access.path(each.id)
            at = path.index(top)
            by_child.setdefault(path[at + 1] if at + 1 < len(path) else top, []).append(each)
        return {
            "year": self._year(request),
            "whole": _rolled(top, scores),
            "parts": [_rolled(child, by_child[child]) for child in sorted(by_child) if child != top],
        }

    # -- why -----------------------------------------------------------------------------------

    def explain(self, request: Mapping[str, Any]) -> Answer:
        """The score as recomputed from the evidence as it is now: what it says is what it counts."""
        organisation, year = request["organisation"], self._year(request)
        self._access.require(organisation)
        score = self._score(self._scores(request).get(organisation))
        worth = self._worth(self._standing(organisation), year)
        policy = self._packs.scored_by(worth.policy)
        told = {
            **score,
            "points": in_points(worth.points),
            "band": worth.band,
            "band_title": self._band_title(worth.policy, worth.band),
            "evidence": worth.evidence,
            "policy": worth.policy,
        }
        return {"score": told, "summary": self._summary(told), **reasons(self._texts, policy, worth)}

    def trend(self, request: Mapping[str, Any]) -> Answer:
        organisation, year = request["organisation"], self._year(request)
        self._access.require(organisation)
        standing = self._standing(organisation)
        today = max(standing.as_of, self._clock.today())
        found = list(supposing.months(standing, self._packs.rulebook, year, today))
        if not found:
            raise NotFound("score.not_found")
        return {
            "organisation": organisation,
            "year": year,
            "policy": found[-1].worth.policy,
            "months": [
                {
                    "month": each.label,
                    "as_of": each.as_of,
                    "points": in_points(each.worth.points),
                    "band": each.worth.band,
                    "indicators": [
                        share(
                            self._packs.scored_by(each.worth.policy), line.indicator, line.points, line.most
                        )
                        for line in each.worth.lines
                    ],
                }
                for each in found
            ],
        }

    def what_if(self, request: Mapping[str, Any]) -> Answer:
        organisation, year = request["organisation"], self._year(request)
        self._access.require(organisation)
        standing = self._standing(organisation)
        self._require_possible(standing, request["records"])
        now = self._worth(standing, year)
        then = self._worth(supposing.with_records(standing, request["records"]), year)
        before, after = _by_indicator(now), _by_indicator(then)
        differing = [
            id_ for id_ in dict.fromkeys((*before, *after)) if before.get(id_, 0) != after.get(id_, 0)
        ]
        return {
            "organisation": organisation,
            "year": year,
            "points": in_points(now.points),
            "band": now.band,
            "points_then": in_points(then.points),
            "band_then": then.band,
            "changes": [
                {
                    "indicator": id_,
                    "title": title_of(self._packs.scored_by(now.policy), id_),
                    "now": in_points(before.get(id_, 0)),
                    "then": in_points(after.get(id_, 0)),
                }
                for id_ in differing
            ],
        }

    def burden(self, request: Mapping[str, Any]) -> Answer:
        organisation, year = request["organisation"], self._year(request)
        self._access.require(organisation)
        least = 1 if self._access.holds_post(organisation) else self._costs.shown_from
        found = burden(self._asks(self._standing(organisation)), year, least=least)
        return {
            "organisation": organisation,
            "year": year,
            "records": found.whole.records,
            "fields_": found.whole.fields,
            "minutes": found.whole.minutes,
            "months": {month: each.minutes for month, each in found.months.items()},
            "kinds": [
                {
                    "kind": kind,
                    "title": self._texts.render(
                        f"score.{'asked' if kind in BURDEN_KINDS else 'kind'}.{kind}"
                    ),
                    "records": each.records,
                    "fields_": each.fields,
                    "minutes": each.minutes,
                    "article": self._burden_pack.parameters[kind if kind in BURDEN_KINDS else "form"].article,
                }
                for kind, each in found.kinds.items()
            ],
            "pack": self._burden_pack.id,
            "article": self._burden_pack.parameters["form"].article,
        }

    # -- within --------------------------------------------------------------------------------

    def _asks(self, standing: Standing) -> Iterator[Ask]:
        """All that the unit, its groups and whoever ever belonged there were asked for."""
        yield from by_records(standing.evidence.values(), self._costs)
        organisations = {id_: each.last for id_, each in standing.enrolled.items()}
        owners = sorted({*organisations, *self._words.belonged(list(organisations))})
        for first in range(0, len(owners), AT_ONCE):
            for met in self._sheets.met(owners[first : first + AT_ONCE]).values():
                yield from by_sheet(met.standing, organisations, self._costs)

    def _require_possible(self, standing: Standing, records: Sequence[Mapping[str, Any]]) -> None:
        wrong: dict[str, Any] = {}
        for at, each in enumerate(records):
            if each.get("organisation") and each["organisation"] not in standing.enrolled:
                wrong[f"records.{at}.organisation"] = ["score.not_of_the_unit"]
            if each["present"] + each["excused"] > each["expected"]:
                wrong[f"records.{at}.present"] = ["score.more_than_expected"]
        if wrong:
            raise Invalid("score.impossible", fields=wrong)

    def _year(self, request: Mapping[str, Any]) -> int:
        return int(request.get("year") or self._clock.today().year)

    def _scores(self, request: Mapping[str, Any]) -> YearScores:
        return YearScores(self._database, self._year(request))

    def _standing(self, organisation: str) -> Standing:
        met = self._standings.one(organisation)
        if met is None:
            raise NotFound("score.not_found")
        return met.standing

    def _worth(self, standing: Standing, year: int) -> Breakdown:
        found = supposing.worth(standing, self._packs.rulebook, year)
        if found is None:
            raise NotFound("score.not_found")
        return found

    def _score(self, document: Document) -> Answer:
        scored = document.state["scored"]
        return {
            "organisation": document.id,
            "year": document.state["year"],
            "version": document.version,
            "points": in_points(scored.points),
            "band": scored.band,
            "band_title": self._band_title(scored.policy, scored.band),
            "policy": scored.policy,
            "evidence": scored.evidence,
            "as_of": date.fromisoformat(document.state["as_of"]),
            "indicators": [share(self._packs.scored_by(scored.policy), *each) for each in scored.indicators],
        }

    def _summary(self, told: Answer) -> dict[str, str]:
        if told["band"] == UNRATED:
            return self._texts.render("score.summary.unrated", told)
        return {
            language: self._texts.render(
                "score.summary.rated", {**told, "band": told["band_title"][language]}
            )[language]
            for language in ("zh", "en")
        }

    def _band_title(self, policy: str, band: str) -> dict[str, str]:
        found = self._packs.scored_by(policy).band(band)
        return dict(found.title) if found else self._texts.render(f"score.band.{UNRATED}")


def _by_indicator(worth: Breakdown) -> dict[str, int]:
    return {line.indicator: line.points for line in worth.lines}


def _rolled(organisation: str, scores: Collection[Document]) -> Answer:
    found = rolled((each.state["scored"].points, each.state["scored"].band) for each in scores)
    figures = {"mean": found.mean, "lowest": found.lowest, "highest": found.highest}
    return {
        "organisation": organisation,
        "scored": found.scored,
        **{name: None if points is None else in_points(points) for name, points in figures.items()},
        "bands": found.bands,
    }
