"""Who may read what: posts reach down the tree, membership reaches over one's own branch."""

from __future__ import annotations

from services.chassis import context
from services.chassis.authority import Authority
from services.chassis.errors import NotFound
from services.chassis.grants import denied
from services.contracts.kinds import ROLES

_ROUND = ("branch", "group")
# Whose office it is what members owe: not every post reads what a person has not done.
RESPONSIBLE = (
    "secretary",
    "deputy_secretary",
    "organisation_commissioner",
    "discipline_commissioner",
    "group_leader",
    "organiser",
    "administrator",
    "inspector",
)


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
            raise denied(ROLES, "here_or_above")

    def require_post(self, organisation: str) -> None:
        """Raises ``NotFound`` for an unknown organisation, ``Forbidden`` without a post there or above."""
        if not self.holds_post(organisation):
            raise denied(ROLES, "here_or_above")

    def holds_post(self, organisation: str) -> bool:
        """Whether the caller holds a post there or above; raises ``NotFound`` for an unknown organisation."""
        person = context.actor()
        if self._authority.node(organisation) is None:
            raise NotFound("organisation.not_found")
        path = set(self._authority.path(organisation))
        return any(grant.node in path for grant in self._authority.grants(person))

    def posts_reach(self) -> set[str]:
        """Every organisation at or below a post of the caller."""
        return self._authority.scope(context.actor())

    def responsible(self) -> set[str]:
        """Where the caller answers for what persons owe: at and below a post that does."""
        return self._authority.scope(context.actor(), RESPONSIBLE)

    def responsible_below(self, organisation: str) -> set[str]:
        """Of ``organisation`` and all below what the caller is responsible for; refused where nothing is."""
        if self._authority.node(organisation) is None:
            raise NotFound("organisation.not_found")
        found = self.responsible().intersection(self._authority.subtree(organisation))
        if not found:
            raise denied(RESPONSIBLE, "here_or_above")
        return found

    def readable(self) -> set[str]:
        """Every organisation that the caller may read."""
        person = context.actor()
        return self._authority.scope(person) | self._round(person)

    def below(self, organisation: str) -> set[str]:
        """What the caller may read of ``organisation`` and all below it, after ``require``.

        Belonging to an organisation opens it alone, not its subtree: that takes a post.
        """
        self.require(organisation)
        return self.readable().intersection(self._authority.subtree(organisation))

    def reaches_everything(self, organisation: str) -> bool:
        """Whether ``organisation`` is the root, and the caller holds a post there."""
        node = self._authority.node(organisation)
        is_root = node is not None and node.parent is None
        return is_root and self._authority.reaches_everything(context.actor())

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
