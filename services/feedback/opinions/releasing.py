"""Releasing: who answers learns of anonymous opinions in batches, so that none shows when it came in."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from marshmallow import Schema, ValidationError, fields, validate

from services.chassis.documents import Documents
from services.feedback.opinions import model, store

ONE_DAY = 24 * 60


class Releasing:
    """Releases everything that waits at the turn of every interval ``every``."""

    def __init__(self, opinions: Documents, every: timedelta) -> None:
        self.every = every
        self._opinions = opinions

    def release(self) -> None:
        """Release what waits, in random order; what a crash leaves behind goes with the repetition."""
        waiting = [each.id for each in self._opinions.find(store.WAITING, limit=0)]
        random.SystemRandom().shuffle(waiting)
        for opinion in waiting:
            self._opinions.change(opinion, store.decided_by(opinion, model.release), anonymous=True)


def load_interval(policies: Path, *, local: bool) -> timedelta:
    """How often is released, by ``releasing.yaml``; in the local profile by what differs there.

    Raises ``ValueError`` naming what is wrong.
    """
    raw = _policy(policies, "releasing")
    if local:
        raw = {**raw, **_policy(policies, "releasing-local")}
    try:
        return timedelta(minutes=_PolicySchema().load(raw)["release_every_minutes"])
    except ValidationError as refused:
        raise ValueError(f"the releasing policy is not valid: {refused.messages}") from None


class _PolicySchema(Schema):
    release_every_minutes = fields.Float(
        required=True, validate=validate.Range(min=0, min_inclusive=False, max=ONE_DAY)
    )


def _policy(folder: Path, name: str) -> Any:
    return yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
