"""Intake: a request that keeps the rules becomes one message, held until it may go out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.chassis import context
from services.chassis.authority import Authority
from services.chassis.clock import Clock
from services.chassis.envelope import Event
from services.chassis.errors import NotFound, Permanent, Retryable
from services.chassis.vault import Vault
from services.contracts.records_events.directory import NUMBER
from services.notify.contacts.model import Level
from services.notify.contacts.offices import Responsibility
from services.notify.contacts.preferences import PreferencesRegister
from services.notify.contacts.store import Contact, Contacts
from services.notify.messages import model as messages_model
from services.notify.messages.model import Purpose
from services.notify.messages.store import Messages
from services.notify.reminders.model import Reason
from services.notify.reminders.rulebook import Rulebook
from services.notify.reminders.wording import filled
from services.notify.requests import model
from services.notify.templates.register import Templates

KIND = "campus"
ORDINARY, URGENT = 5, 3


class Requests:
    """The same reference of the same source is one message, however often and with whatever id it comes."""

    def __init__(
        self,
        messages: Messages,
        contacts: Contacts,
        responsibility: Responsibility,
        preferences: PreferencesRegister,
        templates: Templates,
        rulebook: Rulebook,
        authority: Authority,
        vault: Vault,
        clock: Clock,
    ) -> None:
        self._messages = messages
        self._contacts = contacts
        self._responsibility = responsibility
        self._preferences = preferences
        self._templates = templates
        self._rulebook = rulebook
        self._authority = authority
        self._vault = vault
        self._clock = clock

    def take(self, event: Event) -> None:
        """Take over what was asked for.

        Raises ``Permanent`` with the code of the rule that was broken, or ``request_differs`` where the
        reference asked for something else before; ``Retryable`` for an unknown person or organisation: the
        event that tells of it may be on its way.
        """
        said, now = event.data, self._clock.now()
        rules = self._rulebook.rules()
        model.check_allowed(said["template"], rules.campus_templates)
        template = self._templates.newest(said["template"])
        model.check(said, template, now)
        person, organisation, answers_as = self._recipient(said)
        chosen = self._preferences.of(person) if person else None
        language = (chosen.language if chosen else None) or rules.language
        channels = chosen.ways(rules.channels) if chosen else rules.channels
        words = filled(template, language, said["variables"])
        purpose = Purpose(
            channel=channels[0],
            channels=channels,
            kind=KIND,
            template=template.key,
            step="asked",
            organisation=organisation,
            obligation=None,
            round=0,
            recipient=person,
            answers_as=answers_as,
            language=language,
            text=words.text,
            variables=words.variables,
            priority=URGENT if said["urgent"] else ORDINARY,
            dedupe=f"campus/{event.source}/{said['reference']}",
            request={"requested_by": event.source, "event": event.id, "reference": said["reference"]},
        )
        if self._is_known(purpose):
            return
        refusal = self._preferences.refusal(person, KIND) if person else str(Reason.NO_HEAD)
        # Whoever sent it may claim to be anybody: nobody of ours acted.
        with context.entered(replace(context.current(), actor=None)):
            if refusal is not None:
                self._messages.create(purpose, messages_model.created(now, None, refusal))
            else:
                until = max(now, said.get("not_before", now))
                self._messages.create(purpose, messages_model.held(now, until, None))

    def _recipient(self, said: dict[str, Any]) -> tuple[str | None, str, str | None]:
        """Who gets it, the organisation that it is about, and as what."""
        if "organisation" not in said:
            contact = self._contact(said)
            home = self._authority.belongs(contact.person) if contact else None
            if contact is not None and not contact.active:
                raise Permanent("person_left", "person" if "person" in said else "number")
            # Without a home the other half of the same event is on its way.
            if contact is None or home is None:
                raise Retryable("unknown_person")
            return contact.person, home, None
        if self._authority.node(said["organisation"]) is None:
            raise Retryable("unknown_organisation")
        found = self._responsibility.of(said["organisation"], [Level.OWN])
        if not found:
            return None, said["organisation"], None
        return found[0].person, said["organisation"], found[0].label

    def _contact(self, said: dict[str, Any]) -> Contact | None:
        if "person" in said:
            return self._contacts.get(said["person"])
        return self._contacts.numbered(self._vault.fingerprint(NUMBER, said["number"]))

    def _is_known(self, purpose: Purpose) -> bool:
        try:
            before = self._messages.get(purpose.message_id).purpose
        except NotFound:
            return False
        same = model.is_the_same(before, purpose)
        if not same and before.request and before.request["event"] != (purpose.request or {})["event"]:
            raise Permanent("request_differs", "reference")
        return True
