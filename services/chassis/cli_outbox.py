"""``jishi outbox``: the events that are accepted and not yet published."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from services.chassis.cli_frame import as_json, database, one_service, service_names, settings, show, told
from services.chassis.clock import Clock
from services.chassis.outbox import pending_for
from services.chassis.store import Store

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@click.command()
@one_service()
@as_json
@told
def outbox(service: str | None, as_json: bool) -> None:
    """Show the events that are accepted and not yet published, by collection."""
    known = settings()
    rows = []
    for name in [service] if service else service_names():
        with database(known, name) as opened:
            rows += [{"service": name, **row} for row in pending(opened, known.clock())]
    columns = ("service", "collection", "documents", "oldest_seconds")
    show(rows, columns, as_json=as_json, empty="Every accepted event is published.")


def pending(opened: Store, clock: Clock) -> Iterator[dict[str, Any]]:
    """Of each collection that holds unpublished events: how many documents, and for how long at least."""
    for name in sorted(opened.list_collection_names()):
        collection = opened[name]
        if not any("pending_since" in dict(each["key"]) for each in collection.list_indexes()):
            continue
        # A comparison, not $exists: only the former lets the planner use the sparse index.
        waiting = {"pending_since": {"$gte": _EPOCH}}
        oldest = collection.find_one(waiting, {"pending_since": 1}, sort=[("pending_since", 1)])
        if oldest is not None:
            yield {
                "collection": name,
                "documents": collection.count_documents(waiting),
                "oldest_seconds": round(pending_for(oldest["pending_since"], clock.now(), clock.zone)),
            }
