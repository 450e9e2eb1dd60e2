"""Assessments and findings as commands: who asks is looked up, what is said is written with its event."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.documents import Document
from services.chassis.errors import Invalid, NotFound
from services.chassis.grants import denied
from services.chassis.identity import derived_id
from services.chassis.pages import page
from services.evaluation.assessments import model
from services.evaluation.assessments.model import FINDERS, REVIEWERS, Reviewer, Subject
from services.evaluation.indicators.model import MEMBER, ORGANISATION, SECRETARY, Policy
from services.evaluation.rulebook import Packs

Request = Mapping[str, Any]
Answer = dict[str, Any]
_SHOWN = ("subject_kind", "subject", "organisation", "year")


class Assessing:
    """What reviewers say. Every command is checked against the posts of the moment."""

    def __init__(self, application: Application, packs: Packs) -> None:
        self._app = application
        self._packs = packs
        self._assessments = application.documents("assessments")
        self._findings = application.documents("findings")
        # Year first would serve nobody: every list is of one organisation.
        application.indexes.declare("assessments", [("organisation", 1), ("year", 1), ("_id", 1)])

    # -- assessments ---------------------------------------------------------------------------

    def assess(self, request: Request) -> Answer:
        """Say it, or say it anew. Raises ``Forbidden`` by the rule of interest, ``Invalid`` by the policy."""
        person, subject, year = context.actor(), self.subject(request), request["year"]
        model.require_fit(self.reviewer(person), subject, REVIEWERS)
        policy = self.policy_of(subject, year)
        indicator = model.graded_by_hand(policy, request["indicator"])
        id_ = derived_id("assessment", subject.kind, subject.id, str(year), indicator.id, person)

        def decide(before: Mapping[str, Any] | None) -> model.Change:
            return model.give(
                before,
                id_=id_,
                subject=subject,
                year=year,
                policy=policy,
                indicator=indicator,
                grades=request["grades"],
                comment=request["comment"],
                by=person,
                today=self._app.clock.today(),
            )

        known = self._assessments.find_one({"_id": id_})
        if known is None:
            change = decide(None)
            written = self._assessments.create(id_, change.state, change.events)
        else:
            written = self._assessments.change(id_, decide)
        return _shown(written, by=True)

    def withdraw(self, request: Request) -> Answer:
        person, id_ = context.actor(), request["assessment"]
        written = self._assessments.change(
            id_,
            lambda state: model.withdraw(state, id_, person),
            expected_version=request["expected_version"],
        )
        return _shown(written, by=True)

    def several(self, request: Request) -> Answer:
        """What the caller may read of what was said in a year about one organisation and its people."""
        person, organisation = context.actor(), request["organisation"]
        path = self._path(organisation)
        above = self._holds(person, REVIEWERS, path[:-1])
        own = self._holds(person, ("secretary", "deputy_secretary"), path[-1:])
        if not above and not own and self._app.authority.belongs(person) != organisation:
            raise denied(REVIEWERS, "above")
        found = page(
            self._assessments,
            {"organisation": organisation, "year": request["year"]},
            order=[],
            limit=request["limit"],
            cursor=request.get("cursor"),
        )
        readable = [
            each
            for each in found.documents
            if above
            or (own and model.is_of_organisation(each.state))
            or person in (each.state["subject"], each.state["by"])
        ]
        return {
            "items": [_shown(each, by=above or each.state["by"] == person) for each in readable],
            "next": found.next,
        }

    # -- findings ------------------------------------------------------------------------------

    def record(self, request: Request) -> Answer:
        person, subject, year = context.actor(), self.subject(request), request["year"]
        model.require_fit(self.reviewer(person), subject, FINDERS)
        id_ = self._findings.id_for_command()
        change = model.record(
            id_,
            subject=subject,
            year=year,
            policies=[self.policy_of(subject, year)],
            name=request["name"],
            found_on=request["found_on"],
            reason=request["reason"],
            document_number=request["document_number"],
            by=person,
            today=self._app.clock.today(),
        )
        written = self._findings.create(id_, change.state, change.events)
        self._app.audit.append("finding.recorded", person, "finding", id_)
        return _finding(written)

    def lift(self, request: Request) -> Answer:
        person, id_ = context.actor(), request["finding"]
        found = self._findings.get(id_)
        model.require_fit(self.reviewer(person), self.subject(found.state), FINDERS)
        written = self._findings.change(
            id_,
            lambda state: model.lift(state, id_, request["reason"], self._app.clock.today()),
            expected_version=request["expected_version"],
        )
        self._app.audit.append("finding.lifted", person, "finding", id_)
        return _finding(written)

    # -- who ------------------------------------------------------------------------------------

    def subject(self, request: Request) -> Subject:
        """Who is meant; raises ``Invalid`` where nobody is, or where they are not scored there."""
        kind, id_ = request["subject_kind"], request["subject"]
        organisation = id_ if kind == ORGANISATION else request.get("organisation")
        if kind == MEMBER and organisation is None:
            organisation = self._app.authority.belongs(id_)
        if organisation is None:
            raise Invalid("assessment.where", fields={"organisation": ["assessment.where"]})
        path = self._path(organisation)
        node = self._app.authority.node(organisation)
        assert node is not None, "what has a path is known"
        belongs = {
            ORGANISATION: True,
            SECRETARY: id_ in self._app.authority.holders(organisation, ("secretary",)),
            MEMBER: self._app.authority.belongs(id_) == organisation,
        }
        if not belongs[kind]:
            raise Invalid("assessment.not_there", fields={"subject": ["assessment.not_there"]})
        return Subject(kind, id_, organisation, node.kind, path)

    def policy_of(self, subject: Subject, year: int) -> Policy:
        """The policy that scores the subject in ``year``; raises ``Invalid`` without one."""
        found = self._packs.rulebook.scoring.policy_of(subject.kind, subject.organisation_kind, year)
        if found is None:
            raise Invalid("assessment.not_scored", fields={"subject": ["assessment.not_scored"]})
        return found

    def reviewer(self, person: str) -> Reviewer:
        """The person with the posts that count today, and where they belong."""
        home = self._app.authority.belongs(person)
        posts = tuple((grant.role, grant.node) for grant in self._app.authority.grants(person))
        return Reviewer(person, posts, self._path(home) if home else ())

    def _path(self, organisation: str) -> tuple[str, ...]:
        if self._app.authority.node(organisation) is None:
            raise NotFound("organisation.not_found")
        return tuple(self._app.authority.path(organisation))

    def _holds(self, person: str, roles: Collection[str], nodes: Collection[str]) -> bool:
        return any(
            grant.role in roles and grant.node in nodes for grant in self._app.authority.grants(person)
        )


def _shown(document: Document, *, by: bool) -> Answer:
    state = document.state
    return {
        "id": document.id,
        "version": document.version,
        **{name: state[name] for name in (*_SHOWN, "indicator", "policy", "grades", "comment", "withdrawn")},
        "by": state["by"] if by else None,
        "on": _day(state["on"]),
    }


def _finding(document: Document) -> Answer:
    state = document.state
    lifted = state["lifted_on"]
    return {
        "id": document.id,
        "version": document.version,
        **{name: state[name] for name in (*_SHOWN, "name", "reason", "document_number", "lifted_because")},
        "found_on": _day(state["found_on"]),
        "lifted_on": _day(lifted) if lifted else None,
    }


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
