"""What dossiers are judged by besides themselves: packs, working days, the places of a year."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document
from services.chassis.errors import NotFound
from services.chassis.identity import derived_id
from services.chassis.policies import Pack
from services.records.development import materials
from services.records.development import quota as rules
from services.records.development.history import History
from services.records.development.rulebook import RuleBook
from services.records.development.standing import Standing
from services.records.development.steps import STEPS
from services.records.development.verdict import Calendar
from services.records.directory.store import Directory, found_by

Answer = dict[str, Any]


class Arrangements:
    """Rules in force and places given; commands and questions about these."""

    def __init__(
        self,
        application: Application,
        directory: Directory,
        standing: Standing,
        packs: list[Pack],
        calendar: Calendar,
    ) -> None:
        self.calendar = calendar
        self.quotas = application.documents("development_quotas")
        application.indexes.declare("development_quotas", "admitted")
        self._directory = directory
        self._standing = standing
        self._catalogue = application.catalogue
        self._clock = application.clock
        self._packs = packs
        for pack in packs:  # packs that contradict each other are found at start
            RuleBook(packs).on(pack.effective_from)

    def book(self, organisation: str) -> RuleBook:
        """The rules for the dossiers kept at ``organisation``."""
        return RuleBook(self._packs, self._directory.authority.path(organisation))

    def steps(self, day: date | None) -> Answer:
        """The twenty-five steps with their papers, and the rules in force on ``day`` for the whole campus."""
        rulings = RuleBook(self._packs).on(day or self._clock.today())
        items = [
            {
                **vars(step),
                "title": self._catalogue.render(f"development_step.{step.id}"),
                "materials": [self.material(each) for each in materials.of_step(step.id, rulings)],
            }
            for step in STEPS
        ]
        told = [
            {**vars(ruling.parameter), "rule": name, "pack": ruling.pack.id}
            for name, ruling in sorted(rulings.items())
        ]
        return {"items": items, "rules": told}

    def template(self, code: str) -> Answer:
        """An outline of one paper as Markdown, in each language."""
        known = self.material(code)
        if f"development_material.{code}" not in self._catalogue:
            raise NotFound("development.material_unknown")
        texts = {
            language: materials.outline(title, known["template"][language])
            for language, title in known["title"].items()
        }
        return {"code": code, "title": known["title"], "outline": texts}

    def material(self, code: str) -> Answer:
        """What a paper is called and what it has to say."""
        return {
            "code": code,
            "title": self._catalogue.render(f"development_material.{code}"),
            "template": self._catalogue.render(f"development_template.{code}"),
        }

    # -- places of a year ----------------------------------------------------------------------

    def give_places(self, request: Answer) -> Answer:
        """Places for an organisation and all below it, from strictly above."""
        organisation, year = request["organisation"], request["year"]
        self._directory.organisation_named_in("organisation", organisation)
        self._standing.require_above(context.actor(), organisation)
        quota, given = _id(organisation, year), {"organisation": organisation, "year": year}
        places = request["places"]
        if self.quotas.find_one({"_id": quota}) is None:
            change = rules.give(quota, None, **given, places=places)
            return self.quotas.create(quota, change.state, change.events, respond=_shown).response or {}
        changed = self.quotas.change(
            quota, lambda before: rules.give(quota, before, **given, places=places), respond=_shown
        )
        return changed.response or {}

    def places(self, request: Answer) -> Answer:
        """The places given to an organisation for a year, and how many are taken."""
        if not self._standing.reads(context.actor(), request["organisation"]):
            raise NotFound("development_quotas.not_found")
        return _shown(self.quotas.get(_id(request["organisation"], request["year"])))

    def quota(self, organisation: str, year: int) -> Document | None:
        """The quota that counts: the organisation's own, else of the nearest above that has one."""
        path = self._directory.authority.path(organisation)
        found = {each.id: each for each in found_by(self.quotas, "_id", (_id(node, year) for node in path))}
        own = (found.get(_id(node, year)) for node in reversed(path))
        return next((each for each in own if each is not None), None)

    def left(self, quota: Document | None, dossier: str) -> int | None:
        """The places that ``dossier`` finds; None where there is no quota."""
        return rules.left(quota.state, dossier) if quota is not None else None

    def take(self, quota: Document, dossier: str) -> None:
        """``dossier`` takes a place; one of another year, of a decision made again, is free."""
        self.give_back(dossier, but=quota.id)
        self.quotas.change(quota.id, lambda before: rules.take(quota.id, before, dossier))

    def give_back(self, dossier: str, *, but: str | None = None) -> None:
        """The place that ``dossier`` took, if it did, is free again; the one of quota ``but`` stays."""
        found = self.quotas.find_one({"admitted": dossier})
        if found is not None and found.id != but:
            self.quotas.change(found.id, lambda before: rules.give_back(found.id, before, dossier))

    def left_behind(self, closed: Document) -> None:
        """The place of a dossier that was ``closed`` before anybody approved the admission is free again."""
        if History(closed.state).done("approval") is None:
            self.give_back(closed.id)


def _id(organisation: str, year: int) -> str:
    return derived_id("development_quota", organisation, str(year))


def _shown(quota: Document) -> Answer:
    return {"id": quota.id, **quota.state, "taken": len(quota.state["admitted"])}
