"""Who may do what about dossiers: those who keep them, the level above, and the person whose way it is."""

from __future__ import annotations

from services.chassis.authority import Authority
from services.chassis.errors import Forbidden
from services.chassis.grants import denied
from services.records.access import ADMINISTRATORS, HERE, Access
from services.records.development.steps import ABOVE, Step

KEEPERS = ("secretary", "deputy_secretary", "organisation_commissioner")
READERS = (*KEEPERS, "organiser", "administrator", "inspector")


class Standing:
    """Answers from the posts held today. A dossier is kept more closely than other records of a branch."""

    def __init__(self, authority: Authority, access: Access) -> None:
        self._authority = authority
        self._access = access

    def branch_of(self, organisation: str) -> str:
        """Where the dossiers of an organisation's people are kept: a group's at its branch."""
        known = self._authority.node(organisation)
        return known.parent if known and known.kind == "group" and known.parent else organisation

    def reads(self, actor: str, organisation: str) -> bool:
        """Whether ``actor`` may read the dossiers kept at ``organisation``."""
        return self._authority.may(actor, READERS, organisation)

    def scope(self, actor: str) -> set[str] | None:
        """The organisations whose dossiers ``actor`` may read; None for all there are."""
        held = [grant.node for grant in self._authority.grants(actor) if grant.role in READERS]
        if any(len(self._authority.path(node)) == 1 for node in held):
            return None
        return self._authority.scope(actor, READERS)

    def require_keeper(self, actor: str, organisation: str) -> None:
        """A keeper at exactly ``organisation``, or an administrator there or above."""
        if not self.keeps(actor, organisation):
            raise denied((*KEEPERS, *ADMINISTRATORS), HERE)

    def keeps(self, actor: str, organisation: str) -> bool:
        """As ``require_keeper``."""
        here = any(
            grant.node == organisation and grant.role in KEEPERS for grant in self._authority.grants(actor)
        )
        return here or self._authority.may(actor, ADMINISTRATORS, organisation)

    def require_above(self, actor: str, organisation: str) -> None:
        """A reviewer strictly above, who does not write for the organisation as well."""
        self._access.require_reviewer(actor, organisation)
        if self._access.holds_writing_post(actor, organisation):
            raise Forbidden("activity.own_organisation")

    def require_actor(self, actor: str, step: Step, person: str, organisation: str) -> None:
        """Whoever may record ``step`` of ``person``; nobody records their own way."""
        if actor == person:
            raise Forbidden("development.own_dossier")
        if step.actor == ABOVE:
            self.require_above(actor, organisation)
        else:
            self.require_keeper(actor, organisation)
