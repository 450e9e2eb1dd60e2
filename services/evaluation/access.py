"""Who may read what: posts reach down the tree, membership reaches over one's own branch."""

from __future__ import annotations

from services.chassis import context
from services.chassis.authority import Authority
from services.chassis.errors import Forbidden, NotFound

_ROUND = ("branch", "group")


class Access:
    """The running caller's reach. Every question raises ``Unauthenticated`` where nobody is signed in."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def require(self, organisation: str) -> None:
        """Raises ``NotFound`` for an unknown organisation, ``Forbidden`` where the caller may not read it."""
        person = context.actor()
        if self._authority.node(organisation) is None:
            raise NotFound("organisation.not_found")
        path = set(self._authority.path(organisation))
        if any(grant.node in path for grant in self._authority.grants(person)):
            return
        if organisation not in self._round(person):
            raise Forbidden("permission.denied")

    def readable(self) -> set[str]:
        """Every organisation that the caller may read."""
        person = context.actor()
        return self._authority.scope(person) | self._round(person)

    def reaches_everything(self) -> bool:
        """Whether the caller holds a post at the root: then no list has to be narrowed."""
        return self._authority.reaches_everything(context.actor())

    def below(self, organisation: str) -> set[str]:
        """What the caller may read of ``organisation`` and all below it, after ``require``.

        Belonging to an organisation opens it alone, not its subtree: that takes a post.
        """
        self.require(organisation)
        return self.readable().intersection(self._authority.subtree(organisation))

    def path(self, organisation: str) -> list[str]:
        """The ids from the root down to ``organisation``."""
        return self._authority.path(organisation)

    def own(self) -> set[str]:
        """Where the caller holds a post, with the groups of a branch, and the branch they belong to."""
        return self.duties() | self._round(context.actor())

    def duties(self) -> set[str]:
        """Where the caller holds a post; a branch's duties are also those of its groups."""
        found: set[str] = set()
        for grant in self._authority.grants(context.actor()):
            node = self._authority.node(grant.node)
            found.add(grant.node)
            if node is not None and node.kind == "branch":
                found.update(self._authority.subtree(grant.node))
        return found

    def _round(self, person: str) -> set[str]:
        """The branch a person belongs to, with its groups; outside of a branch just where they belong."""
        home = self._authority.belongs(person)
        node = self._authority.node(home) if home else None
        if node is None:
            return set()
        branch = node.parent if node.kind == "group" and node.parent else node.id
        top = self._authority.node(branch)
        if top is None or top.kind not in _ROUND:
            return {node.id}
        return set(self._authority.subtree(branch))
