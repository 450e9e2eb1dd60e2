"""The composition root of notify, and what its entrypoints ask: reminders, messages, receipts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from services.chassis import context
from services.chassis.application import Application
from services.chassis.envelope import Event
from services.chassis.errors import NotFound
from services.chassis.handling import circumstances
from services.chassis.policies import load_all
from services.chassis.rejections import Rejections
from services.chassis.working_days import WorkingCalendar
from services.contracts.authority import said_of
from services.contracts.campus_events import EventRejected
from services.contracts.records_events import OrganisationChanged, PersonChanged
from services.notify.access import Access
from services.notify.announcements.announcing import Announcing
from services.notify.announcements.model import KIND as ANNOUNCEMENT
from services.notify.channels.inbox import Inbox, InboxEntries
from services.notify.channels.providers import AT_SMS_URL
from services.notify.channels.wiring import lines_of
from services.notify.contacts.address_book import AddressBook
from services.notify.contacts.delegations import Delegations
from services.notify.contacts.offices import Responsibility
from services.notify.contacts.preferences import PreferencesRegister
from services.notify.contacts.store import Contact, Contacts, OrganisationNames
from services.notify.messages.addressing import Addresses
from services.notify.messages.calls import Calls
from services.notify.messages.model import Purpose, Stop, Verdict
from services.notify.messages.patience import Sending, read_sending
from services.notify.messages.reading import Reading
from services.notify.messages.receipts import Receipts
from services.notify.messages.sender import Sender
from services.notify.messages.store import Messages
from services.notify.messages.tallies import Tallies
from services.notify.reminders.following import FOLLOWED
from services.notify.reminders.releasing import Releasing
from services.notify.reminders.reminding import Reminding
from services.notify.reminders.rulebook import Rulebook
from services.notify.reminders.store import Allowances, Watches
from services.notify.reminders.switches import SwitchBoard
from services.notify.reminders.wording import Wording
from services.notify.requests.intake import Requests
from services.notify.templates.model import signed
from services.notify.templates.previewing import Previewing
from services.notify.templates.register import Templates

FOLDER = Path(__file__).parent


class Notify(Application):
    """Reminds those who answer for what is due, and knows what became of every message."""

    def compose(self) -> None:
        self.access = Access(self.authority)
        self.contacts = Contacts(self.database)
        self.names = OrganisationNames(self.database)
        self.watches = Watches(self.database)
        tallies = Tallies(self.database, [ANNOUNCEMENT])
        self.messages = Messages(self.database, self.bundled_documents("messages"), tallies)
        self.contacts.declare()
        self.watches.declare()
        self.messages.declare()
        self.rulebook = load_rulebook(self)
        self.preferences = PreferencesRegister(self, self.rulebook)
        self.delegations = Delegations(self, self.contacts, self.rulebook)
        self.templates = Templates(self, self.access, self.rulebook, FOLDER / "templates")
        self.switches = SwitchBoard(self, self.access)
        self.rejections = Rejections(self.documents("rejections"), self.clock, EventRejected)
        wording = Wording(self.names, self.catalogue)
        self.previewing = Previewing(self.templates, self.watches, wording, self.access)
        answering = Responsibility(self.authority, self.rulebook, self.contacts, self.delegations)
        self.reminding = Reminding(
            self.watches,
            self.messages,
            self.contacts,
            answering,
            self.preferences,
            self.templates,
            wording,
            self.rulebook,
            self.clock,
        )
        self.allowances = Allowances(self.database)
        self.releasing = Releasing(
            self.database,
            self.messages,
            self.allowances,
            self.switches,
            self.reminding,
            self.preferences,
            self.templates,
            self.rulebook,
            self.authority,
            self.clock,
            wake=lambda: self.sender.wake(),
        )
        self.requests = Requests(
            self.messages,
            self.contacts,
            answering,
            self.preferences,
            self.templates,
            self.rulebook,
            self.authority,
            self.vault,
            self.clock,
        )
        sending = load_sending()
        self.address_book = AddressBook(
            self,
            self.contacts,
            self.preferences,
            self.rulebook,
            self.switches,
            lines=lambda: self.sender.lines,
            patience=2 * sending.timeout_seconds,
        )
        self.addresses = Addresses(self.contacts, self.address_book, self.vault)
        self.calls = Calls(self.database)
        self.calls.declare()
        inbox = Inbox(self.database, self.clock)
        inbox.declare()
        self.inbox_entries = InboxEntries(self.database, self.clock)
        self.sender = Sender(
            self.messages,
            self.addresses,
            self.calls,
            self.clock,
            lines=lines_of(
                self.settings,
                inbox,
                sending,
                self.clock,
                self._template_id,
                still_asked=self.messages.asked_providers(),
            ),
            sending=sending,
            gate=self._gate,
        )
        self.reading = Reading(self.messages, self.addresses, self.access, self.authority)
        self.receipts = Receipts(
            self.messages, self.calls, self.addresses, self.clock, lambda: self.sender.lines
        )
        self.announcing = Announcing(
            self.documents("announcements"),
            self.messages,
            self.authority,
            self.jobs,
            self.clock,
            wake=lambda: self.sender.wake(),
            signature=self._announcement_signature,
        )

    def _announcement_signature(self) -> str:
        rules = self.rulebook.rules()
        return signed(rules.announcement_signature, rules.language)

    def _template_id(self, provider: str, key: str) -> str | None:
        """Under which id a provider knows one of our templates; None where it does not."""
        try:
            return self.templates.get(key).provider_templates.get(provider)
        except NotFound:
            return None

    def _gate(self, purposes: Sequence[Purpose], now: datetime) -> list[Verdict]:
        """Whether each of the messages may go out at ``now``."""
        chosen = self.preferences.among({each.recipient for each in purposes if each.recipient})

        def verdict(purpose: Purpose) -> Verdict:
            if purpose.kind == ANNOUNCEMENT and self.announcing.is_stopped(purpose.watch or ""):
                return Stop("announcement_stopped")
            return self.releasing.gate(purpose, now, chosen)

        return [verdict(each) for each in purposes]

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
        self.authority.apply(said_of(events))

    def keep_contacts(self, events: Sequence[Event]) -> None:
        """Where a person can be reached, what an organisation is called."""
        self.contacts.put(
            [
                Contact(
                    event.data["person"],
                    event.data["phone_sealed"],
                    event.data["active"],
                    event.data.get("number_fingerprint"),
                    sequence=event.sequence,
                )
                for event in events
                if event.contract is PersonChanged
            ]
        )
        self.names.put(
            (event.data["organisation"], event.data["name"], event.sequence)
            for event in events
            if event.contract is OrganisationChanged
        )

    def follow(self, events: Sequence[Event]) -> None:
        """What became of what is due, in order."""
        for event in events:
            with context.entered(circumstances(event)):
                self.reminding.follow(FOLLOWED[event.contract], event.data)

    def remind(self) -> None:
        """Take the steps that are due, and let go what may go out; repeating it changes nothing."""
        self.reminding.climb()
        self.releasing.release()

    def forget(self, today: date) -> None:
        """What was sent on days that are long over counts no more, and who left has no address any more."""
        self.allowances.forget(today - timedelta(days=7))
        self.address_book.forget_who_left()

    # -- calls ---------------------------------------------------------------------------------

    def accept_receipt(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The word of the provider at ``SMS_URL`` on a message that it took over."""
        applied = self.receipts.take_one(
            AT_SMS_URL, request["token"], request["reference"], request["status"]
        )
        stored = self.messages.get(request["reference"])
        return {"message": stored.id, "state": str(stored.message.state), "applied": applied}

    def take_reports(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """What a provider reports in its own words."""
        applied = self.receipts.take(
            request["provider"], request["token"], request["signature"], request["body"]
        )
        return {"code": 0, "msg": "OK", "result": 0, "errmsg": "OK", "applied": applied}

    def list_inbox(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The caller's own inbox."""
        items, following = self.inbox_entries.page(
            context.actor(), request["unread"], request.get("cursor"), request["limit"]
        )
        return {"items": items, "next": following}

    def mark_read(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The caller has read a message in their inbox."""
        return self.inbox_entries.mark_read(context.actor(), request["message"])

    def announce(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Tell everybody of an organisation and below."""
        channels = tuple(request["channels"])
        return self.announcing.announce(context.actor(), request["organisation"], request["text"], channels)

    def get_announcement(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """How far an announcement is."""
        return self.announcing.view(context.actor(), request["announcement"])

    def stop_announcement(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send nothing more of an announcement."""
        return self.announcing.stop(context.actor(), request["announcement"])

    def resume_announcement(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Make what a failed announcement lacks."""
        return self.announcing.resume(context.actor(), request["announcement"])


def load_rulebook(application: Application) -> Rulebook:
    """The packs of ``policies``; in the local profile with what differs there."""
    folder = FOLDER / "policies"
    calendars = application.packs("working-days-*.yaml")
    local = _yaml(folder / "reminders-local.yaml") if application.settings.local else {}
    packs = load_all(folder, "reminding-*.yaml")
    figures = application.packs("talks-*.yaml")
    return Rulebook(packs, figures, application.clock, WorkingCalendar.of(calendars), local)


def load_sending() -> Sending:
    """How patient the channel is."""
    return read_sending(_yaml(FOLDER / "policies" / "sending.yaml"))


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
