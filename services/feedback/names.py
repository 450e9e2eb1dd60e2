"""What organisations are called, for sheets; everywhere else an id is enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pymongo import ReplaceOne

from services.chassis.store import Store, answering, session


class Names:
    """Learned with the tree. Of one that was not heard of since there are names the id is its name."""

    def __init__(self, database: Store) -> None:
        self._names = database["organisation_names"]

    def learn(self, names: Mapping[str, str]) -> None:
        """Keep what organisations are called from now on, by id."""
        writes = [ReplaceOne({"_id": each}, {"name": name}, upsert=True) for each, name in names.items()]
        if writes:
            with answering():
                self._names.bulk_write(writes, session=session())

    def of(self, organisations: Iterable[str]) -> dict[str, str]:
        """Names by id."""
        wanted = list(organisations)
        with answering():
            known = {each["_id"]: each["name"] for each in self._names.find({"_id": {"$in": wanted}})}
        return {each: known.get(each, each) for each in wanted}
