"""What the store is asked while a list is answered: how often, of which collection, and by which index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pymongo.monitoring

from services.chassis.store import Store

_READS = ("find", "aggregate", "count", "distinct", "getMore")
_WRITES = ("insert", "update", "delete", "findAndModify")
# Known to every process for a moment, whatever is asked: they belong to no answer.
_CACHED = ("authority_nodes", "authority_grants", "authority_revision")


@dataclass(frozen=True)
class Asked:
    """One command to a collection."""

    name: str
    collection: str
    command: Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """One way to ask for a list, and what is read besides the page itself: so many finds a collection.

    Where it ``scans``, no index can help, and what it scans is small. ``parts``: in how many questions the
    page is asked for, whatever there is; one that follows in up to ``following`` more, by each field of its
    order and by id.
    """

    collection: str
    query: Mapping[str, Any] = field(default_factory=dict)
    actor: str = "dean"
    besides: Mapping[str, int] = field(default_factory=dict)
    paged: bool = True
    scans: bool = False
    parts: int = 1
    following: int = 1

    @property
    def allowed(self) -> Counter[str]:
        """How often each collection may be read, whatever there is."""
        own = {self.collection: self.parts} if self.collection else {}
        return Counter(own) + Counter(self.besides)

    @property
    def allowed_after(self) -> Counter[str]:
        """As ``allowed``, of a page that follows."""
        more = {self.collection: self.following} if self.collection else {}
        return self.allowed + Counter(more)


class StoreCalls(pymongo.monitoring.CommandListener):
    """Listens to every client of this process that is made from now on, and keeps what it is asked to."""

    def __init__(self) -> None:
        self._heard: list[Asked] | None = None
        self._database: str | None = None
        self._names: tuple[str, ...] = _READS

    @contextmanager
    def heard(self, database: Store | None = None, *, writes: bool = False) -> Iterator[list[Asked]]:
        """The reads in the block, and the ``writes``, in order; of ``database`` alone where it is given."""
        self._names = (*_READS, *_WRITES) if writes else _READS
        self._database = database.name if database is not None else None
        self._heard = heard = []
        try:
            yield heard
        finally:
            self._heard = None

    def started(self, event: pymongo.monitoring.CommandStartedEvent) -> None:
        if self._heard is None or event.command_name not in self._names:
            return
        if self._database not in (None, event.database_name):
            return  # a service that runs beside has a database of its own
        name = "collection" if event.command_name == "getMore" else event.command_name
        asked = Asked(event.command_name, str(event.command[name]), dict(event.command))
        # A service that runs beside looks for jobs that are due, every second.
        looks_for_jobs = asked.collection == "jobs" and "lease_until" in asked.command.get("filter", {})
        if asked.collection not in _CACHED and not looks_for_jobs:
            self._heard.append(asked)

    def succeeded(self, event: pymongo.monitoring.CommandSucceededEvent) -> None:
        """What came back is for the caller."""

    def failed(self, event: pymongo.monitoring.CommandFailedEvent) -> None:
        """As ``succeeded``."""


STORE_CALLS = StoreCalls()
pymongo.monitoring.register(STORE_CALLS)


def stages(database: Store, asked: Asked) -> set[str]:
    """The stages by which the store says that it answers a ``find``.

    The embedded store also lets one clause of several ride an index, in their order, and its explain does
    not say so: where all of them together are a scan, each is asked for by itself. With an operator among
    them, as ``$or``, it scans.
    """
    found = _explained(database, asked, asked.command.get("filter", {}))
    clauses = asked.command.get("filter", {})
    if "COLLSCAN" in found and len(clauses) > 1 and not any(name.startswith("$") for name in clauses):
        alone = [_explained(database, asked, {name: clause}) for name, clause in clauses.items()]
        return next((each for each in alone if "IXSCAN" in each), found)
    return found


def _explained(database: Store, asked: Asked, wanted: Mapping[str, Any]) -> set[str]:
    command = {"find": asked.collection, "filter": wanted}
    command |= {name: asked.command[name] for name in ("sort", "limit") if name in asked.command}
    plan = database.command("explain", command, verbosity="queryPlanner")
    return set(_stages(plan["queryPlanner"]["winningPlan"]))


def _stages(plan: Mapping[str, Any]) -> Iterator[str]:
    yield plan["stage"]
    for below in (plan.get("inputStage"), *plan.get("inputStages", ())):
        if below:
            yield from _stages(below)
