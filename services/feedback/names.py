"""What organisations are called, for sheets; everywhere else an id is enough."""

from __future__ import annotations

from collections.abc import Iterable

from services.chassis.latest import Latest
from services.chassis.said import Word
from services.chassis.store import Store, answering


class Names:
    """Learned with the tree. Of one that was not heard of since there are names the id is its name."""

    def __init__(self, database: Store) -> None:
        self._names = database["organisation_names"]
        self._latest = Latest(self._names)

    def learn(self, names: Iterable[tuple[str, str, int]]) -> None:
        """Keep what organisations are called: id, name, and the sequence of the event that says so."""
        self._latest.apply(Word(id_, {"name": name}, sequence) for id_, name, sequence in names)

    def of(self, organisations: Iterable[str]) -> dict[str, str]:
        """Names by id."""
        wanted = list(organisations)
        with answering():
            known = {each["_id"]: each["name"] for each in self._names.find({"_id": {"$in": wanted}})}
        return {each: known.get(each, each) for each in wanted}
