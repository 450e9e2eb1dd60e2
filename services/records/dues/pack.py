"""The rules of dues as the packs in force give them: rates, amounts, limits, and the source of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.chassis.errors import Invalid, Refusal
from services.chassis.policies import Pack, PackError, Ruling, effective

BRACKETED = ("salaried", "retired")
FIXED = ("student", "low_income")
KINDS = (*BRACKETED, *FIXED, "farmer")
WHOLE = 10_000  # a rate is in hundredths of a percent


LAST_BILL_DAY = 28  # which every month has


@dataclass(frozen=True)
class Bracket:
    """The rate of bases up to ``up_to`` fen, which it includes; None for those above all others."""

    up_to: int | None
    rate: int


@dataclass(frozen=True)
class DuesPack:
    """What counts on one day at one organisation. Made by ``in_force_on``, which checks what it reads."""

    rulings: Mapping[str, Ruling]

    @classmethod
    def in_force_on(cls, packs: Iterable[Pack], day: date, path: Sequence[str] = ()) -> DuesPack:
        """The rules of ``day`` at the organisation of ``path``; raises ``PackError`` for unusable ones."""
        pack = cls(effective(packs, day, path))
        missing = sorted(_NEEDED - set(pack.rulings))
        if missing:
            raise PackError([f"no pack in force on {day.isoformat()} says {', '.join(missing)}"])
        for kind in BRACKETED:
            _check_brackets(kind, pack.brackets(kind))
        if pack.rounding < 1:
            raise PackError([f"{pack.rulings['rounding'].pack.id}: rounding is below one fen"])
        if not 0 <= pack.auto_bill_day <= LAST_BILL_DAY:
            where = pack.rulings["auto_bill_day"].pack.id
            raise PackError([f"{where}: auto_bill_day is none of 0 … {LAST_BILL_DAY}"])
        return pack

    def brackets(self, kind: str) -> list[Bracket]:
        """The brackets of a kind of base, lowest first."""
        return [Bracket(each["up_to"], each["rate"]) for each in self.rulings[kind].value]

    def value(self, rule: str) -> Any:
        """What the rule says."""
        return self.rulings[rule].value

    @property
    def rounding(self) -> int:
        return int(self.value("rounding"))

    @property
    def auto_bill_day(self) -> int:
        """The day of the month from which its bills are made by themselves; 0 for never."""
        return int(self.value("auto_bill_day"))

    def source(self, rule: str) -> dict[str, str]:
        """Where the rule is from: every verdict says it."""
        return self.rulings[rule].cited

    def verdict(self, rule: str, **more: Any) -> dict[str, Any]:
        """A rule that was touched without refusing: with its hardness and its source."""
        return {**self.source(rule), "hardness": self.rulings[rule].parameter.hardness, **more}

    def refusal(
        self,
        rule: str,
        code: str,
        field: str,
        accepted: Any,
        *,
        kind: type[Refusal] = Invalid,
        **more: Any,
    ) -> Refusal:
        """A refusal that says which rule, which pack and article, and what would be accepted."""
        return kind.at(field, code, **self.source(rule), accepted=accepted, **more)


_NEEDED = frozenset(
    {
        *KINDS,
        "relief",
        "first_month",
        "quarterly",
        "make_up_months",
        "prompt_months",
        "uses",
        "spending_approval",
        "accounts_months",
        "rounding",
        "auto_bill_day",
    }
)


def _check_brackets(kind: str, brackets: Sequence[Bracket]) -> None:
    limits = [each.up_to for each in brackets]
    closed = [limit for limit in limits[:-1] if limit is not None]
    rising = len(closed) == len(limits) - 1 and closed == sorted(set(closed))
    if not limits or limits[-1] is not None or not rising or any(each.rate < 0 for each in brackets):
        raise PackError([f"{kind}: brackets rise, and only the last one is open"])
