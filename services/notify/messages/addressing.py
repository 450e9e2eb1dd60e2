"""Where a message goes: the address of a person on a channel, opened at the last moment, or why not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.chassis.vault import SealBroken, Vault, mask_address, mask_phone
from services.contracts.kinds import ADDRESS_CHANNELS
from services.notify.channels.model import Channel
from services.notify.contacts.address_book import FIELD as ADDRESS
from services.notify.contacts.address_book import AddressBook
from services.notify.contacts.store import Contact, Contacts
from services.notify.reminders.model import Reason

PHONE = "phone"  # the field under which records seals it


@dataclass(frozen=True)
class Addressed:
    """An address as it is kept and as it is used; ``closed`` is why there is none."""

    sealed: str | None = None
    opened: str = field(default="", repr=False)
    closed: str | None = None


class Addresses:
    """Opens what contacts and the address book keep sealed. Nothing that it opened is kept."""

    def __init__(self, contacts: Contacts, book: AddressBook, vault: Vault) -> None:
        self._contacts = contacts
        self._book = book
        self._vault = vault

    def of(self, channel: str, recipients: Iterable[str]) -> Mapping[str, Addressed]:
        """The addresses of ``recipients`` on ``channel``."""
        wanted = list(dict.fromkeys(recipients))
        known = self._contacts.among(wanted)
        if channel in ADDRESS_CHANNELS:
            sealed = self._book.among(channel, wanted)
        else:
            sealed = {each.person: each.phone_sealed for each in known.values() if each.phone_sealed}
        return {person: self._of(channel, person, known.get(person), sealed.get(person)) for person in wanted}

    def opened(self, channel: str, sealed: str | None) -> str | None:
        """The address that a message went to; None where the key does not open it any more."""
        if sealed is None:
            return None
        try:
            return self._vault.open(_field(channel), sealed)
        except SealBroken:
            return None

    def masked(self, channel: str, sealed: str | None) -> str | None:
        """What is shown of an address that a message went to."""
        opened = self.opened(channel, sealed)
        if opened is None:
            return None
        return mask_phone(opened) if channel == Channel.SMS else mask_address(opened)

    def fingerprint(self, channel: str, address: str) -> str:
        """By what an address is found again in what is kept of a call."""
        return self._vault.fingerprint(_field(channel), address)

    def _of(self, channel: str, person: str, contact: Contact | None, sealed: str | None) -> Addressed:
        if contact is not None and not contact.active:
            return Addressed(closed=str(Reason.LEFT))
        if channel == Channel.INBOX:
            return Addressed(opened=person)
        if sealed is None:
            return Addressed(closed=str(Reason.NO_CONTACT))
        opened = self.opened(channel, sealed)
        return Addressed(sealed, opened) if opened is not None else Addressed(closed="contact_unreadable")


def _field(channel: str) -> str:
    return PHONE if channel == Channel.SMS else ADDRESS
