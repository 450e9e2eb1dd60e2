"""Commands of exemptions: asked for by who answers for it, decided by the level above, audited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.audit import Audit
from services.chassis.authority import Authority
from services.chassis.clock import Clock
from services.chassis.documents import Document, Documents
from services.chassis.envelope import Event
from services.chassis.errors import Invalid, NotFound
from services.chassis.pages import page
from services.chassis.store import Store
from services.chassis.transactions import in_transaction
from services.evaluation.access import Access
from services.evaluation.duties.projector import DutyProjector
from services.evaluation.obligations import exemptions as model
from services.evaluation.obligations.exemptions import EVERY_RULE, exempt_of
from services.evaluation.projection.projector import Projector
from services.evaluation.projection.rulebook import Rulebook

ASKERS = ("secretary", "deputy_secretary", "organisation_commissioner", "group_leader", "administrator")
DECIDERS = ("secretary", "deputy_secretary", "organiser", "administrator")
Answer = dict[str, Any]


class Exempting:
    """Exemptions as documents; the standings and sheets take over what was decided of each."""

    def __init__(
        self,
        *,
        database: Store,
        documents: Documents,
        clock: Clock,
        authority: Authority,
        access: Access,
        audit: Audit,
        rulebook: Callable[[], Rulebook],
        projector: Projector,
        duties: DutyProjector,
    ) -> None:
        self._database = database
        self._exemptions = documents
        self._clock = clock
        self._authority = authority
        self._access = access
        self._audit = audit
        self._rulebook = rulebook
        self._projector = projector
        self._duties = duties

    def ask(self, request: Mapping[str, Any]) -> Answer:
        """Ask for one; ``Forbidden`` without a post there or above, ``Invalid`` for an unknown rule."""
        actor, organisation = context.actor(), request["organisation"]
        self._access.require(organisation)
        self._authority.require(actor, ASKERS, organisation)
        path = self._authority.path(organisation)
        person = request.get("person")
        if person is not None and self._authority.belongs(person) not in self._authority.subtree(
            organisation
        ):
            raise NotFound("person.not_found")
        self._refuse_unknown_rule(request["rule"], personal=person is not None)
        subject = self._exemptions.id_for_command()
        decided_at = path[-2] if len(path) > 1 else path[-1]
        change = model.ask(
            request, subject=subject, decided_at=decided_at, by=actor, today=self._clock.today()
        )
        created = self._exemptions.create(subject, change.state, change.events, respond=_answer)
        return dict(created.response or _answer(created))

    def decide(self, request: Mapping[str, Any]) -> Answer:
        """The level above approves or refuses; the decision and its entry in the audit are one write."""
        return self._decided(
            request,
            "exemption.approved" if request["approve"] else "exemption.refused",
            lambda state, by, today: model.decide(
                state,
                subject=request["exemption"],
                approve=request["approve"],
                comment=request.get("comment"),
                by=by,
                today=today,
            ),
        )

    def end(self, request: Mapping[str, Any]) -> Answer:
        """The level above takes an approved one back."""
        return self._decided(
            request,
            "exemption.ended",
            lambda state, by, today: model.end(
                state, subject=request["exemption"], comment=request["comment"], by=by, today=today
            ),
        )

    def list(self, request: Mapping[str, Any]) -> Answer:
        """Those of the organisation and all below it that the caller may see; the newest last day first."""
        organisation = request["organisation"]
        self._access.require_post(organisation)
        wanted: dict[str, Any] = {"organisation": {"$in": sorted(self._authority.subtree(organisation))}}
        if "state" in request:
            wanted["state"] = request["state"]
        found = page(
            self._exemptions,
            wanted,
            order=[("last_on", -1)],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        return {"items": [_answer(each) for each in found.documents], "next": found.next}

    def apply(self, event: Event) -> None:
        """Let standings and sheets take over what is decided of the exemption by now. Idempotent."""
        found = self._exemptions.get(event.data["exemption"])
        exempt = exempt_of(found.id, found.state, found.version)
        if found.state["person"] is None:
            self._projector.exempt(found.state["organisation"], exempt)
        self._duties.exempt(exempt)

    def explain(self, exemption: str) -> Mapping[str, Any] | None:
        """What was decided, for whoever may read what it exempts from; None for an unknown one."""
        found = self._exemptions.find_one({"_id": exemption})
        return found.state if found else None

    # -- within --------------------------------------------------------------------------------

    def _decided(self, request: Mapping[str, Any], action: str, decide: Any) -> Answer:
        actor = context.actor()
        found = self._exemptions.get(request["exemption"])
        at_root = found.state["decided_at"] == found.state["organisation"]
        self._authority.require(actor, DECIDERS, found.state["organisation"], above=not at_root)
        decided: list[Document] = []

        def body() -> None:
            decided[:] = [
                self._exemptions.change(
                    found.id,
                    lambda state: decide(state, actor, self._clock.today()),
                    expected_version=request.get("expected_version"),
                    respond=_answer,
                )
            ]
            self._audit.append(action, actor, "exemption", found.id, request.get("comment"))

        in_transaction(self._database, body)
        return dict(decided[0].response or _answer(decided[0]))

    def _refuse_unknown_rule(self, rule: str, *, personal: bool) -> None:
        today: date = self._clock.today()
        rules = [each for each in self._rulebook().rules_on(today) if each.personal == personal]
        known = sorted(each.id for each in rules)
        if rule not in (*known, EVERY_RULE):
            raise Invalid(
                "exemption.rule",
                fields={"rule": ["exemption.rule"]},
                params={"accepted": ", ".join((*known, EVERY_RULE))},
            )


def _answer(document: Document) -> Answer:
    return {**document.state, "id": document.id, "version": document.version}
