"""Leases with fencing tokens: one holder at a time, also across replicas and crashes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from eventlet import spawn
from pymongo.errors import DuplicateKeyError, PyMongoError

from services.chassis.clock import Clock
from services.chassis.store import Record, Store

FREE = datetime(1970, 1, 1, tzinfo=UTC)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Lease:
    """The right to do ``name`` until ``until``. ``token`` grows with each holder: write it beside what
    the lease protects and refuse a smaller one, since a holder may be paused past its time."""

    name: str
    holder: str
    token: int
    until: datetime


class Leases:
    """Leases of one service's database. Replicas' clocks may differ by less than the shortest ttl."""

    def __init__(self, database: Store, clock: Clock) -> None:
        self._leases = database["leases"]
        self._clock = clock

    def acquire(self, name: str, holder: str, ttl: timedelta) -> Lease | None:
        """The lease, or None while somebody else has it.

        Who holds it already gets it prolonged with the same token. ``holder`` names one run of one process:
        two greenthreads with the same name would share the lease.
        """
        now = self._clock.now()
        found = self._leases.find_one({"_id": name})
        if found is None:
            return self._first(name, holder, now + ttl)
        live = found["until"] > now
        if live and found["holder"] != holder:
            return None
        token = found["token"] if live else found["token"] + 1
        return self._take(found, Lease(name, holder, token, now + ttl))

    def renew(self, lease: Lease, ttl: timedelta) -> Lease | None:
        """The lease prolonged, or None when another has taken it since."""
        until = self._clock.now() + ttl
        kept = self._leases.update_one({"_id": lease.name, "token": lease.token}, {"$set": {"until": until}})
        return Lease(lease.name, lease.holder, lease.token, until) if kept.matched_count else None

    @contextmanager
    def kept(self, lease: Lease, ttl: timedelta, *, every: float) -> Iterator[None]:
        """Renew the lease every so many seconds while the block runs, however long it takes.

        The block has to yield, as every call to the store does. It may have lost the lease at its end all the
        same: ``renew`` says whether.
        """
        keeper = spawn(self._keep, lease, ttl, every)
        try:
            yield
        finally:
            keeper.kill()

    def _keep(self, lease: Lease, ttl: timedelta, every: float) -> None:
        while True:
            time.sleep(every)
            try:
                if self.renew(lease, ttl) is None:
                    return
            except PyMongoError as failure:
                _log.warning("lease not kept", lease=lease.name, error=type(failure).__name__)

    def release(self, lease: Lease) -> None:
        """Free the lease, if it is still this holder's."""
        self._leases.update_one({"_id": lease.name, "token": lease.token}, {"$set": {"until": FREE}})

    def _first(self, name: str, holder: str, until: datetime) -> Lease | None:
        try:
            self._leases.insert_one({"_id": name, "holder": holder, "token": 1, "until": until})
        except DuplicateKeyError:
            return None
        return Lease(name, holder, 1, until)

    def _take(self, found: Record, lease: Lease) -> Lease | None:
        taken = self._leases.update_one(
            {"_id": lease.name, "token": found["token"], "until": found["until"]},
            {"$set": {"holder": lease.holder, "token": lease.token, "until": lease.until}},
        )
        return lease if taken.matched_count else None
