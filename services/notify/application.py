"""The composition root of notify, and what its entrypoints ask: reminders, messages, receipts."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from services.chassis import context
from services.chassis.application import Application
from services.chassis.envelope import Event
from services.chassis.errors import NotFound, Unauthenticated
from services.chassis.handling import circumstances
from services.chassis.settings import Settings
from services.chassis.vault import SealBroken, mask_phone
from services.contracts.evaluation_events import (
    ObligationExempted,
    ObligationFulfilled,
    ObligationMissed,
    ObligationOverdue,
    ObligationReopened,
)
from services.contracts.kinds import ROLES
from services.contracts.records_events import OrganisationChanged, PersonChanged, PostChanged
from services.notify.channels.sms import SmsChannel
from services.notify.contacts.store import Contact, Contacts, OrganisationNames
from services.notify.messages import model as messages_model
from services.notify.messages.model import Sending, read_sending
from services.notify.messages.sender import PHONE, Sender
from services.notify.messages.store import Messages, Stored
from services.notify.reminders.model import Ladder, Reason, read_ladder
from services.notify.reminders.reminding import Reminding
from services.notify.reminders.store import Watches
from services.notify.templates.model import Template, read_template

FOLDER = Path(__file__).parent


class Notify(Application):
    """Reminds those who answer for what was not held, and knows what became of every message."""

    def compose(self) -> None:
        self.contacts = Contacts(self.database)
        self.names = OrganisationNames(self.database)
        self.watches = Watches(self.database)
        self.messages = Messages(self.database, self.documents("messages"))
        self.watches.declare()
        self.messages.declare()
        ladder, templates, sending = self.policies()
        self.reminding = Reminding(
            self.watches,
            self.messages,
            self.contacts,
            self.names,
            self.authority,
            self.catalogue,
            self.clock,
            ladder=ladder,
            templates=templates,
            wake=lambda: self.sender.wake(),
        )
        url = self.settings.sms_url
        self.sender = Sender(
            self.messages,
            self.contacts,
            self.vault,
            self.clock,
            channel=SmsChannel(url, sending.timeout_seconds) if url else None,
            sending=sending,
            gate=self.reminding.gate,
        )

    def policies(self) -> tuple[Ladder, Mapping[str, Template], Sending]:
        """The ladder, the templates that it names, and how patient the channel is."""
        templates = load_templates()
        ladder = load_ladder(self.settings)
        missing = {rung.template for rung in ladder.rungs} - set(templates)
        if missing:
            raise ValueError(f"the ladder names templates that are not there: {sorted(missing)}")
        return ladder, templates, read_sending(_yaml(FOLDER / "policies" / "sending.yaml"))

    def start(self) -> None:
        super().start()
        self.sender.start()

    def rest(self) -> None:
        # First the calls in flight: their answers are still written and published.
        self.sender.stop()
        super().rest()

    # -- events --------------------------------------------------------------------------------

    def learn(self, events: Sequence[Event]) -> None:
        """Who belongs where and holds which post."""
        for event in events:
            self._learn(event)

    def keep_contacts(self, events: Sequence[Event]) -> None:
        """Where a person can be reached, what an organisation is called."""
        for event in events:
            self._keep_contact(event)

    def follow(self, events: Sequence[Event]) -> None:
        """What became of what was owed, in order."""
        for event in events:
            with context.entered(circumstances(event)):
                self._follow(event)

    def _learn(self, event: Event) -> None:
        told = event.data
        if event.contract is OrganisationChanged:
            self.authority.apply_node(
                told["organisation"],
                parent=told["parent"],
                path=told["path"],
                kind=told["kind"],
                active=told["active"],
                sequence=event.sequence,
            )
        elif event.contract is PersonChanged:
            self.authority.apply_member(
                told["person"], told["organisation"], told["active"], sequence=event.sequence
            )
        elif event.contract is PostChanged:
            self.authority.apply_grant(
                told["post"],
                person=told["person"],
                role=told["role"],
                node=told["organisation"],
                since=told["since"],
                until=told["until"],
                active=told["active"],
                sequence=event.sequence,
            )

    def _keep_contact(self, event: Event) -> None:
        told = event.data
        if event.contract is PersonChanged:
            self.contacts.put(Contact(told["person"], told["phone_sealed"], told["active"]))
        elif event.contract is OrganisationChanged:
            self.names.put(told["organisation"], told["name"])

    def _follow(self, event: Event) -> None:
        contract, told = event.contract, event.data
        if contract is ObligationOverdue:
            self.reminding.overdue(told)
        elif contract is ObligationReopened:
            self.reminding.reopened(told)
        elif contract is ObligationFulfilled:
            self.reminding.settled(told, Reason.FULFILLED)
        elif contract is ObligationMissed:
            self.reminding.settled(told, Reason.MISSED)
        elif contract is ObligationExempted:
            self.reminding.settled(told, Reason.EXEMPTED)

    # -- calls ---------------------------------------------------------------------------------

    def list_messages(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Messages in the caller's scope, newest first."""
        person = context.actor()
        wanted: dict[str, Any] = {}
        if "organisation" in request:
            self.authority.require(person, ROLES, request["organisation"])
            wanted["organisation"] = {"$in": self.authority.subtree(request["organisation"])}
        else:
            scope = self.authority.scope(person, ROLES)
            wanted["$or"] = [{"recipient": person}, {"organisation": {"$in": sorted(scope)}}]
        if "obligation" in request:
            wanted["watch"] = request["obligation"]
        if "state" in request:
            wanted["state"] = request["state"]
        found, following = self.messages.page(wanted, request.get("cursor"), request["limit"])
        return {"items": [self._view(each) for each in found], "next": following}

    def get_message(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """One message with every decision about it."""
        person = context.actor()
        stored = self.messages.get(request["message"])
        purpose = stored.purpose
        if person != purpose.recipient and not self.authority.may(person, ROLES, purpose.organisation):
            # Whoever may not read it may not learn that it exists.
            raise NotFound("messages.not_found")
        decisions = [
            {"at": each.at, "state": str(each.state), "reason": each.reason, "attempt": each.attempt}
            for each in stored.message.decisions
        ]
        return {**self._view(stored), "decisions": decisions}

    def accept_receipt(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The provider's word on a message that it took over."""
        expected = self.settings.sms_receipt_token
        given = request["token"] or ""
        if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
            raise Unauthenticated("receipt.token_wrong")
        changed = self.messages.change(
            request["reference"],
            lambda m: messages_model.receipt(m, request["status"], self.clock.now()),
        )
        stored = self.messages.get(request["reference"])
        return {"message": stored.id, "state": str(stored.message.state), "applied": changed is not None}

    def _view(self, stored: Stored) -> dict[str, Any]:
        purpose, message = stored.purpose, stored.message
        return {
            "message": stored.id,
            "version": stored.version,
            "state": str(message.state),
            "reason": message.reason,
            "channel": purpose.channel,
            "template": purpose.template,
            "step": purpose.step,
            "organisation": purpose.organisation,
            "obligation": purpose.obligation,
            "recipient": purpose.recipient,
            "phone": self._masked(stored.sent_to),
            "text": purpose.text,
            "attempts": message.attempts,
            "created_at": message.decisions[0].at,
            "changed_at": message.decisions[-1].at,
            "due_at": message.act_at if message.state in messages_model.WAITING else None,
        }

    def _masked(self, sealed: str | None) -> str | None:
        if sealed is None:
            return None
        try:
            return mask_phone(self.vault.open(PHONE, sealed))
        except SealBroken:
            return None


def load_ladder(settings: Settings) -> Ladder:
    """The ladder of ``policies/reminders.yaml``; in the local profile with what differs there."""
    raw = _yaml(FOLDER / "policies" / "reminders.yaml")
    if settings.local:
        raw = {**raw, **_yaml(FOLDER / "policies" / "reminders-local.yaml")}
    return read_ladder(raw)


def load_templates() -> dict[str, Template]:
    """Every version of every template, by its key; a file is named as what it holds."""
    found = {}
    for path in sorted((FOLDER / "templates").glob("*.yaml")):
        template = read_template(_yaml(path))
        if template.key != path.stem:
            raise ValueError(f"{path.name} holds {template.key}")
        found[template.key] = template
    return found


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
