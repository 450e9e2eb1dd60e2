"""Who may do what in records, by the posts held in the tree and by where one belongs."""

from __future__ import annotations

from collections.abc import Collection

from services.chassis.authority import Authority
from services.chassis.errors import Forbidden
from services.chassis.grants import denied
from services.contracts.kinds import ROLES

ADMINISTRATORS = ("administrator",)
WRITERS = (
    "secretary",
    "deputy_secretary",
    "organisation_commissioner",
    "publicity_commissioner",
    "group_leader",
)
PUBLISHERS = ("secretary", "deputy_secretary", "publicity_commissioner")
REVIEWERS = ("secretary", "deputy_secretary", "organiser", "administrator")
APPOINTERS = ("secretary", "deputy_secretary", "organiser")
# Roles that reach a whole subtree by themselves are given by administrators alone.
GUARDED_ROLES = frozenset({"administrator", "inspector"})
# Who is shown what is masked, at a person's organisation or above it.
REVEALERS = {
    "phone": ("secretary", "organiser", "administrator"),
    "id_number": ("organiser", "administrator"),
}
# Who is shown what dues are reckoned from; as a writer elsewhere, at the organisation itself.
DUES_KEEPERS = ("secretary", "deputy_secretary", "organisation_commissioner")
# Who decides on members' discipline above them, and who has to know what was decided.
DISCIPLINE = ("secretary", "discipline_commissioner", "administrator")
DISCIPLINE_READERS = (*DISCIPLINE, "organiser", "inspector")
AUDITORS = ("administrator", "inspector")
# Where somebody sits who may, as refusals say it. At the organisation, or as administrator above it too;
# above it, or as administrator at it too; at the root.
HERE, ABOVE, ROOT = "here_or_administering", "above_or_administering", "root"


def not_a_reader() -> Forbidden:
    """``permission.denied`` to who would need some post there or above."""
    return denied(ROLES, "here_or_above")


class Access:
    """Answers from the authority's projection; every ``require_…`` raises ``Forbidden``."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def require_administrator(self, person: str, node: str) -> None:
        """An administrator at ``node`` or above."""
        self._authority.require(person, ADMINISTRATORS, node)

    def require_root_administrator(self, person: str) -> None:
        """The administrator of the whole tree."""
        if not self.is_root_administrator(person):
            raise denied(ADMINISTRATORS, ROOT)

    def is_root_administrator(self, person: str) -> bool:
        """Whether ``person`` administers the whole tree."""
        return any(
            grant.role in ADMINISTRATORS and len(self._authority.path(grant.node)) == 1
            for grant in self._authority.grants(person)
        )

    def is_root_auditor(self, person: str) -> bool:
        """Whether ``person`` may read the whole audit chain."""
        return any(
            grant.role in AUDITORS and len(self._authority.path(grant.node)) == 1
            for grant in self._authority.grants(person)
        )

    def require_writer(self, person: str, node: str) -> None:
        """A writer at ``node`` itself, of the branch a group belongs to, or an administrator above."""
        if not self.may_write(person, node):
            raise denied((*WRITERS, *ADMINISTRATORS), HERE)

    def may_write(self, person: str, node: str) -> bool:
        """As ``require_writer``; raises ``NotFound`` for an unknown node."""
        return self._sits_at(person, WRITERS, node)

    def require_dues_keeper(self, person: str, node: str) -> None:
        """One of ``DUES_KEEPERS`` where a writer would sit, or an administrator above."""
        if not self._sits_at(person, DUES_KEEPERS, node):
            raise denied((*DUES_KEEPERS, *ADMINISTRATORS), HERE)

    def _sits_at(self, person: str, roles: Collection[str], node: str) -> bool:
        path = self._authority.path(node)
        here = {node}
        known = self._authority.node(node)
        if known is not None and known.kind == "group":
            here.update(path[-2:])
        held = self._authority.grants(person)
        if any(grant.node in here and grant.role in roles for grant in held):
            return True
        return self._authority.may(person, ADMINISTRATORS, node)

    def holds_writing_post(self, person: str, node: str) -> bool:
        """Whether ``person`` holds a writer's post at exactly ``node``."""
        return any(grant.node == node and grant.role in WRITERS for grant in self._authority.grants(person))

    def require_publisher(self, person: str, node: str) -> None:
        """Who speaks for ``node``: a publisher at exactly it, or an administrator at it or above."""
        if not self.may_publish(person, node):
            raise denied((*PUBLISHERS, *ADMINISTRATORS), HERE)

    def may_publish(self, person: str, node: str) -> bool:
        """As ``require_publisher``."""
        held = self._authority.grants(person)
        if any(grant.node == node and grant.role in PUBLISHERS for grant in held):
            return True
        return self._authority.may(person, ADMINISTRATORS, node)

    def require_reviewer(self, person: str, node: str) -> None:
        """A reviewer strictly above ``node``; for the root, which has none above, its administrator."""
        if len(self._authority.path(node)) == 1:
            self._authority.require(person, ADMINISTRATORS, node)
        else:
            self._authority.require(person, REVIEWERS, node, above=True)

    def require_appointer(self, person: str, role: str, node: str) -> None:
        """Who gives ``role`` at ``node``: an administrator at or above it, or a head strictly above."""
        if self._authority.may(person, ADMINISTRATORS, node):
            return
        if role in GUARDED_ROLES:
            raise denied(ADMINISTRATORS, "here_or_above")
        if not self._authority.may(person, APPOINTERS, node, above=True):
            raise denied((*APPOINTERS, *ADMINISTRATORS), ABOVE)

    def require_revealer(self, person: str, field: str, node: str) -> None:
        """Who may unmask ``field`` of ``node``'s people: see ``REVEALERS``."""
        self._authority.require(person, REVEALERS[field], node)

    def require_discipline(self, person: str, node: str) -> None:
        """Who enters what was decided on a member of ``node``: above it; at the root its administrator."""
        if len(self._authority.path(node)) == 1:
            self._authority.require(person, ADMINISTRATORS, node)
        else:
            self._authority.require(person, DISCIPLINE, node, above=True)

    def disciplines(self, person: str, node: str) -> bool:
        """Whether ``person`` is responsible, at ``node`` or above, for what concerns members' discipline."""
        return self._authority.may(person, DISCIPLINE_READERS, node)

    def scope_of_discipline(self, person: str) -> set[str]:
        """Every organisation of which ``disciplines`` is true."""
        return self._authority.scope(person, DISCIPLINE_READERS)

    def disciplines_everything(self, person: str, node: str | None = None) -> bool:
        """Whether ``scope_of_discipline`` (below ``node``, where it is given) is the whole tree."""
        if node is not None and len(self._authority.path(node)) > 1:
            return False
        return any(
            len(self._authority.path(grant.node)) == 1 and grant.role in DISCIPLINE_READERS
            for grant in self._authority.grants(person)
        )

    def require_reader(self, person: str, node: str) -> None:
        """As ``reads_people``; else ``Forbidden``."""
        if not self.reads_people(person, node):
            raise not_a_reader()

    def reads_people(self, person: str, node: str) -> bool:
        """Whether ``person`` holds a post at ``node`` or above."""
        return self._authority.may(person, ROLES, node)

    def reads_activities(self, person: str, node: str) -> bool:
        """As ``reads_people``, or ``person`` belongs there: a group's members belong to its branch too."""
        return self.reads_people(person, node) or node in self._own(person)

    def scope_of_restricted(self, person: str) -> set[str]:
        """Every organisation whose restricted activities ``person`` reads by a post: as a writer there, of
        the branch that a group belongs to, or as a reviewer above.
        """
        found: set[str] = set()
        for grant in self._authority.grants(person):
            if grant.role in (*ADMINISTRATORS, *REVIEWERS):
                below = self._authority.subtree(grant.node)
                found.update(below if grant.role in ADMINISTRATORS else below[1:])
            if grant.role in WRITERS:
                found.add(grant.node)
                below = self._authority.subtree(grant.node)
                found.update(each for each in below if self._is_group_of(each, grant.node))
        return found

    def reads_everything_restricted(self, person: str) -> bool:
        """Whether ``scope_of_restricted`` is the whole tree, told without naming it."""
        return any(
            len(self._authority.path(grant.node)) == 1
            and (grant.role in ADMINISTRATORS or grant.role in set(WRITERS) & set(REVIEWERS))
            for grant in self._authority.grants(person)
        )

    def scope_of_people(self, person: str) -> set[str]:
        """Every organisation whose people ``person`` may read."""
        return self._authority.scope(person)

    def scope_of_activities(self, person: str) -> set[str]:
        """Every organisation whose activities ``person`` may read."""
        return self._authority.scope(person) | set(self._own(person))

    def posts_at(self, person: str) -> list[str]:
        """The organisations at which ``person`` holds a post."""
        return sorted({grant.node for grant in self._authority.grants(person)})

    def within(self, node: str) -> list[str]:
        """``node`` and everything below it."""
        return self._authority.subtree(node)

    def reaches_everything(self, person: str, node: str | None = None) -> bool:
        """Whether what ``person`` may read (below ``node``, where it is given) is the whole tree."""
        if node is not None and len(self._authority.path(node)) > 1:
            return False
        return self._authority.reaches_everything(person)

    def _is_group_of(self, node: str, parent: str) -> bool:
        known = self._authority.node(node)
        return known is not None and known.kind == "group" and known.parent == parent

    def _own(self, person: str) -> list[str]:
        home = self._authority.belongs(person)
        known = self._authority.node(home) if home is not None else None
        if known is None:
            return []
        return self._authority.path(known.id)[-2:] if known.kind == "group" else [known.id]
