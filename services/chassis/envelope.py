"""The envelope: CloudEvents 1.0 in structured JSON, with the extensions that order and trace."""

from __future__ import annotations

import builtins
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any

from services.chassis.clock import Clock
from services.chassis.contract import EventContract, NewEvent
from services.chassis.errors import Permanent
from services.chassis.identity import new_id, timeless_id
from services.chassis.wire import decode, writable

CONTENT_TYPE = "application/cloudevents+json"
SPEC_VERSION = "1.0"
MOST_BYTES = 256 * 1024
_REQUIRED = ("specversion", "id", "type", "source", "subject", "time", "data")


@dataclass(frozen=True)
class Event:
    """One event as a handler sees it: ``data`` is decoded to native values by its contract.

    ``sequence`` counts the events of one subject from 1, without holes; 0 when the sender keeps none.
    ``actor`` is a person's id; absent when nobody acted or anonymity asks for it. ``anonymous``: nothing
    may be kept or logged that tells when this event passed.
    """

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    data: dict[str, Any]
    sequence: int = 0
    correlationid: str | None = None
    causationid: str | None = None
    actor: str | None = None
    traceparent: str | None = None
    anonymous: bool = False
    wire: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def contract(self) -> builtins.type[EventContract]:
        return EventContract.registry[self.type]


def seal(
    new: NewEvent,
    *,
    subject: str,
    sequence: int,
    clock: Clock,
    correlationid: str | None = None,
    causationid: str | None = None,
    actor: str | None = None,
    traceparent: str | None = None,
) -> dict[str, Any]:
    """The envelope of ``new`` as JSON values, ready to be appended to a document's pending list.

    An anonymous event says that it is, and gets a timeless id, the campus day instead of the instant, and
    no actor, trace or cause. Raises ``marshmallow.ValidationError`` if the data breaks the contract.
    """
    now = clock.now()
    if new.anonymous:
        day = now.astimezone(clock.zone).date()
        now = datetime.combine(day, time(), clock.zone).astimezone(UTC)
        correlationid = causationid = actor = traceparent = None
    envelope: dict[str, Any] = {
        "specversion": SPEC_VERSION,
        "id": timeless_id() if new.anonymous else new_id(),
        "type": new.contract.type,
        "source": f"/jishi/{new.contract.source()}",
        "subject": subject,
        "time": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": f"/asyncapi.json#/components/schemas/{new.contract.type}",
        "sequence": sequence,
        "data": new.contract.encode(new.data),
    }
    extensions = {
        "correlationid": correlationid,
        "causationid": causationid,
        "actor": actor,
        "traceparent": traceparent,
    }
    envelope.update({name: value for name, value in extensions.items() if value})
    if new.anonymous:
        envelope["anonymous"] = True
    return envelope


def to_bytes(envelope: Mapping[str, Any]) -> bytes:
    """The envelope as it travels."""
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def parse(body: bytes) -> Event:
    """The event that ``body`` carries, checked against the envelope and its contract.

    Raises ``Permanent`` with the reasons ``too_large``, ``not_json``, ``not_an_event``,
    ``unknown_type`` or ``contract_broken``; never with a value taken from the body.
    """
    if len(body) > MOST_BYTES:
        raise Permanent("too_large", f"{len(body)} bytes, at most {MOST_BYTES}")
    try:
        wire = decode(body)
    except (ValueError, RecursionError):
        raise Permanent("not_json") from None
    if not isinstance(wire, dict):
        raise Permanent("not_an_event", "a JSON object is expected")
    event = from_wire(wire)
    if b"\\u" in body and not writable(wire["data"]):
        raise Permanent("not_an_event", "data")
    return event


def from_wire(wire: Mapping[str, Any]) -> Event:
    """As ``parse``, from JSON values."""
    missing = [name for name in _REQUIRED if name not in wire]
    if missing:
        raise Permanent("not_an_event", f"missing {', '.join(missing)}")
    if wire["specversion"] != SPEC_VERSION:
        raise Permanent("not_an_event", "specversion is not 1.0")
    for name in ("id", "type", "source", "subject"):
        if not _is_text(wire[name]) or not wire[name]:
            raise Permanent("not_an_event", f"{name} is not a text of 1 to 255 characters")
    contract = EventContract.registry.get(wire["type"])
    if contract is None:
        raise Permanent("unknown_type")
    sequence = wire.get("sequence", 0)
    if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < 0:
        raise Permanent("not_an_event", "sequence is not a whole number")
    if not isinstance(wire.get("anonymous", False), bool):
        raise Permanent("not_an_event", "anonymous is not true or false")
    return Event(
        id=wire["id"],
        type=wire["type"],
        source=wire["source"],
        subject=wire["subject"],
        time=_instant(wire["time"]),
        data=contract.decode(wire["data"]),
        sequence=sequence,
        correlationid=_extension(wire, "correlationid"),
        causationid=_extension(wire, "causationid"),
        actor=_extension(wire, "actor"),
        traceparent=_extension(wire, "traceparent"),
        anonymous=wire.get("anonymous", False),
        wire=wire,
    )


def _instant(value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Permanent("not_an_event", "time is not RFC 3339") from None
    if instant.tzinfo is None:
        raise Permanent("not_an_event", "time has no offset")
    return instant.astimezone(UTC)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 255 and (value.isascii() or writable(value))


def _extension(wire: Mapping[str, Any], name: str) -> str | None:
    value = wire.get(name)
    if value is not None and not _is_text(value):
        raise Permanent("not_an_event", f"{name} is not a text of at most 255 characters")
    return value
