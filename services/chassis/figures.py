"""Figures that more than one pack goes by: they stand once, and whatever else needs them names them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.chassis.policies import Pack, PackError, Ruling, effective, in_force

_NAMED = {"parameter", "each"}


@dataclass(frozen=True)
class Figures:
    """``given``: what is in force on a day, by parameter; ``known``: what is in any of the packs."""

    given: Mapping[str, Ruling]
    known: Collection[str]

    @classmethod
    def on(cls, packs: Sequence[Pack], day: date) -> Figures:
        """Those of ``packs`` on ``day``."""
        given = effective(packs, day) if in_force(packs, day) else {}
        return cls(given, {name for pack in packs for name in pack.parameters})

    def settle(self, ruling: Ruling) -> Ruling | None:
        """``ruling`` with a figure for each ``{parameter, each}``: that parameter, each of which is so many.

        None where one is in force on another day only. Raises ``PackError`` for one that is in no pack.
        """
        try:
            value = self._settled(ruling.value, ruling.parameter.name, ruling.pack)
        except _NotInForce:
            return None
        return Ruling(replace(ruling.parameter, value=value), ruling.pack)

    def settle_all(self, rulings: Mapping[str, Ruling]) -> dict[str, Ruling]:
        """All of ``rulings``; raises ``PackError`` also where a figure is not in force."""
        settled = {name: self.settle(each) for name, each in rulings.items()}
        if lacking := [name for name, each in settled.items() if each is None]:
            raise PackError([f"{name} names a figure that is not in force" for name in lacking])
        return {name: each for name, each in settled.items() if each is not None}

    def _settled(self, value: Any, name: str, pack: Pack) -> Any:
        if isinstance(value, list):
            return [self._settled(each, f"{name}[{at}]", pack) for at, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if "parameter" not in value:
            return {key: self._settled(each, f"{name}.{key}", pack) for key, each in value.items()}
        if set(value) != _NAMED:
            raise PackError([f"{pack.id}: {name} needs parameter and each"])
        if value["parameter"] not in self.known:
            raise PackError([f"{pack.id}: {name}: {value['parameter']} is in no pack"])
        if value["parameter"] not in self.given:
            raise _NotInForce
        figure = self.given[value["parameter"]]
        if not (_is_whole(figure.value) and _is_whole(value["each"])):
            raise PackError([f"{pack.id}: {name}: {value['parameter']} or its each is no whole number"])
        return figure.value * value["each"]


class _NotInForce(Exception):
    """A named figure is in force on another day only."""


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
