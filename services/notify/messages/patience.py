"""How patient sending is: see ``policies/sending.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate


@dataclass(frozen=True)
class Sending:
    """All times are seconds.

    ``attempts`` and ``give_up_seconds`` end the repetition, whichever comes first; ``poll_seconds`` are the
    questions after what was sent and never reported on, each after the one before.
    """

    timeout_seconds: float
    lease_seconds: float
    most_at_once: int
    attempts: int
    backoff_seconds: tuple[float, ...]
    ask_seconds: tuple[float, ...]
    believe_absent_seconds: float
    give_up_seconds: float = 14_400.0
    poll_seconds: tuple[float, ...] = ()

    def backoff(self, failed: int) -> float:
        """The pause after so many failed rounds through the providers."""
        return self.backoff_seconds[min(max(failed, 1), len(self.backoff_seconds)) - 1]


def read_sending(raw: Any) -> Sending:
    """The policy that ``raw`` (parsed YAML) describes; raises ``ValueError`` naming what is wrong."""
    try:
        sending: Sending = _SendingSchema().load(raw)
    except ValidationError as refused:
        raise ValueError(f"the sending policy is not valid: {refused.messages}") from None
    return sending


class _SendingSchema(Schema):
    _seconds = validate.Range(min=0, min_inclusive=False)
    timeout_seconds = fields.Float(required=True, validate=_seconds)
    lease_seconds = fields.Float(required=True, validate=_seconds)
    most_at_once = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=64))
    attempts = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    give_up_seconds = fields.Float(required=True, validate=_seconds)
    backoff_seconds = fields.List(
        fields.Float(validate=_seconds), required=True, validate=validate.Length(min=1)
    )
    ask_seconds = fields.List(fields.Float(validate=_seconds), required=True, validate=validate.Length(min=1))
    poll_seconds = fields.List(fields.Float(validate=_seconds), required=True)
    believe_absent_seconds = fields.Float(required=True, validate=_seconds)

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Sending:
        if given["lease_seconds"] <= given["timeout_seconds"]:
            raise ValidationError("a lease has to outlast the call that it covers", "lease_seconds")
        if given["believe_absent_seconds"] <= given["timeout_seconds"]:
            raise ValidationError("a call may be on its way for longer than that", "believe_absent_seconds")
        tuples = {name: tuple(given[name]) for name in ("backoff_seconds", "ask_seconds", "poll_seconds")}
        return Sending(**{**given, **tuples})
