"""From packs and policies to what is in force on each day; refuses what it cannot read wholly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.chassis.policies import Pack, PackError, in_force
from services.evaluation.indicators.model import ORGANISATION, InForce, Policy
from services.evaluation.indicators.reading import require_one_each
from services.evaluation.obligations.calendar import PLAIN, Calendar
from services.evaluation.obligations.packs import rules_of
from services.evaluation.projection.rulebook import Rulebook


class Packs:
    """The packs and policies of the service, and what they say from which day on.

    Raises ``PackError`` where on any day they contradict each other, or one lacks something.
    """

    def __init__(
        self,
        frequency: Sequence[Pack],
        scoring: Sequence[Policy],
        keep_up: Callable[[Callable[[Sequence[Policy]], None]], None] | None = None,
        calendar: Calendar = PLAIN,
        figures: Sequence[Pack] = (),
    ) -> None:
        self.calendar = calendar
        self._rules = [
            (day, rules_of(frequency, day, figures) if in_force(frequency, day) else ())
            for day in _changes([*frequency, *figures])
        ]
        self._keep_up = keep_up
        self.by_id: Mapping[str, Pack] = {pack.id: pack for pack in frequency}
        self.put_in_force(scoring)

    @property
    def rulebook(self) -> Rulebook:
        """What is in force as of now, with the policies that were activated meanwhile."""
        if self._keep_up is not None:
            self._keep_up(self.put_in_force)
        return self._rulebook

    def put_in_force(self, scoring: Sequence[Policy]) -> None:
        """From now on ``scoring`` are the policies; raises ``PackError`` and leaves all as it was."""
        self.require_owed(scoring)
        self._rulebook = Rulebook(
            rules=self._rules, scoring=InForce(require_one_each(scoring)), calendar=self.calendar
        )

    def require_owed(self, scoring: Sequence[Policy]) -> None:
        """Raises ``PackError`` where a policy measures obligations that nobody has under any rule."""
        known = {rule.id for _, rules in self._rules for rule in rules}
        problems = [
            f"{policy.id}: {each.id} measures {each.measure}, and {each.measure.name} is owed under no rule"
            for policy in scoring
            for each in policy.leaves()
            if each.measure and each.measure.family == "obligations" and each.measure.name not in known
        ]
        if problems:
            raise PackError(problems)

    def scored_by(self, id_: str) -> Policy:
        """The policy that something was scored by."""
        policy = self.rulebook.scoring.by_id(id_)
        assert policy is not None, "a policy that scored is never forgotten"
        return policy

    def source(self, pack_id: str, parameter: str) -> dict[str, Any]:
        """The pack and the article that a verdict rests on."""
        pack = self.by_id[pack_id]
        found = pack.parameters[parameter]
        return {
            "pack": pack.id,
            "title": pack.title,
            "document_number": pack.document_number,
            "issuer": pack.issuer,
            "article": found.article,
            "hardness": found.hardness,
            "confidence": found.confidence,
        }

    def require(self, today: date) -> None:
        """Raises ``PackError`` where nothing is in force ``today``."""
        policy = self.rulebook.scoring.policy_of(ORGANISATION, "branch", today.year)
        if not self.rulebook.rules_on(today) or policy is None:
            raise PackError([f"no rules of frequency or no scoring policy is in force on {today}"])


def _changes(packs: Sequence[Pack]) -> list[date]:
    """The days on which something comes into force, or is no longer."""
    ended = {pack.effective_to + timedelta(days=1) for pack in packs if pack.effective_to}
    return sorted(ended | {pack.effective_from for pack in packs})
