"""Ratings to those who may read them: one, lists, what is public, and a report of all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.pages import page
from services.evaluation.projection.units import Units
from services.evaluation.ratings.parties import Parties
from services.evaluation.ratings.reports import Report
from services.evaluation.ratings.shown import entry_shown, public_shown, rating_shown
from services.evaluation.ratings.store import Results
from services.evaluation.rulebook import Packs

Request = Mapping[str, Any]
Answer = dict[str, Any]


class RatingReading:
    """Every answer but the public one is checked against who asks."""

    def __init__(
        self, application: Application, packs: Packs, units: Units, parties: Parties, results: Results
    ) -> None:
        self._app = application
        self._packs = packs
        self._units = units
        self._parties = parties
        self._results = results

    def get(self, request: Request) -> Answer:
        rating = self._results.ratings.get(request["rating"])
        self._parties.require_reader(rating)
        return rating_shown(rating)

    def several(self, request: Request) -> Answer:
        found = page(
            self._results.ratings,
            {"year": request["year"]},
            order=[],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        readable = [each for each in found.documents if self._parties.may_read(each)]
        return {"items": [rating_shown(each) for each in readable], "next": found.next}

    def entries(self, request: Request) -> Answer:
        rating = self._results.ratings.get(request["rating"])
        self._parties.require_reader(rating)
        wanted: dict[str, Any] = {"rating": rating.id}
        found = page(
            self._results.entries,
            wanted,
            order=[("organisation", 1)],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        readable = [each for each in found.documents if self._parties.may_see(rating, each)]
        return {"items": [entry_shown(each) for each in readable], "next": found.next}

    def public(self, request: Request) -> Answer:
        """Published results of organisations; whoever asks is not looked at."""
        found = page(
            self._results.entries,
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
        person, rating = context.actor(), self._results.ratings.get(request["rating"])
        self._parties.require_closer(rating.state["organisation"])
        self._app.audit.append("rating.exported", person, "rating", rating.id)
        entries = self._results.taken_down(rating.id)
        return Report(
            rating=rating.state,
            policy=self._packs.scored_by(rating.state["policy"]),
            entries=entries,
            names=self._units.names({each["organisation"] for each in entries}),
            catalogue=self._app.catalogue,
            language=request["language"],
        )
