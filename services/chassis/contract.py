"""What a published event is: a type with a schema, declared once by the service that owns it."""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Literal

from marshmallow import Schema, ValidationError

from services.chassis.errors import Permanent

_TYPE = re.compile(r"\A(?P<source>[a-z]+)\.(?P<name>[a-z_]+(?:\.[a-z_]+)+)\.v(?P<version>[1-9]\d*)\Z")


class EventContract(Schema):
    """Base of every event's schema: subclasses are the contract, fields are its ``data``.

    Give each subclass a ``type`` such as ``records.activity.approved.v1`` and a docstring: both are
    published in AsyncAPI. Within a version a change may only add optional fields, so readers ignore
    what they do not know.
    """

    type: ClassVar[str]
    answers_on: ClassVar[str | None] = None
    registry: ClassVar[dict[str, builtins.type[EventContract]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "type" not in cls.__dict__:
            return  # a base that only shares fields
        if not _TYPE.match(cls.type):
            raise TypeError(f"{cls.__name__}.type is not <source>.<aggregate>.<happened>.v<n>: {cls.type}")
        if cls.type in cls.registry and cls.registry[cls.type].__module__ != cls.__module__:
            raise TypeError(f"two contracts claim {cls.type}")
        cls.registry[cls.type] = cls

    @classmethod
    def source(cls) -> str:
        """The service that owns the event: ``records`` of ``records.activity.approved.v1``."""
        return cls.type.split(".", 1)[0]

    @classmethod
    def routing_key(cls) -> str:
        """The type less its service and version: ``activity.approved``."""
        return cls.type.split(".", 1)[1].rsplit(".", 1)[0]

    @classmethod
    def exchange(cls) -> str:
        """The exchange that carries it: ``records.events``, or ``answers_on`` where that is set."""
        return cls.answers_on or f"{cls.source()}.events"

    @classmethod
    def of(cls, *, anonymous: bool = False, **data: Any) -> NewEvent:
        """An occurrence of this event, still without id, time and subject.

        ``data`` holds native values (dates, datetimes); it is checked when the event is appended.
        """
        return NewEvent(contract=cls, data=data, anonymous=anonymous)

    @classmethod
    def encode(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """``data`` as JSON values; raises ``ValidationError`` if it breaks the contract."""
        unknown = set(data) - set(cls._declared_fields)
        if unknown:
            raise ValidationError({name: ["Unknown field."] for name in sorted(unknown)})
        schema = _schema(cls, "raise")
        encoded: dict[str, Any] = schema.dump(data)
        problems = schema.validate(encoded)
        if problems:
            raise ValidationError(problems)
        return encoded

    @classmethod
    def decode(cls, data: Any) -> dict[str, Any]:
        """JSON values as native ones; raises ``Permanent`` if they break the contract."""
        try:
            decoded: dict[str, Any] = _schema(cls, "exclude").load(data)
        except ValidationError as refused:
            # Names of fields and rules only: a rejected value may be somebody's phone number.
            raise Permanent("contract_broken", f"{cls.type}: {sorted(refused.messages_dict)}") from None
        return decoded


@dataclass(frozen=True)
class NewEvent:
    """What a pure model returns when something happened; the chassis makes the envelope of it.

    ``anonymous``: the envelope carries no actor, no exact time and no id that reveals one.
    """

    contract: type[EventContract]
    data: Mapping[str, Any] = field(default_factory=dict)
    anonymous: bool = False


@dataclass(frozen=True)
class Change:
    """What a pure decision returns: the whole new state and what happened."""

    state: Mapping[str, Any]
    events: Sequence[NewEvent] = field(default_factory=tuple)


@cache
def _schema(contract: type[EventContract], unknown: Literal["raise", "exclude"]) -> EventContract:
    # Making a schema costs more than using it: marshmallow copies every field.
    return contract(unknown=unknown)
