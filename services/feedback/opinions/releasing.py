"""Releasing: who answers learns of anonymous opinions in batches, so that none shows when it came in."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from marshmallow import Schema, ValidationError, fields, validate

from services.chassis.clock import Clock
from services.chassis.documents import Documents
from services.chassis.store import Store
from services.chassis.transactions import in_transaction
from services.feedback.opinions import model, store
from services.feedback.opinions.attachments import Attachments

ONE_DAY = 24 * 60


class Releasing:
    """Releases everything that waits at the turn of every interval ``every``.

    A store gives documents back in the order in which they were written, whatever their ids are. So what is
    released is written anew, in random order, and nothing keeps the order in which it came in.
    """

    def __init__(
        self,
        database: Store,
        opinions: Documents,
        attachments: Attachments,
        clock: Clock,
        rules: ReleasingRules,
    ) -> None:
        self.every = rules.every
        self._smallest = rules.smallest_batch
        self._database = database
        self._opinions = opinions
        self._attachments = attachments
        self._clock = clock

    def release(self) -> None:
        """Release what waits, in random order; what a crash leaves behind goes with the repetition."""
        waiting = self._opinions.find(store.WAITING, limit=0)
        received = [store.read(each).received_on for each in waiting]
        if not model.makes_a_batch(received, smallest=self._smallest, today=self._clock.today()):
            return
        opinions = [store.read(each) for each in waiting]
        random.SystemRandom().shuffle(opinions)
        for opinion in opinions:
            copies = self._attachments.copies(opinion.id, opinion.attachments)
            in_transaction(self._database, partial(self._release, opinion.id, copies))
            self._attachments.forget(copies)

    def _release(self, id: str, copies: Mapping[str, Any]) -> None:  # noqa: A002 - the field's name
        document = self._opinions.find_one({"_id": id, **store.WAITING})
        if document is None:
            return  # another replica was here
        opinion, events = model.release(store.read(document), copies)
        if opinion.released:
            self._attachments.exchange(opinion, copies)
            self._opinions.rewrite(id, store.kept(opinion), events, anonymous=True)


@dataclass(frozen=True)
class ReleasingRules:
    """How often is released, and how many have to wait for it on the day on which they came in."""

    every: timedelta
    smallest_batch: int


def load_rules(policies: Path, *, local: bool) -> ReleasingRules:
    """The rules of ``releasing.yaml``; in the local profile with what differs there.

    Raises ``ValueError`` naming what is wrong.
    """
    raw = _policy(policies, "releasing")
    if local:
        raw = {**raw, **_policy(policies, "releasing-local")}
    try:
        loaded = _PolicySchema().load(raw)
    except ValidationError as refused:
        raise ValueError(f"the releasing policy is not valid: {refused.messages}") from None
    return ReleasingRules(timedelta(minutes=loaded["release_every_minutes"]), loaded["smallest_batch"])


class _PolicySchema(Schema):
    release_every_minutes = fields.Float(
        required=True, validate=validate.Range(min=0, min_inclusive=False, max=ONE_DAY)
    )
    smallest_batch = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=100))


def _policy(folder: Path, name: str) -> Any:
    return yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
