"""The service's own database: how it is reached, what it keeps of a value, and what its failures mean."""

from __future__ import annotations

import time
from collections.abc import Collection as Many
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import pymongo
from bson.codec_options import CodecOptions, TypeRegistry
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

from services.chassis.errors import Conflict, Contended, Refusal, Unavailable
from services.chassis.transactions import session

Record: TypeAlias = dict[str, Any]
Store: TypeAlias = Database[Record]
Records: TypeAlias = Collection[Record]

# A dead store is noticed by server selection (nothing listens) or by the socket (it stands still).
SELECTION_MS = 2_500
CONNECT_MS = 2_000
SOCKET_MS = 10_000
WHOLE_SECONDS = 600.0
DUPLICATE_KEY = 11000
IDS_AT_ONCE = 16


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


def by_ids(records: Records, ids: Many[str], shown: Mapping[str, Any] | None = None) -> Iterator[Record]:
    """Those of ``ids`` that there are, each once, in no certain order.

    Asked for a few at a time: the embedded store compares each document with each id that a question names,
    so that 200 of them took it three times as long at once. Failures leave as they came.
    """
    wanted = sorted(set(ids))
    for first in range(0, len(wanted), IDS_AT_ONCE):
        some = wanted[first : first + IDS_AT_ONCE]
        yield from records.find({"_id": {"$in": some}}, shown, session=session())


@contextmanager
def reading_all() -> Iterator[None]:
    """As ``answering``, around a reading from end to end, which may take ``WHOLE_SECONDS``.

    The embedded store answers nothing of it before it has all of it: of 200 000 documents that is longer than
    any other question may take.
    """
    with answering(), pymongo.timeout(WHOLE_SECONDS):
        yield
