"""From packs and policies to what is in force on each day; refuses what it cannot read wholly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.chassis.policies import Pack, PackError, Ruling, effective, in_force
from services.contracts.kinds import ACTIVITY_KINDS
from services.evaluation.indicators.model import ORGANISATION, InForce, Policy
from services.evaluation.indicators.reading import require_one_each
from services.evaluation.obligations.model import MONTHS, OWNERS, Rule
from services.evaluation.projection.rulebook import Rulebook

_WINDOW = ("grace_days", "make_up_days", "due_soon_days")


class Packs:
    """The packs and policies of the service, and what they say from which day on.

    Raises ``PackError`` where on any day they contradict each other, or one lacks something.
    """

    def __init__(
        self,
        frequency: Sequence[Pack],
        scoring: Sequence[Policy],
        keep_up: Callable[[Callable[[Sequence[Policy]], None]], None] | None = None,
    ) -> None:
        self._rules = [
            (day, rules_of(frequency, day) if in_force(frequency, day) else ()) for day in _changes(frequency)
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
        self._rulebook = Rulebook(rules=self._rules, scoring=InForce(require_one_each(scoring)))

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

    def require(self, today: date) -> None:
        """Raises ``PackError`` where nothing is in force ``today``."""
        policy = self.rulebook.scoring.policy_of(ORGANISATION, "branch", today.year)
        if not self.rulebook.rules_on(today) or policy is None:
            raise PackError([f"no rules of frequency or no scoring policy is in force on {today}"])


def _changes(packs: Sequence[Pack]) -> list[date]:
    """The days on which something comes into force, or is no longer."""
    ended = {pack.effective_to + timedelta(days=1) for pack in packs if pack.effective_to}
    return sorted(ended | {pack.effective_from for pack in packs})


def rules_of(packs: Sequence[Pack], day: date) -> tuple[Rule, ...]:
    """The rules of frequency in force on ``day``, by name."""
    rulings = effective(packs, day)
    windows = {length: _pop(rulings, f"{length}_window") for length in MONTHS}
    return tuple(_rule(name, ruling, windows) for name, ruling in sorted(rulings.items()))


def _rule(name: str, ruling: Ruling, windows: Mapping[str, Ruling]) -> Rule:
    value = ruling.value
    _check(ruling.pack, name in ACTIVITY_KINDS, f"{name} is not a kind of activity")
    _check(
        ruling.pack,
        isinstance(value, dict) and set(value) == {"owed_by", "every", "times"},
        f"{name} needs owed_by, every and times",
    )
    _check(ruling.pack, value["owed_by"] in OWNERS, f"{name}.owed_by is none of {', '.join(OWNERS)}")
    _check(ruling.pack, value["every"] in MONTHS, f"{name}.every is none of {', '.join(MONTHS)}")
    window = windows[value["every"]]
    days = {each: _count(window.pack, each, window.value.get(each)) for each in _WINDOW}
    return Rule(
        id=name,
        owed_by=value["owed_by"],
        every=value["every"],
        needed=_count(ruling.pack, f"{name}.times", value["times"]),
        pack=ruling.pack.id,
        article=ruling.parameter.article,
        hardness=ruling.parameter.hardness,
        **days,
    )


def _pop(rulings: dict[str, Ruling], name: str) -> Ruling:
    if name not in rulings:
        raise PackError([f"{name} is in no pack in force"])
    return rulings.pop(name)


def _count(pack: Pack, name: str, value: Any) -> int:
    _check(pack, isinstance(value, int) and not isinstance(value, bool) and value >= 0, f"{name} is no count")
    return int(value)


def _check(pack: Pack, holds: bool, problem: str) -> None:
    if not holds:
        raise PackError([f"{pack.id}: {problem}"])
