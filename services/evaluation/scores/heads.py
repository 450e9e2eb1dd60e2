"""What the year of an organisation's secretary is worth so far, to the secretary and to those above."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.errors import NotFound
from services.evaluation.assessments.model import REVIEWERS
from services.evaluation.indicators.model import SECRETARY
from services.evaluation.rulebook import Packs
from services.evaluation.scores.explaining import reasons
from services.evaluation.scores.model import in_points, score
from services.evaluation.scores.subjects import Subjects


class HeadScores:
    """One secretary at a time, by the organisation: there is no list of persons with points."""

    def __init__(self, application: Application, packs: Packs, subjects: Subjects) -> None:
        self._app = application
        self._packs = packs
        self._subjects = subjects

    def explain(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The score of who was secretary last in the year, with its reasons; nothing is kept of it.

        Raises ``Forbidden`` to whoever is neither that secretary nor reviews from above, whose reading is
        on record; ``NotFound("score.not_found")`` where there is no secretary, no policy or no record.
        """
        organisation, person, today = request["organisation"], context.actor(), self._app.clock.today()
        year = int(request.get("year") or today.year)
        node = self._app.authority.node(organisation)
        if node is None:
            raise NotFound("organisation.not_found")
        head = self._subjects.head(organisation, None if year >= today.year else date(year, 12, 31))
        if head is None or head.subject != person:
            self._app.authority.require(person, REVIEWERS, organisation, above=True)
        rulebook = self._packs.rulebook
        policy = rulebook.scoring.policy_of(SECRETARY, node.kind, year)
        if head is None or policy is None:
            raise NotFound("score.not_found")
        ((_, material),) = self._subjects.materials([head], policy, rulebook, year)
        if material is None:
            raise NotFound("score.not_found")
        if head.subject != person:
            self._app.audit.append("score.read", person, "person", head.subject, f"{organisation} {year}")
        worth = score(policy, material)
        return {
            "organisation": organisation,
            "person": head.subject,
            "year": year,
            "policy": policy.id,
            "points": in_points(worth.points),
            "band": worth.band,
            **reasons(self._app.catalogue, policy, worth),
        }
