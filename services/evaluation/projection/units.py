"""Which unit an organisation is of: a projection of records' events."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from services.chassis.errors import Retryable
from services.chassis.store import Store, answering


class UnknownOrganisation(Retryable):
    """An event names an organisation that has not arrived yet; it may be on its way."""


def unit_of(told: Mapping[str, Any]) -> str:
    """A group is of its branch's unit; anything else is a unit by itself."""
    unit: str = told["parent"] if told["kind"] == "group" and told["parent"] else told["organisation"]
    return unit


class Units:
    """The unit of every organisation that is enrolled in one."""

    def __init__(self, database: Store) -> None:
        self._organisations = database["organisations"]

    def of(self, organisations: Collection[str]) -> dict[str, list[str]]:
        """Of each organisation its unit, and after it those that it was of before.

        Raises ``UnknownOrganisation`` if there is one without.
        """
        with answering():
            found = self._organisations.find({"_id": {"$in": list(organisations)}}, {"unit": 1, "left": 1})
            units = {each["_id"]: [each["unit"], *each.get("left", ())] for each in found}
        if len(units) < len(set(organisations)):
            raise UnknownOrganisation("unknown_organisation")
        return units

    def before(self, organisation: str) -> str | None:
        """The unit that the organisation was last enrolled in."""
        with answering():
            found = self._organisations.find_one({"_id": organisation})
        return found["unit"] if found else None

    def keep(self, organisation: str, unit: str) -> None:
        """From now on evidence of the organisation is the unit's, but of what counts elsewhere already."""
        with answering():
            known = self._organisations.find_one({"_id": organisation}) or {"unit": unit}
            left = sorted({*known.get("left", ()), known["unit"]} - {unit})
            self._organisations.update_one(
                {"_id": organisation}, {"$set": {"unit": unit, "left": left}}, upsert=True
            )
