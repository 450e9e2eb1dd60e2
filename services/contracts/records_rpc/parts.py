"""What requests and answers of the records service are made of: fields, pages, limits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from marshmallow import Schema, fields, validate

MOST_ITEMS = 100


class Day(fields.Date):
    """A campus date, ``2026-09-01``. Stored states hold it as ISO text, which passes as it is."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value if isinstance(value, str) else super()._serialize(value, attr, obj, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        # fromisoformat of Python 3.11 also takes 20260901 and 2026-W36-2; one form is the contract.
        if not isinstance(value, str) or len(value) != 10 or value[4] != "-" or value[7] != "-":
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        day: date = super()._deserialize(value, attr, data, **kwargs)
        return day


class Instant(fields.AwareDateTime):
    """An instant with its offset, RFC 3339. Text passes as it is."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return value


class Text(fields.String):
    """A text for people: outer blanks are cut, control characters but line ends and tabs are refused."""

    default_error_messages = {"control": "Control characters are not allowed."}

    def __init__(self, most: int, *, least: int = 1, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=least, max=most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs).strip()
        if any(
            (ord(c) < 32 and c not in "\n\r\t") or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in text
        ):
            raise self.make_error("control")
        return text


def identifier(*, required: bool = True, **kwargs: Any) -> fields.String:
    return fields.String(required=required, validate=validate.Length(min=1, max=64), **kwargs)


class Expecting(Schema):
    """A command on something that is there."""

    expected_version = fields.Integer(strict=True, allow_none=True, load_default=None)


class Listing(Schema):
    """A page of a list: ``next`` of the answer is the ``cursor`` of the following request."""

    limit = fields.Integer(strict=True, load_default=50, validate=validate.Range(min=1, max=MOST_ITEMS))
    cursor = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=400))


class Page(Schema):
    next = fields.String(required=True, allow_none=True)


class Nothing(Schema):
    """No fields."""
