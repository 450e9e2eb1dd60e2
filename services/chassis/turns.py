"""Turns within one process: whoever writes the same document waits, and loses no race to the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from eventlet.semaphore import Semaphore

from services.chassis.transactions import session


class Turns:
    """One at a time by key, in the order of coming. What other processes do is settled by the store alone."""

    def __init__(self) -> None:
        self._taken: WeakValueDictionary[str, Semaphore] = WeakValueDictionary()

    @contextmanager
    def of(self, key: str) -> Iterator[None]:
        """Run the block when it is one's turn; at once within a transaction, which holds what others need."""
        if session() is not None:
            yield
            return
        turn = self._taken.setdefault(key, Semaphore())
        with turn:
            yield
