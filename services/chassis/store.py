"""The service's own database: connection, transactions, and what its failures mean."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import pymongo
from bson.codec_options import CodecOptions, TypeRegistry
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import (
    BulkWriteError,
    CollectionInvalid,
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from services.chassis import left_open
from services.chassis.errors import Conflict, Contended, Refusal, Unavailable

Record: TypeAlias = dict[str, Any]
Store: TypeAlias = Database[Record]
Records: TypeAlias = Collection[Record]
Result = TypeVar("Result")

# A dead store is noticed by server selection (nothing listens) or by the socket (it stands still).
SELECTION_MS = 2_500
CONNECT_MS = 2_000
SOCKET_MS = 10_000
WHOLE_SECONDS = 600.0
RACES_SECONDS = 4.0  # within the five that a caller waits
RACE_AGAIN_SECONDS = 1.28
DUPLICATE_KEY = 11000


def plain(value: Any) -> Any:
    """``value`` as the store keeps it: dates as ISO text, decimals as text, tuples as lists.

    Instants stay instants. ISO dates sort and compare as text, so queries by date work unchanged.
    """
    if isinstance(value, dict):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def copied(value: Any) -> Any:
    """``value`` again, sharing no list and no mapping with it: several times as fast as ``deepcopy``.

    For what was read from the store, where all the rest is immutable.
    """
    if isinstance(value, dict):
        return {name: copied(each) for name, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


_CODEC: CodecOptions[Record] = CodecOptions(
    tz_aware=True, tzinfo=UTC, type_registry=TypeRegistry(fallback_encoder=plain)
)


def connect(mongo_uri: str, name: str) -> Store:
    """The database ``name``: majority writes, instants aware in UTC, retries as ``mongo_uri`` says.

    Connects lazily. Call once per process and only after the monkey patch: a client made before it
    keeps blocking locks. A store that does not answer raises within 5 s.
    """
    if not _patched():
        raise RuntimeError("import services.chassis.patch before a store is connected")
    client: pymongo.MongoClient[Record] = pymongo.MongoClient(
        mongo_uri,
        w="majority",
        serverSelectionTimeoutMS=SELECTION_MS,
        connectTimeoutMS=CONNECT_MS,
        socketTimeoutMS=SOCKET_MS,
        maxPoolSize=64,
        appname="jishi",
    )
    return client.get_database(name, codec_options=_CODEC)


def _patched() -> bool:
    from eventlet import patcher  # here, for the workers that run without greenthreads

    return bool(patcher.is_monkey_patched("socket") and patcher.is_monkey_patched("thread"))


def await_store(database: Store, seconds: float = 30.0) -> None:
    """Return when the store answers; raises ``Unavailable`` when it has not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            database.client.admin.command("ping")
            return
        except PyMongoError:
            if time.monotonic() >= deadline:
                raise Unavailable("store.unavailable") from None
            time.sleep(0.2)


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
def transaction(database: Store) -> Iterator[ClientSession]:
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
def _committing(database: Store) -> Iterator[_Ambient]:
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
    database: Store, body: Callable[[], Result], *, attempts: int = 8, seconds: float = RACES_SECONDS
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


def keep_collection(database: Store, name: str) -> None:
    """See that the collection exists: one made inside a transaction makes all others that run conflict."""
    if name not in database.list_collection_names():
        with suppress(CollectionInvalid):  # another replica was quicker
            database.create_collection(name)


def has_transactions(database: Store) -> bool:
    """Whether the server takes transactions: a MongoDB that is no replica set refuses them."""
    try:
        with database.client.start_session() as own, own.start_transaction():
            database["probe"].find_one({}, session=own)
    except OperationFailure:
        return False
    return True


def is_duplicate(failure: DuplicateKeyError | BulkWriteError) -> bool:
    """Whether nothing else went wrong than that a unique key was taken."""
    if isinstance(failure, DuplicateKeyError):
        return True
    errors = (failure.details or {}).get("writeErrors", [])
    return bool(errors) and all(each["code"] == DUPLICATE_KEY for each in errors)


def refusal_of(failure: PyMongoError) -> Refusal | None:
    """What a caller is told of a store's failure; None where it is a fault of the program."""
    if isinstance(failure, DuplicateKeyError):
        return Conflict("store.duplicate")
    if isinstance(failure, (ConnectionFailure, WTimeoutError)):
        return Unavailable("store.unavailable")
    if failure.has_error_label("TransientTransactionError"):
        return Contended("store.contended")
    return None


@contextmanager
def answering() -> Iterator[None]:
    """Failures of the store inside the block leave as ``Refusal``.

    Within a transaction they pass unchanged, since their labels decide whether it is run again.
    """
    try:
        yield
    except PyMongoError as failure:
        refusal = refusal_of(failure) if session() is None else None
        if refusal is None:
            raise
        raise refusal from failure


@contextmanager
def reading_all() -> Iterator[None]:
    """As ``answering``, around a reading from end to end, which may take ``WHOLE_SECONDS``.

    The embedded store answers nothing of it before it has all of it: of 200 000 documents that is longer than
    any other question may take.
    """
    with answering(), pymongo.timeout(WHOLE_SECONDS):
        yield
