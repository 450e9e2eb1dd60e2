"""From policy packs to the rules of what is owed; refuses a pack that it cannot read wholly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.figures import Figures
from services.chassis.policies import Pack, PackError, Ruling, effective
from services.contracts.kinds import ACTIVITY_KINDS
from services.evaluation.obligations.model import CASE, NEVER, OWNERS, Rule
from services.evaluation.obligations.periods import LENGTHS

# What fulfils something besides activities: what a person did, and what has a due date of its own.
DEEDS = (
    "thought_report",
    "training_minutes",
    "training_class",
    "lecture_given",
    "talk_held",
    "talk_of_committee",
    "talk_with_committee",
    "talk_with_members",
)
FROM_A_POST = ("new_secretary_training",)  # due so many months after its first day
CASES = ("dues", "task", "opinion", "committee_election", "democratic_life_report", *FROM_A_POST)
CASE_OWNERS = ("organisation", "person")
_KINDS = {*ACTIVITY_KINDS, *DEEDS, *CASES}
_WINDOW = ("grace_days", "make_up_days", "due_soon_days")
_NEEDED = {"owed_by", "every", "times"}
_KNOWN = {*_NEEDED, *_WINDOW, "fulfilled_by", "present", "working", "from_month", "months"}


def rules_of(packs: Sequence[Pack], day: date, figures: Sequence[Pack] = ()) -> tuple[Rule, ...]:
    """The rules in force on ``day``, by name.

    Where a count is ``{parameter, each}``, it is that parameter of ``figures``, each of which is so many: the
    figure stands in one place for all services that go by it. Without it on that day nothing is owed.
    """
    rulings = effective(packs, day)
    windows = {length: rulings.pop(f"{length}_window", None) for length in LENGTHS}
    given = Figures.on(figures, day)
    settled = ((name, given.settle(ruling)) for name, ruling in sorted(rulings.items()))
    return tuple(_rule(name, ruling, windows) for name, ruling in settled if ruling is not None)


def _rule(name: str, ruling: Ruling, windows: Mapping[str, Ruling | None]) -> Rule:
    value, pack = ruling.value, ruling.pack
    _check(pack, isinstance(value, dict), f"{name} is not a mapping")
    _check(pack, set(value) >= _NEEDED, f"{name} needs owed_by, every and times")
    _check(pack, set(value) <= _KNOWN, f"{name}: {', '.join(sorted(set(value) - _KNOWN))} is not known")
    every, kind = value["every"], value.get("fulfilled_by", name)
    _check(pack, kind in _KINDS, f"{name}: {kind} is not a kind of evidence")
    _check(pack, every in (*LENGTHS, CASE), f"{name}.every is none of {', '.join((*LENGTHS, CASE))}")
    owners = CASE_OWNERS if every == CASE else OWNERS
    _check(pack, value["owed_by"] in owners, f"{name}.owed_by is none of {', '.join(owners)}")
    _check(pack, (every == CASE) == (kind in CASES), f"{name}: {kind} has a due date of its own, or has none")
    _check(pack, (kind in FROM_A_POST) == ("months" in value), f"{name}: {kind} needs months, or has none")
    window = windows.get(every)
    _check(pack, every == CASE or window is not None, f"{every}_window is in no pack in force")
    days = {**(window.value if window else {}), **{each: value[each] for each in _WINDOW if each in value}}
    if days.get("make_up_days") == "unlimited":
        days["make_up_days"] = NEVER
    _check(pack, set(days) == set(_WINDOW), f"{name} needs {', '.join(_WINDOW)}")
    present = value.get("present", {"part": 0, "of": 1})
    _check(pack, isinstance(present, dict) and set(present) == {"part", "of"}, f"{name}.present is no share")
    _check(pack, isinstance(value.get("working", False), bool), f"{name}.working is neither true nor false")
    return Rule(
        id=name,
        owed_by=value["owed_by"],
        every=every,
        needed=_count(pack, f"{name}.times", value["times"], least=1),
        pack=pack.id,
        article=ruling.parameter.article,
        hardness=ruling.parameter.hardness,
        kind="" if kind == name else kind,
        present=_count(pack, f"{name}.present.part", present["part"]),
        of=_count(pack, f"{name}.present.of", present["of"], least=1),
        working=value.get("working", False),
        from_month=_count(pack, f"{name}.from_month", value.get("from_month", 0)),
        months=_count(pack, f"{name}.months", value["months"], least=1) if "months" in value else 0,
        **{each: _count(pack, f"{name}.{each}", days[each]) for each in _WINDOW},
    )


def _count(pack: Pack, name: str, value: Any, *, least: int = 0) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    _check(pack, whole and value >= least, f"{name} is no count")
    return int(value)


def _check(pack: Pack, holds: bool, problem: str) -> None:
    if not holds:
        raise PackError([f"{pack.id}: {problem}"])
