"""Attacks on anonymity: whoever holds a dump tries to join what people said with who they are.

An attack is a way to put the entries of a dump into an order, or a value on both sides. An order that has
nothing to do with the one in which people spoke agrees with it by chance alone.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any

# Two-sided, of a normal statistic: one in 1.7 million. With the some dozens of attacks of one run a false
# alarm comes once in tens of thousands of runs.
THRESHOLD = 5.0


def agreement(order: Sequence[Any], truth: Sequence[Any]) -> float:
    """Spearman's rank correlation of two orders of the same things, times sqrt(n - 1).

    Standard normal where the orders have nothing to do with each other.
    """
    n = len(truth)
    place = {each: at for at, each in enumerate(order)}
    distance = sum((place[each] - at) ** 2 for at, each in enumerate(truth))
    return (1 - 6 * distance / (n * (n * n - 1))) * sqrt(n - 1)


def combined(statistics: Sequence[float]) -> float:
    """Independent statistics of one attack on several batches as one, standard normal by chance."""
    return sum(statistics) / sqrt(len(statistics))


def hits(order: Sequence[Any], truth: Sequence[Any]) -> int:
    """How many are named rightly by whoever pairs the two orders; one by chance, however many there are."""
    return sum(one == other for one, other in zip(order, truth, strict=True))


def orders(entries: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Every order in which the dump's ``entries`` (by id, in the order in which they lie there) can be put.

    As they lie, by id, by size, and by the value at each path within them that is not the same in all.
    """
    yield "as it lies", list(entries)
    yield "by id", sorted(entries)
    yield "by size", sorted(entries, key=lambda each: (len(str(entries[each])), each))
    columns: dict[str, dict[str, Any]] = defaultdict(dict)
    for id, entry in entries.items():  # noqa: A001 - the field's name
        for path, value in leaves(entry):
            columns[path][id] = value
    for path, column in sorted(columns.items()):
        if len(column) == len(entries) and len(set(map(str, column.values()))) > 1:
            yield f"by {path}", sorted(column, key=lambda each: (str(column[each]), each))


def leaves(of: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value within, with the path that leads to it."""
    if isinstance(of, Mapping):
        for name, value in of.items():
            yield from leaves(value, f"{path}.{name}" if path else str(name))
    elif isinstance(of, (list, tuple)):
        for at, value in enumerate(of):
            yield from leaves(value, f"{path}.{at}")
    else:
        yield path, of


def shared(one: Mapping[str, Any], other: Mapping[str, Any], *, few: int = 5) -> set[str]:
    """Values of at least eight characters that fewer than ``few`` of each side hold: what a join goes by."""
    found = []
    for side in (one, other):
        holders: dict[str, set[str]] = defaultdict(set)
        for id, entry in side.items():  # noqa: A001 - the field's name
            for path, value in leaves({id: entry}):
                for text in (str(value), *path.split(".")):
                    if len(text) >= 8:
                        holders[text].add(id)
        found.append({text for text, ids in holders.items() if len(ids) < few})
    return found[0] & found[1]


def as_text(entry: Any) -> str:
    return json.dumps(entry, default=str, ensure_ascii=False)
