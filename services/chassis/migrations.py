"""Numbered migrations of a service's database: each once, in order, under a lease."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.chassis.clock import Clock
from services.chassis.errors import Unavailable
from services.chassis.identity import new_id
from services.chassis.leases import Lease, Leases
from services.chassis.store import Store

TTL = timedelta(minutes=5)
KEEP_SECONDS = 20.0
_NAME = re.compile(r"\A(\d{4})_([a-z0-9_]+)\Z")
_log = structlog.get_logger(__name__)


class MigrationError(Exception):
    """The numbered modules are not usable: a wrong name, a number twice, or one missing."""


@dataclass(frozen=True)
class Migration:
    """One module ``NNNN_name`` with ``up(database)``, which may be run again after a crash.

    It may take as long as it needs, as long as it calls the store now and then: the lease is kept meanwhile.
    """

    number: int
    name: str
    up: Callable[[Store], None]


def found(package: str) -> list[Migration]:
    """The migrations of a package such as ``services.records.migrations``; none where there is none.

    Raises ``MigrationError`` unless the numbers run from 1 without a hole.
    """
    try:
        module = importlib.import_module(package)
    except ModuleNotFoundError as missing:
        if missing.name == package:
            return []
        raise
    migrations = []
    for each in pkgutil.iter_modules(module.__path__):
        named = _NAME.match(each.name)
        if named is None:
            raise MigrationError(f"{package}.{each.name} is not named NNNN_name")
        up = importlib.import_module(f"{package}.{each.name}").up
        migrations.append(Migration(int(named.group(1)), named.group(2), up))
    migrations.sort(key=lambda migration: migration.number)
    if [each.number for each in migrations] != list(range(1, len(migrations) + 1)):
        raise MigrationError(f"{package}: numbers do not run from 0001 without a hole")
    return migrations


def outstanding(database: Store, package: str) -> list[Migration]:
    """Those not applied to ``database`` yet."""
    applied = {each["_id"] for each in database["migrations"].find({}, {"_id": 1})}
    return [each for each in found(package) if each.number not in applied]


def migrate(database: Store, package: str, clock: Clock, *, seconds: float = 60.0) -> list[str]:
    """Apply what is outstanding, in order; the names of what was applied here.

    Of several replicas one applies and the others wait; raises ``Unavailable`` after ``seconds``.
    """
    if not outstanding(database, package):
        return []
    leases = Leases(database, clock)
    lease = _await_lease(leases, seconds)
    applied = []
    try:
        for migration in outstanding(database, package):
            _require(leases, lease)
            with leases.kept(lease, TTL, every=KEEP_SECONDS):
                migration.up(database)
            _require(leases, lease)
            record = {"_id": migration.number, "name": migration.name, "applied_at": clock.now()}
            database["migrations"].insert_one(record)
            _log.info("migration applied", number=migration.number, migration=migration.name)
            applied.append(migration.name)
    finally:
        leases.release(lease)
    return applied


def _require(leases: Leases, lease: Lease) -> None:
    if leases.renew(lease, TTL) is None:
        raise Unavailable("migrations.taken_over")


def _await_lease(leases: Leases, seconds: float) -> Lease:
    deadline = time.monotonic() + seconds
    holder = f"{os.getpid()}-{new_id()}"
    while True:
        lease = leases.acquire("migrations", holder, TTL)
        if lease is not None:
            return lease
        if time.monotonic() >= deadline:
            raise Unavailable("migrations.busy")
        time.sleep(0.2)
