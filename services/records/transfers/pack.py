"""The limits of transfers as the packs in force give them, with the source of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.chassis.errors import Invalid
from services.chassis.policies import Pack, PackError, Ruling, effective

RULES = ("answer_days", "letter_days")


@dataclass(frozen=True)
class TransferPack:
    """What counts on one day at one organisation. Made by ``in_force_on``, which checks what it reads."""

    rulings: Mapping[str, Ruling]

    @classmethod
    def in_force_on(cls, packs: Iterable[Pack], day: date, path: Sequence[str] = ()) -> TransferPack:
        """The rules of ``day`` at the organisation of ``path``; raises ``PackError`` for unusable ones."""
        rulings = effective(packs, day, path)
        for rule in RULES:
            if rule not in rulings:
                raise PackError([f"no pack in force on {day.isoformat()} says {rule}"])
            if type(rulings[rule].value) is not int or rulings[rule].value < 1:
                raise PackError([f"{rulings[rule].pack.id}: {rule} is no number of days"])
        return cls(rulings)

    def due(self, rule: str, since: date) -> date:
        """The last day under ``rule`` of what began on ``since``."""
        return since + timedelta(days=int(self.rulings[rule].value))

    def source(self, rule: str) -> dict[str, str]:
        """Where the rule is from: what is decided by it says it."""
        return self.rulings[rule].cited

    def require(self, rule: str, code: str, field: str, day: date, due: date) -> None:
        """Raise ``Invalid(code)`` where ``day`` is after ``due`` and the rule blocks; a warning passes."""
        if day > due and self.rulings[rule].parameter.hardness == "block":
            raise Invalid.at(field, code, **self.source(rule), accepted=f"… {due.isoformat()}")
