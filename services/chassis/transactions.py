"""Transactions: what commits together, what follows a commit, and what is run again after a lost race."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, PyMongoError

from services.chassis import left_open
from services.chassis.errors import Contended, Unavailable

_Store: TypeAlias = Database[dict[str, Any]]  # as ``store`` names it, which stands on this
Result = TypeVar("Result")
RACES_SECONDS = 4.0  # within the five that a caller waits
RACE_AGAIN_SECONDS = 1.28


@dataclass
class _Ambient:
    session: ClientSession
    hooks: list[Callable[[], None]] = field(default_factory=list)
    ended: bool = False


_ambient: ContextVar[_Ambient | None] = ContextVar("jishi_transaction", default=None)


def session() -> ClientSession | None:
    """The session of the transaction that this greenthread is in, to be passed to every operation.

    Raises ``RuntimeError`` after ``end_transaction``: what goes on as if nothing had happened would be told
    that the transaction is not there, which looks like a conflict that another try could win.
    """
    ambient = _ambient.get()
    if ambient is not None and ambient.ended:
        raise RuntimeError("this transaction was ended by a failed write")
    return ambient.session if ambient else None


def end_transaction() -> None:
    """Say that a write failed, with which the server ends the transaction that is running, if one is."""
    if (ambient := _ambient.get()) is not None:
        ambient.ended = True


def on_commit(hook: Callable[[], None]) -> None:
    """Call ``hook`` after the running transaction has committed; at once where there is none."""
    ambient = _ambient.get()
    if ambient is None:
        hook()
    else:
        ambient.hooks.append(hook)


@contextmanager
def transaction(database: _Store) -> Iterator[ClientSession]:
    """All writes of the block that use ``session()`` commit together or not at all.

    A transaction inside another joins it. Errors labelled transient leave as they came: run the block
    by ``in_transaction`` to have it repeated.
    """
    outer = _ambient.get()
    if outer is not None:
        yield outer.session
        return
    with _committing(database) as ambient:
        yield ambient.session
    _follow(ambient.hooks)


@contextmanager
def _committing(database: _Store) -> Iterator[_Ambient]:
    with database.client.start_session() as own:
        left_open.note(database, own)
        with own.start_transaction():
            ambient = _Ambient(own)
            token = _ambient.set(ambient)
            try:
                yield ambient
                _commit(own)
            finally:
                _ambient.reset(token)


def _follow(hooks: Sequence[Callable[[], None]]) -> None:
    """Do all that follows a commit; what the first that failed raised is told when all had their turn."""
    failures: list[Exception] = []
    for hook in hooks:
        try:
            hook()
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


def _commit(own: ClientSession) -> None:
    # An unknown result may be asked again as often as one likes: the server knows the transaction.
    for _ in range(2):
        try:
            own.commit_transaction()
            return
        except PyMongoError as failure:
            if not failure.has_error_label("UnknownTransactionCommitResult"):
                raise
    own.commit_transaction()


def in_transaction(
    database: _Store, body: Callable[[], Result], *, attempts: int = 8, seconds: float = RACES_SECONDS
) -> Result:
    """The result of ``body``, run in a transaction and run again after a lost race.

    Within another transaction it joins, once: only the outermost can be repeated. Raises ``Contended`` once
    as many ``attempts`` are lost and as many ``seconds`` gone: where many meet on a slow machine, one loses
    often. Raises ``Unavailable`` where the store does not answer: a lost connection is no race, and is tried
    once more only. What was committed is never run again, whatever ``on_commit`` raises.
    """
    if session() is not None:
        return body()
    lost = 0
    for _ in races(attempts, seconds):
        try:
            with _committing(database) as ambient:
                result = body()
        except Contended:
            pass  # by what this transaction does not see
        except PyMongoError as failure:
            if not failure.has_error_label("TransientTransactionError"):
                raise
            # The driver calls a store that is away transient too; each try may take as long as its socket.
            lost += isinstance(failure, ConnectionFailure)
            if lost > 1:
                raise Unavailable("store.unavailable") from failure
        else:
            _follow(ambient.hooks)
            return result
    raise Contended("store.contended")


def races(attempts: int, seconds: float = RACES_SECONDS) -> Iterator[int]:
    """The turns of whoever runs again what lost a race: as many as ``attempts`` and as ``seconds`` allow.

    Between them it waits, longer each time and for no certain time, so that those who met do not meet again.
    """
    until = time.monotonic() + seconds
    for turn in itertools.count():
        yield turn
        if turn + 1 >= attempts and time.monotonic() >= until:
            return
        time.sleep(random.uniform(0, min(0.01 * 2**turn, RACE_AGAIN_SECONDS)))
