"""How content is cut into the parts in which it is kept and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.chassis.files.limits import MOST_PART_BYTES


def cut(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of ``MOST_PART_BYTES``, the last one shorter; none of nothing."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= MOST_PART_BYTES:
            yield bytes(waiting[:MOST_PART_BYTES])
            del waiting[:MOST_PART_BYTES]
    if waiting:
        yield bytes(waiting)
