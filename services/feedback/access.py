"""Who may handle and who may read, by the posts they hold; what speaks about a head is kept from them."""

from __future__ import annotations

from collections.abc import Collection

from services.chassis.authority import Authority
from services.chassis.errors import Forbidden
from services.contracts.kinds import OPINION_HANDLERS, OPINION_READERS
from services.feedback.opinions.model import is_kept_from

HANDLERS, READERS = OPINION_HANDLERS, OPINION_READERS


class Access:
    """Handlers and readers hold a post at the responsible organisation or above it."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def may_handle(self, person: str, organisation: str, kept_from: Collection[str]) -> bool:
        """Whether ``person`` may deal with what ``organisation`` has to answer."""
        return self.may(person, HANDLERS, organisation, kept_from)

    def require_handler(self, person: str, organisation: str, kept_from: Collection[str]) -> None:
        """As ``may_handle``; raises ``Forbidden("permission.denied")``."""
        if not self.may_handle(person, organisation, kept_from):
            raise Forbidden("permission.denied")

    def may_read(self, person: str, organisation: str, kept_from: Collection[str]) -> bool:
        """Whether ``person`` may read what ``organisation`` has to answer."""
        return self.may(person, READERS, organisation, kept_from)

    def may(self, person: str, roles: Collection[str], organisation: str, kept_from: Collection[str]) -> bool:
        """Whether ``person`` holds one of ``roles`` over ``organisation``, and nothing is kept from them."""
        if self.is_kept_from(person, kept_from):
            return False
        return self._authority.may(person, roles, organisation)

    def is_kept_from(self, person: str, kept_from: Collection[str]) -> bool:
        """Whether ``person`` is one of those it is kept from, by name or by a post that they hold today."""
        return is_kept_from(kept_from, person, self.posts_at(person))

    def reach(self, person: str, organisation: str | None) -> list[str]:
        """The organisations whose opinions ``person`` reads, below ``organisation`` where it is given.

        Raises ``Forbidden`` where that is none, ``NotFound`` for an unknown organisation.
        """
        if organisation is not None:
            self._authority.require(person, READERS, organisation)
            return sorted(self._authority.subtree(organisation))
        reach = sorted(self._authority.scope(person, READERS))
        if not reach:
            raise Forbidden("permission.denied")
        return reach

    def handlers_at(self, organisation: str) -> list[str]:
        """Who handles opinions by a post at exactly ``organisation`` today."""
        return self._authority.holders(organisation, HANDLERS)

    def posts_at(self, person: str) -> list[str]:
        """Where ``person`` holds any post today."""
        return sorted({grant.node for grant in self._authority.grants(person)})

    def belongs_to(self, person: str, organisation: str) -> bool:
        """Whether ``person`` is a member at or below ``organisation``, or holds a post exactly there."""
        home = self._authority.belongs(person)
        at_home = home is not None and home in self._authority.subtree(organisation)
        return at_home or organisation in self.posts_at(person)
