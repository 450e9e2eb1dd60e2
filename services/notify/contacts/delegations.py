"""Delegations: who answers reminders for whom, where and for how long, each recorded with its reason."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Document
from services.chassis.errors import Invalid, NotFound
from services.chassis.grants import denied
from services.chassis.pages import page
from services.chassis.transactions import in_transaction
from services.contracts.kinds import ROLES
from services.contracts.notify_events import DelegationChanged
from services.notify.contacts.model import Delegation, check_delegation
from services.notify.contacts.store import Contacts
from services.notify.reminders.rulebook import Rulebook

COLLECTION = "delegations"
WRITERS = ("secretary", "deputy_secretary", "organiser", "administrator")
Answer = dict[str, Any]


class Delegations:
    """A head lets somebody answer in their place; or the level above says so while a head is away."""

    def __init__(self, application: Application, contacts: Contacts, rulebook: Rulebook) -> None:
        self._documents = application.documents(COLLECTION)
        application.indexes.declare(COLLECTION, [("organisation", 1), ("until", -1), ("_id", -1)])
        self._application = application
        self._authority = application.authority
        self._clock = application.clock
        self._contacts = contacts
        self._rulebook = rulebook

    def delegate(self, organisation: str, person: str) -> str | None:
        """To whom ``person`` has delegated today; of several the one that was made last."""
        today = self._clock.today()
        counting = [each for each in self._running(organisation, today) if each.counts(today)]
        return next((each.to for each in counting if each.person == person), None)

    # -- calls ---------------------------------------------------------------------------------

    def delegate_reminders(self, request: Answer) -> Answer:
        """Record a delegation; repeated with its key it answers the same.

        By the head themselves, or from strictly above. Raises ``Forbidden``, ``NotFound`` for an unknown
        organisation, and what ``check_delegation`` raises.
        """
        actor, today, organisation = context.actor(), self._clock.today(), request["organisation"]
        rules = self._rulebook.rules()
        person = request["person"] or actor
        if person != actor:
            self._authority.require(actor, WRITERS, organisation, above=True)
        elif self._authority.node(organisation) is None:
            raise NotFound("node.not_found")
        heads = self._authority.holders(organisation, rules.head_roles)
        if person == actor and actor not in heads:
            raise denied(rules.head_roles, "here")
        asked = Delegation(
            organisation=organisation,
            person=person,
            to=request["to"],
            since=request["since"],
            until=request["until"],
            reason=request["reason"],
            by=actor,
        )
        made = self._documents.id_for_command()

        def commit() -> Document:
            repeated = self._documents.repeated(made)
            if repeated is not None:
                return repeated
            self._check_delegate(organisation, asked.to)
            running = self._running(organisation, asked.since)
            check_delegation(asked, running, heads=heads, today=today, most_days=rules.delegation_days)
            state = {**asdict(asked), "ended_by": None, "ended_because": None}
            kept = self._documents.create(made, state, [_told(made, asked)], respond=self._view)
            # Of two at the same instant both write the next entry of the audit: one is run again, and sees
            # the other's delegation.
            self._application.audit.append(
                "delegation.made", actor, "organisation", organisation, asked.reason
            )
            return kept

        return in_transaction(self._application.database, commit).response or {}

    def end(self, request: Answer) -> Answer:
        """End a delegation today, by whoever gave it or took it over, or from strictly above."""
        actor, today = context.actor(), self._clock.today()
        found = self._documents.get(request["delegation"])
        organisation = found.state["organisation"]
        concerned = actor in (found.state["person"], found.state["to"])
        if not concerned and not self._authority.may(actor, WRITERS, organisation):
            raise NotFound(f"{COLLECTION}.not_found")
        if not concerned and not self._authority.may(actor, WRITERS, organisation, above=True):
            raise denied(WRITERS, "above")

        def decide(state: Answer) -> Change | None:
            before = _delegation(state)
            if before.ended_on is not None or before.until < today:
                return None
            ended = {"ended_on": today.isoformat(), "ended_by": actor, "ended_because": request["reason"]}
            after = {**state, **ended}
            return Change(after, [_told(found.id, _delegation(after))])

        return self._documents.change(found.id, decide, respond=self._view).response or {}

    def listed(self, request: Answer) -> Answer:
        """Delegations of an organisation, the last to end first, for whoever holds a post there or above."""
        actor, organisation = context.actor(), request["organisation"]
        self._authority.require(actor, ROLES, organisation)
        found = page(
            self._documents,
            {"organisation": organisation},
            order=[("until", -1)],
            limit=request["limit"],
            cursor=request["cursor"],
        )
        return {"items": [self._view(each) for each in found.documents], "next": found.next}

    # -- within --------------------------------------------------------------------------------

    def _running(self, organisation: str, day: date) -> list[Delegation]:
        """Those of ``organisation`` that have not run out by ``day``, the one made last first."""
        wanted = {"organisation": organisation, "until": {"$gte": day.isoformat()}}
        found = self._documents.find(wanted, sort=(("until", -1), ("_id", -1)), limit=0)
        return [_delegation(each.state) for each in sorted(found, key=lambda each: each.id, reverse=True)]

    def _check_delegate(self, organisation: str, to: str) -> None:
        """Raises ``Invalid`` unless ``to`` belongs to the organisation or below, or holds a post there."""
        contact = self._contacts.get(to)
        home = self._authority.belongs(to)
        within = home is not None and home in self._authority.subtree(organisation)
        posts = any(grant.node == organisation for grant in self._authority.grants(to))
        if contact is None or not contact.active or not (within or posts):
            raise Invalid("delegation.to_unfit", fields={"to": ["delegation.to_unfit"]})

    def _view(self, document: Document) -> Answer:
        counts = _delegation(document.state).counts(self._clock.today())
        return {"delegation": document.id, "version": document.version, **document.state, "counts": counts}


def _delegation(state: Answer) -> Delegation:
    given = {name: state[name] for name in Delegation.__dataclass_fields__}
    days = ("since", "until", "ended_on")
    return Delegation(
        **{**given, **{day: date.fromisoformat(given[day]) if given[day] else None for day in days}}
    )


def _told(id: str, each: Delegation) -> NewEvent:  # noqa: A002 - the field's name
    return DelegationChanged.of(
        delegation=id,
        organisation=each.organisation,
        person=each.person,
        to=each.to,
        since=each.since,
        until=each.until,
        ended_on=each.ended_on,
    )
