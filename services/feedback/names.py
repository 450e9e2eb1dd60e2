"""What organisations are called, for sheets; everywhere else an id is enough."""

from __future__ import annotations

from collections.abc import Iterable

from services.chassis.store import Store, answering, session


class Names:
    """Learned with the tree. Of one that was not heard of since there are names the id is its name."""

    def __init__(self, database: Store) -> None:
        self._names = database["organisation_names"]

    def learn(self, organisation: str, name: str) -> None:
        """Keep what an organisation is called from now on."""
        with answering():
            self._names.replace_one({"_id": organisation}, {"name": name}, upsert=True, session=session())

    def of(self, organisations: Iterable[str]) -> dict[str, str]:
        """Names by id."""
        wanted = list(organisations)
        with answering():
            known = {each["_id"]: each["name"] for each in self._names.find({"_id": {"$in": wanted}})}
        return {each: known.get(each, each) for each in wanted}
