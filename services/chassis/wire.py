"""JSON as it travels between processes: what a schema lets out, and dates as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from marshmallow import Schema, fields


def encode(value: Any) -> bytes:
    """``value`` as JSON; dates and instants as ISO 8601, decimals and enumerations as text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=plain).encode()


def decode(body: bytes) -> Any:
    """The value of a JSON text in UTF-8; raises ``ValueError`` or ``RecursionError``."""
    # Python guesses the encoding of octets, and lets half characters pass.
    return json.loads(body.decode("utf-8-sig"))


def writable(value: Any) -> bool:
    """Whether all text in a JSON value can be written: an escape such as ``\\ud800`` is half a character."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def canonical(value: Any) -> bytes:
    """``value`` as the one JSON text that equal values share."""
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=plain
    ).encode()


def plain(value: Any) -> Any:
    """A native value as a JSON one; raises ``TypeError`` for what has no such form."""
    if isinstance(value, datetime):
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def shaped(schema: Schema, value: Any) -> Any:
    """``value`` with only the fields that ``schema`` declares, nested ones included.

    Nothing that a schema does not name leaves a service, whatever a handler returns. Values stay as they
    are: dates may be native or already text.
    """
    if value is None:
        return None
    if schema.many:
        return [_shaped_one(schema, each) for each in value]
    return _shaped_one(schema, value)


def _shaped_one(schema: Schema, value: Mapping[str, Any]) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    for name, field in schema.dump_fields.items():
        if name in value:
            shape[field.data_key or name] = _shaped_value(field, value[name])
    return shape


def _shaped_value(field: fields.Field[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(field, fields.Nested):
        many = field.many or field.schema.many
        return (
            [_shaped_one(field.schema, each) for each in value] if many else _shaped_one(field.schema, value)
        )
    if isinstance(field, fields.List):
        if isinstance(field.inner, (fields.Nested, fields.List, fields.Dict)):
            return [_shaped_value(field.inner, each) for each in value]
        return value
    if isinstance(field, fields.Dict) and isinstance(field.value_field, (fields.Nested, fields.List)):
        return {name: _shaped_value(field.value_field, each) for name, each in value.items()}
    return value
