"""Policies that were activated: kept in the store, and put in force in every process within seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from threading import Lock

from services.chassis.store import Record, Store, answering
from services.evaluation.indicators.measures import Registry
from services.evaluation.indicators.model import Policy, subjects_of
from services.evaluation.indicators.reading import parse

REREAD_SECONDS = 3.0


class Activated:
    """The shipped policies and those activated since, each until the next one of its subject begins."""

    def __init__(self, database: Store, shipped: Sequence[Policy], registry: Registry) -> None:
        self._stored = database["scoring_policies"]
        self._shipped = tuple(shipped)
        self._registry = registry
        self._read_at = -REREAD_SECONDS
        self._reading = Lock()
        self._known: list[tuple[str, str]] | None = None

    def policies(self) -> tuple[Policy, ...]:
        """All of them, with the days on which they are in force."""
        with answering():
            rows = list(self._stored.find({}).sort("_id", 1))
        return succeeding(self._shipped, [_read(row, self._registry) for row in rows])

    def refresh(self, put_in_force: Callable[[Sequence[Policy]], None]) -> None:
        """Take over what another process activated; asks the store every few seconds at most."""
        if time.monotonic() - self._read_at < REREAD_SECONDS:
            return
        with self._reading:  # who comes meanwhile does not go by what was known before
            now = time.monotonic()
            if now - self._read_at < REREAD_SECONDS:
                return
            with answering():
                rows = self._stored.find({}).sort("_id", 1)
                known = [(each["_id"], each["effective_from"]) for each in rows]
            if known != self._known:
                put_in_force(self.policies())
                self._known = known
            self._read_at = now

    def add(self, policy: Policy, text: str) -> None:
        """Keep a policy as activated. The same again changes nothing."""
        row = {"text": text, "effective_from": policy.effective_from.isoformat()}
        with answering():
            self._stored.update_one({"_id": policy.id}, {"$setOnInsert": row}, upsert=True)
        with self._reading:
            self._read_at = -REREAD_SECONDS


def _read(row: Record, registry: Registry) -> Policy:
    policy = parse(row["text"], registry, row["_id"])
    return replace(policy, effective_from=date.fromisoformat(row["effective_from"]))


def succeeding(shipped: Sequence[Policy], activated: Sequence[Policy]) -> tuple[Policy, ...]:
    """Each policy until the day before the next one for one of its subjects begins.

    Of two that begin on one day the one activated takes the place of the one shipped, which stays known.
    """
    found: list[Policy] = []
    for each in (*shipped, *sorted(activated, key=lambda policy: (policy.effective_from, policy.id))):
        found = [_ended(before, each) for before in found]
        found.append(each)
    return tuple(found)


def _ended(before: Policy, successor: Policy) -> Policy:
    if not subjects_of(before) & subjects_of(successor):
        return before
    last = successor.effective_from - timedelta(days=1)
    if before.effective_to is not None and before.effective_to <= last:
        return before
    return replace(before, effective_to=last)
