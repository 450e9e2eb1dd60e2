"""Where in a request something is wrong, by the names that whoever sent it gave. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

_OF_AN_ENTRY = frozenset({"key", "value"})


def placed(schema: Schema, messages: Mapping[Any, Any]) -> dict[Any, Any]:
    """The messages of a ``ValidationError`` of ``schema``, those about an entry of a mapping at the entry.

    marshmallow says ``{"grades": {"duty": {"value": […]}}}``, and no form has a field ``grades.duty.value``.
    Of an entry whose key is wrong that alone is told.
    """
    known = {field.data_key or name: field for name, field in schema.load_fields.items()}
    return {name: _at(known.get(name), said) for name, said in messages.items()}


def _at(field: Any, messages: Any) -> Any:
    if not isinstance(messages, Mapping):
        return messages
    if isinstance(field, fields.Mapping):
        return {key: _entry(field, said) for key, said in messages.items()}
    if isinstance(field, fields.List):
        return {index: _at(field.inner, said) for index, said in messages.items()}
    if isinstance(field, fields.Nested):
        if not field.many:
            return placed(field.schema, messages)
        return {
            index: placed(field.schema, said) if isinstance(said, Mapping) else said
            for index, said in messages.items()
        }
    return dict(messages)


def _entry(field: Any, messages: Any) -> Any:
    if not isinstance(messages, Mapping) or not _OF_AN_ENTRY.issuperset(messages):
        return messages
    return messages["key"] if "key" in messages else _at(field.value_field, messages["value"])
