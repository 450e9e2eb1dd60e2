"""Who holds which office today, as records and the delegations tell."""

from __future__ import annotations

from collections.abc import Iterable

from services.chassis.authority import Authority
from services.notify.contacts.delegations import Delegations
from services.notify.contacts.model import Answering, Level, responsible
from services.notify.contacts.store import Contacts
from services.notify.reminders.rulebook import Rulebook


class Responsibility:
    """Answers who is responsible for an organisation today; looked up anew at each question."""

    def __init__(
        self, authority: Authority, rulebook: Rulebook, contacts: Contacts, delegations: Delegations
    ) -> None:
        self._authority = authority
        self._rulebook = rulebook
        self._contacts = contacts
        self._delegations = delegations

    def of(self, organisation: str, levels: Iterable[Level]) -> tuple[Answering, ...] | None:
        """Whoever answers for it at ``levels``; None where there is no such level."""
        return responsible(self, organisation, levels)

    # -- what the rule asks --------------------------------------------------------------------

    def heads(self, organisation: str) -> list[str]:
        """Who holds the first role of a head that anybody holds there."""
        return self._first_held(organisation, self._rulebook.rules().head_roles)

    def deputies(self, organisation: str) -> list[str]:
        """Who holds the first role of a deputy that anybody holds there."""
        return self._first_held(organisation, self._rulebook.rules().deputy_roles)

    def delegate(self, organisation: str, person: str) -> str | None:
        """Whom ``person`` delegated it to today; nobody where that one has left."""
        to = self._delegations.delegate(organisation, person)
        contact = self._contacts.get(to) if to else None
        return to if contact is not None and contact.active else None

    def parent(self, organisation: str) -> str | None:
        """The organisation above."""
        known = self._authority.node(organisation)
        return known.parent if known else None

    def _first_held(self, organisation: str, roles: Iterable[str]) -> list[str]:
        for role in roles:
            held = self._authority.holders(organisation, [role])
            if held:
                return sorted(held)
        return []
