"""What ``jishi check`` finds in the database of records that somebody should look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.chassis.store import Store
from services.records.posts.unfit import packs, unfit


def found(database: Store, today: date) -> Iterator[tuple[str, str]]:
    """What, and what to do about it; nothing where nothing is to be looked at."""
    count = sum(1 for _ in unfit(database, packs(), today))
    if count:
        yield "posts", f"{count} held by who could not be given them today: jishi records posts"
