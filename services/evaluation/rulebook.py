"""From policy packs to the rules and the scoring policy of each day; refuses a pack it cannot read wholly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from services.chassis.policies import Pack, PackError, Ruling, effective, in_force
from services.contracts.kinds import ACTIVITY_KINDS
from services.evaluation.obligations.model import MONTHS, OWNERS, Rule
from services.evaluation.projection.rulebook import Rulebook
from services.evaluation.scores.model import Policy

_WINDOW = ("grace_days", "make_up_days", "due_soon_days")
_WHOLE = 10_000  # hundredths


class Packs:
    """The packs of the service, and what they say from which day on.

    Raises ``PackError`` where on any day they contradict each other, or one lacks something.
    """

    def __init__(self, frequency: Sequence[Pack], scoring: Sequence[Pack]) -> None:
        self.rulebook = Rulebook(
            rules=[
                (day, rules_of(frequency, day) if in_force(frequency, day) else ())
                for day in _changes(frequency)
            ],
            policies=[
                (day, policy_of(scoring, day) if in_force(scoring, day) else None)
                for day in _changes(scoring)
            ],
        )
        self.by_id: Mapping[str, Pack] = {pack.id: pack for pack in (*frequency, *scoring)}

    def require(self, today: date) -> None:
        """Raises ``PackError`` where nothing is in force ``today``."""
        if not self.rulebook.rules_on(today) or self.rulebook.policy_of(today.year) is None:
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


def policy_of(packs: Sequence[Pack], day: date) -> Policy:
    """The scoring policy in force on ``day``; its weights add up to 100 points."""
    rulings = effective(packs, day)
    frequency, bands = _pop(rulings, "frequency"), _pop(rulings, "bands")
    attendance, minutes = _pop(rulings, "attendance"), _pop(rulings, "minutes")
    timeliness, missing = _pop(rulings, "timeliness"), _pop(rulings, "missing_part")
    pack = frequency.pack
    policy = Policy(
        id=pack.id,
        frequency={rule: _hundredths(pack, points) for rule, points in frequency.value.items()},
        made_up_percent=_count(pack, "made_up", _pop(rulings, "made_up").value),
        attendance=_hundredths(pack, attendance.value["points"]),
        attendance_target_percent=_count(
            pack, "attendance.target_percent", attendance.value["target_percent"]
        ),
        timeliness=_hundredths(pack, timeliness.value),
        minutes_deduction=_hundredths(pack, minutes.value["deduction"]),
        minutes_deduction_most=_hundredths(pack, minutes.value["at_most"]),
        renormalise=missing.value == "renormalise",
        bands=tuple(
            sorted(((name, _hundredths(pack, least)) for name, least in bands.value.items()), key=_by_least)
        ),
    )
    whole = sum(policy.frequency.values()) + policy.attendance + policy.timeliness
    _check(pack, whole == _WHOLE, "the weights do not add up to 100")
    _check(pack, missing.value in ("renormalise", "zero"), "missing_part is neither renormalise nor zero")
    _check(pack, 1 <= policy.attendance_target_percent <= 100, "target_percent is not between 1 and 100")
    _check(pack, policy.made_up_percent <= 100, "made_up is more than 100 percent")
    _check(pack, bool(policy.bands) and policy.bands[-1][1] == 0, "the lowest band does not begin at 0")
    return policy


def _by_least(band: tuple[str, int]) -> int:
    return -band[1]


def _pop(rulings: dict[str, Ruling], name: str) -> Ruling:
    if name not in rulings:
        raise PackError([f"{name} is in no pack in force"])
    return rulings.pop(name)


def _count(pack: Pack, name: str, value: Any) -> int:
    _check(pack, isinstance(value, int) and not isinstance(value, bool) and value >= 0, f"{name} is no count")
    return int(value)


def _hundredths(pack: Pack, points: Any) -> int:
    """Points as whole hundredths; refuses a third decimal rather than rounding it away."""
    usable = isinstance(points, (int, Decimal)) and not isinstance(points, bool) and points >= 0
    _check(pack, usable and Decimal(points) * 100 % 1 == 0, "points are not given in hundredths")
    return int(Decimal(points) * 100)


def _check(pack: Pack, holds: bool, problem: str) -> None:
    if not holds:
        raise PackError([f"{pack.id}: {problem}"])
