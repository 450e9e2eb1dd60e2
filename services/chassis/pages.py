"""Lists in pages: each page continues after the last document of the one before, whatever was added since."""

from __future__ import annotations

import base64
import binascii
import json
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from services.chassis.documents import Document
from services.chassis.errors import Invalid
from services.chassis.narrowing import both
from services.chassis.wire import writable

MOST_AT_ONCE = 32  # values of one question


class Findable(Protocol):
    """What can be paged: ``Documents``, or a view that is read the same way."""

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        """At most ``limit`` documents in the order of ``sort``."""


@dataclass(frozen=True)
class Page:
    """Some documents, and the cursor of those that follow; None on the last page."""

    documents: list[Document]
    next: str | None


class AnyOf:
    """``documents`` that match one of ``filters`` or more, each once, to be paged like any.

    One question for each: a single ``$or`` of them would use no index on the embedded store, which of several
    clauses takes the first that has one. None of ``filters`` names a field of the order.
    """

    def __init__(self, documents: Findable, filters: Sequence[Mapping[str, Any]]) -> None:
        self._documents = documents
        self._filters = filters

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        """At most ``limit`` documents that match ``filter`` as well, in the order of ``sort``."""
        found: dict[str, Document] = {}
        for each in self._filters:
            wanted = both(each, filter)
            if wanted is not None:
                met = self._documents.find(wanted, sort=sort, limit=limit)
                found |= {document.id: document for document in met}
        ordered = list(found.values())
        for name, direction in reversed(sort):
            ordered.sort(key=partial(_value, name), reverse=direction < 0)
        return ordered[:limit]


class OneAfterAnother:
    """``documents`` whose ``field`` has one of ``values``, a text each, to be paged in an order that begins
    with ``field``.

    The embedded store reads and sorts all that matches, however few are asked for (half a millisecond each):
    of a whole campus that is longer than a caller waits. So it is asked for the first of the values that are
    left, then for twice as many at a time, until a page is full: what there is of the others costs nothing.
    Where ``field`` is ``_id``, at most one document has each value: then it begins with a page of them. Never
    with more than ``MOST_AT_ONCE``, since it compares each document with each of the values: named by their
    ids, 50 took it 45 ms and 400 took 900.
    """

    def __init__(self, documents: Findable, field: str, values: Collection[str]) -> None:
        self._documents = documents
        self._field = field
        self._values = sorted(set(values))

    def find(
        self,
        filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
        *,
        sort: Sequence[tuple[str, int]],
        limit: int,
    ) -> list[Document]:
        """At most ``limit`` documents that match ``filter`` as well, in the order of ``sort``."""
        besides = {name: wanted for name, wanted in filter.items() if name != self._field}
        found: list[Document] = []
        at_first = limit if self._field == "_id" else 1
        for some in self._some(filter.get(self._field), at_first):
            wanted = {self._field: some[0] if len(some) == 1 else {"$in": some}, **besides}
            found += self._documents.find(wanted, sort=sort, limit=limit - len(found))
            if len(found) >= limit:
                break
        return found

    def _some(self, wanted: Any, at_first: int) -> Iterator[list[str]]:
        """The values that ``page`` asks for: one, those after one, or all."""
        left = self._values
        if isinstance(wanted, Mapping):
            # As a text: a cursor that is none of ours may have a number there.
            left = left[bisect_right(left, str(wanted["$gt"])) :]
        elif wanted is not None:
            left = [wanted] if wanted in left else []
        many = at_first
        while left:
            some = min(many, MOST_AT_ONCE)
            yield left[:some]
            left, many = left[some:], 2 * many


def page(
    documents: Findable,
    filter: Mapping[str, Any],  # noqa: A002 - pymongo's name
    *,
    order: Sequence[tuple[str, int]],
    limit: int,
    cursor: str | None = None,
) -> Page:
    """At most ``limit`` documents that match ``filter``, in ``order`` and then by id.

    Every field of ``order`` is a text or a whole number that each document has. Raises ``Invalid`` with
    ``request.cursor`` for a cursor that is none of ours.
    """
    sort = [*order, ("_id", order[-1][1] if order else 1)]
    parts = _after(sort, _values(cursor, len(sort))) if cursor else [{}]
    single, found = [name for name, _ in sort], list[Document]()
    for part in parts:
        wanted = both(filter, part, single=single)
        if wanted is not None:
            found.extend(documents.find(wanted, sort=sort, limit=limit + 1 - len(found)))
        if len(found) > limit:
            break
    shown = found[:limit]
    return Page(shown, _cursor(shown[-1], sort) if len(found) > limit else None)


def _after(sort: Sequence[tuple[str, int]], values: Sequence[str | int]) -> list[dict[str, Any]]:
    """What comes after ``values``, in parts that follow each other: equal in all fields but the last and
    greater there, then equal in all but the last two …, at the end greater in the first.

    Each part is a query of its own, since one ``$or`` of them all would use no index on the embedded store.
    """
    parts: list[dict[str, Any]] = []
    for position, ((name, direction), value) in enumerate(zip(sort, values, strict=True)):
        equal: dict[str, Any] = {sort[before][0]: values[before] for before in range(position)}
        parts.append({**equal, name: {"$gt" if direction > 0 else "$lt": value}})
    return parts[::-1]


def _cursor(last: Document, sort: Sequence[tuple[str, int]]) -> str:
    values = [_value(name, last) for name, _ in sort]
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def _value(name: str, document: Document) -> Any:
    return document.id if name == "_id" else document.state[name]


def _values(cursor: str, count: int) -> list[str | int]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        values = None
    # Plain values only: a mapping would be an operator of the store's query language.
    if not isinstance(values, list) or len(values) != count or not all(_is_kept(value) for value in values):
        raise Invalid.at("cursor", "request.cursor")
    return values


def _is_kept(value: Any) -> bool:
    """Whether it is a text or a whole number that the store could hold."""
    if type(value) is str:
        return writable(value)
    return type(value) is int and -(2**63) <= value < 2**63
