"""Who has a vote at a branch on a day, who may stand at an organisation or vouch for somebody: read from the
people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from services.chassis.errors import Invalid
from services.records.directory.store import Directory, found_by
from services.records.membership.model import member_on
from services.records.membership.register import Membership
from services.records.sanctions.rights import Rights
from services.records.votes.model import Electorate

_VOTING = ("member",)


class Electorates:
    """What calculators of votes and elections take from the people, so that nobody has to say it."""

    def __init__(self, directory: Directory, membership: Membership, rights: Rights) -> None:
        self._directory = directory
        self._membership = membership
        self._rights = rights

    def at(self, branch: str, day: date) -> Electorate:
        """The full members of a branch and its groups on ``day``, and who of them had no vote."""
        members = self._membership.members_on(branch, day, _VOTING, groups=True)
        return Electorate(members, self._rights.lost_by(members, day))

    def required(self, field: str, organisation: str, day: date) -> Electorate:
        """As ``at``; raises ``Invalid("vote.organisation_unfit")`` where not all members vote themselves."""
        if not self.votes_as_a_whole(organisation):
            raise Invalid.at(field, "vote.organisation_unfit", accepted="branch")
        return self.at(organisation, day)

    def votes_as_a_whole(self, organisation: str) -> bool:
        """Whether all members vote themselves, as in a branch; further up delegates or a committee do."""
        node = self._directory.authority.node(organisation)
        return node is not None and node.kind == "branch"

    def standing(self, people: Collection[str], organisation: str, day: date) -> frozenset[str]:
        """Those of ``people`` who could be elected at ``organisation`` on ``day``.

        They are full members of it, or of what is below it, with all their rights.
        """
        return self._full_members(people, self._directory.authority.subtree(organisation), day)

    def full_members(self, people: Collection[str], day: date) -> frozenset[str]:
        """Those of ``people`` who were full members on ``day``, anywhere on campus, with all their rights."""
        return self._full_members(people, None, day)

    def _full_members(
        self, people: Collection[str], nodes: Sequence[str] | None, day: date
    ) -> frozenset[str]:
        found = found_by(self._directory.people, "_id", people)
        members = {each.id for each in found if member_on(each.state, nodes, _VOTING, day)}
        return frozenset(members - self._rights.lost_by(members, day))
