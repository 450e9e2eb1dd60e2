"""The indexes a service stands on, declared at its start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

import pymongo
from pymongo.errors import OperationFailure

from services.chassis.store import Store

INDEX_CLASH = (85, 86)  # IndexOptionsConflict, IndexKeySpecsConflict


class IndexClash(Exception):
    """An index of that name exists with other options: a migration has to drop it."""


_Gathered: TypeAlias = dict[str, list[pymongo.IndexModel]]
_gathered: ContextVar[_Gathered | None] = ContextVar("jishi_indexes", default=None)


class Indexes:
    """The indexes a service stands on, declared at start."""

    def __init__(self, database: Store) -> None:
        self._database = database

    def declare(self, collection: str, keys: str | Sequence[tuple[str, int]], **options: Any) -> None:
        """See that the index exists; raises ``IndexClash`` where it exists with other options.

        Inside ``together`` both is put off to its end.
        """
        wanted = pymongo.IndexModel([(keys, pymongo.ASCENDING)] if isinstance(keys, str) else keys, **options)
        gathered = _gathered.get()
        if gathered is None:
            self._create(collection, [wanted])
        elif wanted.document not in [each.document for each in gathered.setdefault(collection, [])]:
            gathered[collection].append(wanted)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What the block declares of this database, in one question to the store per collection."""
        token = _gathered.set({})
        try:
            yield
            gathered = _gathered.get() or {}
        finally:
            _gathered.reset(token)
        for collection, wanted in gathered.items():
            self._create(collection, wanted)

    @contextmanager
    def trusted(self) -> Iterator[None]:
        """What the block declares is there, as this process declared it before: the store is not asked."""
        token = _gathered.set({})
        try:
            yield
        finally:
            _gathered.reset(token)

    def _create(self, collection: str, wanted: list[pymongo.IndexModel]) -> None:
        try:
            self._database[collection].create_indexes(wanted)
        except OperationFailure as failure:
            if failure.code not in INDEX_CLASH:
                raise
            if len(wanted) == 1:
                keys = list(wanted[0].document["key"].items())
                raise IndexClash(f"{collection}: {keys}") from failure
            for each in wanted:  # which of them it is
                self._create(collection, [each])
