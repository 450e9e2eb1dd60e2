"""Series, cohorts and exports, to those who may read the organisations that they are about."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

import eventlet

from services.chassis import context
from services.chassis.application import Application
from services.chassis.errors import Invalid, NotFound
from services.chassis.offload import offload, offloaded
from services.evaluation.access import Access
from services.evaluation.projection.store import Standings
from services.evaluation.rulebook import Packs
from services.evaluation.scores import series, supposing
from services.evaluation.scores.model import UNRATED, in_points
from services.evaluation.scores.store import YearScores

MOST_UNITS = 400  # of one export: about ten seconds of one processor
AT_ONCE = 50
SECONDS = 90.0
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
Request = Mapping[str, Any]
Answer = dict[str, Any]


class Judging:
    """Every figure is reckoned from the standings when it is asked for: nothing is kept twice."""

    def __init__(self, application: Application, access: Access, packs: Packs, standings: Standings) -> None:
        self._app = application
        self._access = access
        self._packs = packs
        self._standings = standings

    def export(self, request: Request) -> Answer:
        """All months of a year of every unit at and below an organisation, as a file; on record."""
        organisation, year = request["organisation"], request["year"]
        units = sorted(self._access.below(organisation))
        kept = self._format(request["format"])
        table = list(self._rows(self._scored(units, year), year))
        self._app.audit.append(
            "series.exported", context.actor(), "organisation", organisation, f"{year} {kept}"
        )
        if kept == "csv":
            content = base64.b64encode(series.as_csv(table)).decode()
        elif kept == "parquet":
            content = offload("services.evaluation.scores.series:parquet", {"rows": table}, timeout=SECONDS)
        else:
            with offloaded("services.chassis.sheets.writing:write", timeout=SECONDS) as writer:
                for piece in series.sheet(table):
                    writer.feed(piece)
                content = base64.b64encode(b"".join(writer.answer())).decode()
        return {"name": f"series-{year}.{kept}", "media_type": MEDIA_TYPES[kept], "content": content}

    def cohort(self, request: Request) -> Answer:
        """How an organisation stands among all rated of its kind, by indicator: quartiles, and no name."""
        organisation = request["organisation"]
        self._access.require(organisation)
        year = request.get("year") or self._app.clock.today().year
        scores = YearScores(self._app.database, year)
        own = scores.get(organisation).state["scored"]
        policy = self._packs.scored_by(own.policy)
        found = (each.state["scored"] for each in scores.every())
        others = [each for each in found if each.policy == own.policy and each.band != UNRATED]
        shares = {name: points for name, points, _ in own.indicators}
        figures = [(series.TOTAL, own.points, [each.points for each in others])]
        for name, points in shares.items():
            values = [points_ for each in others for name_, points_, _ in each.indicators if name_ == name]
            figures.append((name, points, values))
        items = []
        for name, points, values in figures:
            indicator = policy.indicator(name)
            spread = series.spread(values)
            items.append(
                {
                    "indicator": name,
                    "title": dict(indicator.title) if indicator else {"zh": "总分", "en": "Total"},
                    "points": in_points(points),
                    "count": len(values),
                    "lower": spread and in_points(spread.lower),
                    "median": spread and in_points(spread.median),
                    "upper": spread and in_points(spread.upper),
                }
            )
        return {"organisation": organisation, "year": year, "policy": own.policy, "items": items}

    def _format(self, wanted: str) -> str:
        if wanted == "parquet" and find_spec("arro3") is None:
            raise Invalid("series.no_parquet", fields={"format": ["series.no_parquet"]})
        return wanted

    def _scored(self, units: list[str], year: int) -> list[str]:
        scored = [each.id for each in YearScores(self._app.database, year).of(units)]
        if not scored:
            raise NotFound("score.not_found")
        if len(scored) > MOST_UNITS:
            params = {"most": MOST_UNITS, "units": len(scored)}
            raise Invalid("series.too_many", params=params, fields={"organisation": ["series.too_many"]})
        return scored

    def _rows(self, units: list[str], year: int) -> Iterator[tuple[Any, ...]]:
        today = self._app.clock.today()
        for first in range(0, len(units), AT_ONCE):
            met = self._standings.met(units[first : first + AT_ONCE])
            for unit in units[first : first + AT_ONCE]:
                months = supposing.months(met[unit].standing, self._packs.rulebook, year, today)
                yield from series.rows(unit, months)
                eventlet.sleep(0)  # heartbeats and other callers go on
