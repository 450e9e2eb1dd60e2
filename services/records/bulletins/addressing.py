"""Whom a request addresses, and which marks reach who asks: read from the tree and the posts of today."""

from __future__ import annotations

from typing import Any

from services.chassis import context
from services.chassis.errors import Invalid
from services.contracts import audience as audiences
from services.records.directory.store import Directory

Answer = dict[str, Any]


class Addressing:
    """A page is found by the few marks of its reader, so that publishing writes one document, not one a
    reader, and whoever moves or takes a post sees at once what is theirs."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._authority = directory.authority

    def marks(self) -> list[str]:
        """The marks that reach the caller today; none for whoever has left."""
        actor = context.actor()
        person = self._directory.people.get(actor).state
        if not person["active"]:
            return []
        posts = [(grant.role, self._authority.path(grant.node)) for grant in self._authority.grants(actor)]
        home = self._authority.path(person["organisation"])
        return audiences.marks_of_reader(home, person["political_status"], posts)

    def reaches(self, state: Answer) -> bool:
        """Whether what is kept under ``state``'s marks is addressed to the caller."""
        return not set(state["marks"]).isdisjoint(self.marks())

    def require_within(self, organisation: str, audience: Answer) -> Answer:
        """``audience``, each word once; raises ``Invalid`` at every organisation that is not active at or
        below ``organisation``."""
        wrong = {
            f"audience.organisations.{position}": ["audience.outside"]
            for position, each in enumerate(audience["organisations"])
            if not self._is_within(organisation, each)
        }
        if wrong:
            raise Invalid("audience.outside", fields=wrong)
        return {name: list(dict.fromkeys(words)) for name, words in audience.items()}

    def unit(self, organisation: str) -> str:
        """The organisation with which people are counted: of a group its branch."""
        node = self._authority.node(organisation)
        return node.parent if node is not None and node.kind == "group" and node.parent else organisation

    def _is_within(self, organisation: str, each: str) -> bool:
        node = self._authority.node(each)
        return node is not None and node.active and organisation in self._authority.path(each)
