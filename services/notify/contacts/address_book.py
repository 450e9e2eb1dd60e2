"""The address book: where a person is reached other than by SMS, as they entered and proved it themselves."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from services.chassis import context
from services.chassis.application import Application
from services.chassis.catalogue import Catalogue
from services.chassis.contract import Change, NewEvent
from services.chassis.documents import Document
from services.chassis.errors import Conflict, Forbidden, Invalid, Unavailable
from services.chassis.identity import new_id
from services.chassis.store import reading_all
from services.chassis.vault import SealBroken, mask_address
from services.contracts.kinds import ADDRESS_CHANNELS
from services.contracts.notify_events import AddressesChanged
from services.notify.channels.lines import Line, first_to_take
from services.notify.channels.model import Accepted, Letter, NotReceived, Refused
from services.notify.contacts.model import check_address, code_asked, code_shown
from services.notify.contacts.preferences import PreferencesRegister
from services.notify.contacts.store import Contacts
from services.notify.reminders.rulebook import Rulebook
from services.notify.reminders.switches import SwitchBoard

COLLECTION = "addresses"
FIELD = "address"  # under which any address but a phone number is sealed
DIGITS = 6
ASKED_AT_ONCE = 500
_EMPTY: Mapping[str, Any] = {"addresses": {}, "codes": {}, "asked": {"on": None, "times": 0}}
Response = dict[str, Any]


class AddressBook:
    """One document per person, made with their first code. Only they themselves read or change it.

    An address counts once a code that was sent to it has come back, so that nobody leads their messages to
    somebody else. Until then it is not kept; then it is kept sealed.
    """

    def __init__(
        self,
        application: Application,
        contacts: Contacts,
        preferences: PreferencesRegister,
        rulebook: Rulebook,
        switches: SwitchBoard,
        *,
        lines: Callable[[], Sequence[Line]],
        patience: float,
    ) -> None:
        self._documents = application.documents(COLLECTION)
        self._vault = application.vault
        self._clock = application.clock
        self._catalogue: Catalogue = application.catalogue
        self._contacts = contacts
        self._preferences = preferences
        self._rulebook = rulebook
        self._switches = switches
        self._lines = lines
        self._patience = patience

    def among(self, channel: str, persons: Collection[str]) -> dict[str, str]:
        """The sealed address on ``channel`` of each of ``persons`` who has one."""
        found = self._documents.several(persons)
        kept = {each.id: each.state["addresses"].get(channel) for each in found}
        return {person: address["sealed"] for person, address in kept.items() if address}

    # -- calls ---------------------------------------------------------------------------------

    def get(self) -> Response:
        """The caller's own addresses, masked."""
        found = self._documents.find_one({"_id": context.actor()})
        return self._view(found or Document("", 0, dict(_EMPTY)))

    def ask_code(self, request: Response) -> Response:
        """Send a code to the address that is to be entered."""
        person, channel, address = self._caller(), request["channel"], request["address"]
        check_address(channel, address)
        if not self._serving(channel):
            accepted = ", ".join(self._served()) or "-"
            raise Conflict.at("channel", "address.no_provider", accepted=accepted)
        if self._switches.now().everything:
            raise Unavailable("address.paused")
        rules = self._rulebook.rules()
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        proof = self._proof(person, channel, address, code)
        now, today, source = self._clock.now(), self._clock.today(), rules.sources["address_code"]
        asked: list[str] = []

        def decide(state: Mapping[str, Any]) -> Change:
            after = code_asked(state, channel, proof, now, today, rules.address_code, source)
            asked[:] = [code]
            return Change(after, [])

        def respond(after: Document) -> Response:
            # What a repeat is told: of the code of a command that may have died here nothing is known.
            return {"channel": channel, "until": after.state["codes"][channel]["until"], "sent": False}

        self._begin(person)
        response = self._documents.change(person, decide, respond=respond).response or {}
        if asked:
            response["sent"] = self._send(person, channel, address, code)
        return response

    def set(self, request: Response) -> Response:
        """Keep an address whose code is shown."""
        person, channel, address = self._caller(), request["channel"], request["address"]
        check_address(channel, address)
        proof = self._proof(person, channel, address, request["code"])
        sealed, now = self._vault.seal(FIELD, address), self._clock.now()
        right = True

        def decide(state: Mapping[str, Any]) -> Change:
            nonlocal right
            after, right = code_shown(state, channel, proof, sealed, now)
            return Change(after, [_changed(person, after)] if right else [])

        if self._documents.find_one({"_id": person}) is None:
            raise Conflict("address.no_code")
        # A wrong guess is written as well, or there would be any number of them.
        changed = self._documents.change(
            person, decide, respond=lambda each: {**self._view(each), "right": right}
        )
        response = changed.response or {}
        if not response.pop("right"):
            raise Invalid.at("code", "address.code_wrong")
        return response

    def remove(self, request: Response) -> Response:
        """Forget an address, and a code that waits."""
        person, channel = context.actor(), request["channel"]

        def decide(state: Mapping[str, Any]) -> Change:
            after = {**state, "codes": {**state["codes"]}, "addresses": {**state["addresses"]}}
            after["codes"].pop(channel, None)
            had = after["addresses"].pop(channel, None)
            return Change(after, [_changed(person, after)] if had else [])

        if self._documents.find_one({"_id": person}) is None:
            return self.get()
        return self._documents.change(person, decide, respond=self._view).response or {}

    # -- when somebody has left ----------------------------------------------------------------

    def forget_who_left(self) -> int:
        """Remove addresses, and codes that wait, of people who are not there any more; of how many.

        By what is known of them now: who comes back before it is asked has lost nothing. It can be repeated.
        """
        with reading_all():
            persons = [str(each["_id"]) for each in self._documents.collection.find({}, {"_id": 1})]
        forgotten = 0
        for first in range(0, len(persons), ASKED_AT_ONCE):
            known = self._contacts.among(persons[first : first + ASKED_AT_ONCE])
            forgotten += sum(self._forget(person) for person, each in known.items() if not each.active)
        return forgotten

    def _forget(self, person: str) -> bool:
        had = False

        def decide(state: Mapping[str, Any]) -> Change | None:
            nonlocal had
            had = bool(state["addresses"] or state["codes"])
            after = {**state, "addresses": {}, "codes": {}}
            told = [_changed(person, after)] if state["addresses"] else []
            return Change(after, told) if had else None

        self._documents.change(person, decide)
        return had

    # -- within --------------------------------------------------------------------------------

    def _caller(self) -> str:
        person = context.actor()
        contact = self._contacts.get(person)
        if contact is not None and not contact.active:
            raise Forbidden("permission.denied")
        return person

    def _begin(self, person: str) -> None:
        if self._documents.find_one({"_id": person}) is not None:
            return
        # The command itself is the change that follows; another one may have begun the book in between.
        with context.entered(replace(context.current(), idempotency_key=None)), suppress(Conflict):
            self._documents.create(person, _EMPTY)

    def _proof(self, person: str, channel: str, address: str, code: str) -> str:
        return self._vault.fingerprint("address code", "\x1f".join((person, channel, address, code)))

    def _serving(self, channel: str) -> list[Line]:
        return [line for line in self._lines() if line.channel == channel and line.serves]

    def _served(self) -> list[str]:
        return [channel for channel in ADDRESS_CHANNELS if self._serving(channel)]

    def _send(self, person: str, channel: str, address: str, code: str) -> bool:
        """Whether a provider took it; raises where certainly none did, or the address was refused."""
        rules = self._rulebook.rules()
        language = self._preferences.of(person).language or rules.language
        params = {"code": code, "minutes": rules.address_code.minutes}
        text = self._catalogue.render("address.code", params)[language]
        letter = Letter(new_id(), address, text, recipient=person)
        answer = first_to_take(self._serving(channel), letter, self._clock.now, self._patience)
        if isinstance(answer, NotReceived):
            raise Unavailable("address.not_sent")
        if isinstance(answer, Refused):
            raise Invalid.at("address", "address.refused")
        return isinstance(answer, Accepted)

    def _masked(self, sealed: str) -> str | None:
        try:
            return mask_address(self._vault.open(FIELD, sealed))
        except SealBroken:
            return None

    def _view(self, book: Document) -> Response:
        kept = book.state["addresses"]
        return {
            "version": book.version,
            "items": [
                {
                    "channel": channel,
                    "address": self._masked(kept[channel]["sealed"]),
                    "since": kept[channel]["since"],
                }
                for channel in ADDRESS_CHANNELS
                if channel in kept
            ],
            "channels": self._served(),
        }


def _changed(person: str, state: Mapping[str, Any]) -> NewEvent:
    return AddressesChanged.of(person=person, channels=sorted(state["addresses"]))
