"""What strangers may write around a message that py-amqp cannot read: it must not end the connection.

Importing this makes py-amqp's reader tolerant in the whole process: a message whose properties cannot be
decoded arrives with none but a mark, a routing key that is no text with its octets replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amqp import abstract_channel, serialization, spec

_MARK = "jishi-unreadable"  # no property of AMQP is called so
_SIZES = {"L": 8, "l": 4, "B": 2, "o": 1, "b": 1}
_decode_properties = serialization.PROPERTY_CLASSES[spec.Basic.CLASS_ID]
_loads = serialization.loads


def unreadable(properties: Mapping[str, Any]) -> bool:
    """Whether these stand for properties that could not be decoded."""
    return _MARK in properties


def _properties(buffer: bytes, offset: int) -> tuple[dict[str, Any], int]:
    try:
        decoded: tuple[dict[str, Any], int] = _decode_properties(buffer, offset)
        return decoded
    except Exception:
        # Octets that are no UTF-8, a time in milliseconds, a type nobody knows: it runs in the reader.
        return {_MARK: True}, len(buffer)


def _arguments(form: str, buffer: bytes, offset: int) -> tuple[list[Any], int]:
    try:
        decoded: tuple[list[Any], int] = _loads(form, buffer, offset)
    except UnicodeDecodeError:
        decoded = _loads(form, _in_ascii(form, buffer, offset), offset)
    return decoded


def _in_ascii(form: str, buffer: bytes, offset: int) -> bytes:
    """The arguments of a method with ``?`` for every octet of a short text that is not ASCII."""
    readable = bytearray(buffer)
    for kind in form:
        if kind != "s":
            offset += _SIZES[kind]
            continue
        start, offset = offset + 1, offset + 1 + readable[offset]
        readable[start:offset] = bytes(octet if octet < 128 else ord("?") for octet in readable[start:offset])
    return bytes(readable)


serialization.PROPERTY_CLASSES[spec.Basic.CLASS_ID] = _properties
abstract_channel.loads = _arguments
