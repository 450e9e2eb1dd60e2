"""Sheets in the store, one compact document per owner, and the ledger of words that they come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from pymongo.errors import BulkWriteError

from services.chassis.clock import Clock
from services.chassis.indexes import Indexes
from services.chassis.relay import Relay
from services.chassis.store import Record, Store, answering, is_duplicate
from services.evaluation.duties.model import Noted, Sheet
from services.evaluation.duties.words import Word, packed, unpacked
from services.evaluation.obligations.exemptions import exempt_by_id
from services.evaluation.projection.documents import Projections


class Sheets(Projections[Sheet]):
    """What is known of each owner, as texts: the embedded store's costs grow with the number of fields."""

    def __init__(self, database: Store, clock: Clock, relay: Relay) -> None:
        super().__init__(database, "sheets", clock, relay)

    def packed(self, after: Sheet) -> Record:
        """As texts."""
        told = {id_: [each.state, each.sequence, each.shown] for id_, each in after.told.items()}
        state = {"as_of": after.as_of.isoformat(), "things": _text(packed(after.things)), "told": _text(told)}
        if after.exemptions:
            state["exemptions"] = _text([each.packed() for _, each in sorted(after.exemptions.items())])
        return state

    def unpacked(self, found: Record) -> Sheet:
        """The inverse of ``packed``."""
        told = json.loads(found.get("told", "{}"))
        return Sheet(
            unit=found["_id"],
            as_of=date.fromisoformat(found["as_of"]),
            things=unpacked(json.loads(found.get("things", "{}"))),
            told={id_: Noted(*noted) for id_, noted in told.items()},
            exemptions=exempt_by_id(found.get("exemptions", "[]")),
        )


class Words:
    """The ledger: what every event said of whom, only ever added to; what a sheet is computed anew from."""

    def __init__(self, database: Store) -> None:
        self._entries = database["words"]
        Indexes(database).declare("words", "owner")
        # Of the words that say where a person belongs, which are few, so that whoever left is found as well.
        Indexes(database).declare("words", "at", sparse=True)

    def add(self, told: Sequence[tuple[str, Word]]) -> None:
        """Enter what is not yet entered, in one insert; each word with the id of the event that says it."""
        entries = [
            {
                "_id": f"{event}:{number}",
                "owner": word.owner,
                "thing": word.thing,
                "kind": word.kind,
                "sequence": word.sequence,
                "says": _text(dict(word.says)),
                **({"at": word.says["organisation"]} if word.kind == "spell" else {}),
            }
            for number, (event, word) in _numbered(told)
        ]
        if not entries:
            return
        with answering():
            try:
                self._entries.insert_many(entries, ordered=False)
            except BulkWriteError as failed:
                if not is_duplicate(failed):
                    raise

    def of(self, owner: str) -> list[Word]:
        """All that was ever said of what is ``owner``'s."""
        with answering():
            return [_word(each) for each in self._entries.find({"owner": owner})]

    def of_each(self, owners: Sequence[str]) -> dict[str, list[Word]]:
        """The same of each of ``owners`` by itself; of one of whom nothing was said nothing."""
        found: dict[str, list[Word]] = {}
        with answering():
            for each in self._entries.find({"owner": {"$in": list(owners)}}):
                found.setdefault(each["owner"], []).append(_word(each))
        return found

    def belonged(self, organisations: Sequence[str]) -> list[str]:
        """Whoever belongs to one of ``organisations`` or ever did, each once, in a fixed order."""
        with answering():
            found = self._entries.find({"at": {"$in": list(organisations)}})
            return sorted({each["owner"] for each in found})


def _word(entry: Record) -> Word:
    says = json.loads(entry["says"])
    return Word(entry["owner"], entry["thing"], entry["kind"], entry["sequence"], says)


def _numbered(told: Sequence[tuple[str, Word]]) -> list[tuple[int, tuple[str, Word]]]:
    """Each word with its place in its event, the same at every delivery."""
    seen: dict[str, int] = {}
    found = []
    for event, word in told:
        seen[event] = seen.get(event, 0) + 1
        found.append((seen[event], (event, word)))
    return found


def _text(value: Any) -> str:
    """The same bytes for the same content, in whichever order it came."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
