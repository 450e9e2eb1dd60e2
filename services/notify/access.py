"""Who may read messages, and who may set how they are sent."""

from __future__ import annotations

from services.chassis import context
from services.chassis.authority import Authority
from services.chassis.grants import denied

ADMINISTRATORS = ("administrator",)
_ROUND = ("branch", "group")


class Access:
    """The running caller's reach. Every question raises ``Unauthenticated`` where nobody is signed in."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def require_administrator(self) -> str:
        """The caller, who is an administrator of the whole tree; raises ``Forbidden``."""
        person = context.actor()
        for grant in self._authority.grants(person):
            if grant.role in ADMINISTRATORS and len(self._authority.path(grant.node)) == 1:
                return person
        raise denied(ADMINISTRATORS, "root")

    def covers(self, organisation: str) -> bool:
        """Whether the caller holds a post at ``organisation`` or above it."""
        person = context.actor()
        if self._authority.node(organisation) is None:
            return False
        path = set(self._authority.path(organisation))
        return any(grant.node in path for grant in self._authority.grants(person))

    def sees_duties(self, organisation: str) -> bool:
        """Whether the caller may see what ``organisation`` owes: by a post there or above, or as a member."""
        return self.covers(organisation) or organisation in self.round()

    def round(self) -> set[str]:
        """The branch that the caller belongs to, with its groups; outside of one just where they belong."""
        home = self._authority.belongs(context.actor())
        node = self._authority.node(home) if home else None
        if node is None:
            return set()
        branch = node.parent if node.kind == "group" and node.parent else node.id
        top = self._authority.node(branch)
        if top is None or top.kind not in _ROUND:
            return {node.id}
        return set(self._authority.subtree(branch))
