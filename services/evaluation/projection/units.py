"""Which unit an organisation is of, and what it is called: a projection of records' events."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import InsertOne, ReplaceOne
from pymongo.errors import BulkWriteError

from services.chassis.errors import Contended, Retryable
from services.chassis.store import Record, Store, answering, by_ids, is_duplicate


class UnknownOrganisation(Retryable):
    """An event names an organisation that has not arrived yet; it may be on its way."""


def unit_of(told: Mapping[str, Any]) -> str:
    """A group is of its branch's unit; anything else is a unit by itself."""
    unit: str = told["parent"] if told["kind"] == "group" and told["parent"] else told["organisation"]
    return unit


@dataclass(frozen=True)
class Placed:
    """Of which unit an organisation is by the event ``sequence``, and of which it was before.

    ``name`` is for people; empty of what was last told of before names were kept.
    """

    unit: str
    sequence: int
    left: tuple[str, ...] = ()
    name: str = ""


class Units:
    """The unit of every organisation that is enrolled in one."""

    def __init__(self, database: Store) -> None:
        self._organisations = database["organisations"]

    def of(self, organisations: Collection[str]) -> dict[str, list[str]]:
        """Of each organisation its unit, and after it those that it was of before.

        Raises ``UnknownOrganisation`` if there is one without.
        """
        placed = self.placed(organisations)
        if len(placed) < len(set(organisations)):
            raise UnknownOrganisation("unknown_organisation")
        return {organisation: [each.unit, *each.left] for organisation, each in placed.items()}

    def placed(self, organisations: Collection[str]) -> dict[str, Placed]:
        """Where each of ``organisations`` that is known was last enrolled."""
        with answering():
            return {
                each["_id"]: Placed(
                    each["unit"],
                    each.get("sequence", 0),
                    tuple(each.get("left", ())),
                    each.get("name", ""),
                )
                for each in by_ids(self._organisations, organisations)
            }

    def names(self, organisations: Collection[str]) -> dict[str, str]:
        """What those of ``organisations`` are called of which that is known."""
        return {id_: each.name for id_, each in self.placed(organisations).items() if each.name}

    def keep(self, placed: Mapping[str, Placed], known: Mapping[str, Placed]) -> None:
        """From now on evidence of these organisations is their unit's, but of what counts elsewhere already.

        ``known``: where they were before. Raises ``Contended`` where one of them is elsewhere by now: who
        looks again leaves the unit that is no longer right.
        """
        writes: list[InsertOne[Record] | ReplaceOne[Record]] = []
        for organisation, each in placed.items():
            before = known.get(organisation)
            kept: Record = {"unit": each.unit, "sequence": each.sequence, "left": [], "name": each.name}
            if before is None:
                writes.append(InsertOne({"_id": organisation, **kept}))
                continue
            kept["left"] = sorted({*before.left, before.unit} - {each.unit})
            as_known = {"_id": organisation, "sequence": before.sequence or {"$in": [0, None]}}
            writes.append(ReplaceOne(as_known, kept))
        if not writes:
            return
        with answering():
            try:
                done = self._organisations.bulk_write(writes, ordered=False)
            except BulkWriteError as failed:
                if not is_duplicate(failed):
                    raise
                # Another replica placed one of them first: looked at again, it is known.
                raise Contended("units.contended") from None
        if done.inserted_count + done.matched_count < len(writes):
            raise Contended("units.contended")
