"""Fields that the requests of the feedback service share."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.contracts.plain_text import readable

MOST_TEXT = 2_000


def written(most: int, description: str = "", *, required: bool = True) -> fields.String:
    """A text a person wrote, kept exactly as written; HTML is refused."""
    return fields.String(
        required=required,
        validate=[validate.Length(min=1, max=most), readable],
        metadata={"description": description or f"plain text, at most {most} characters"},
    )


def identifier(*, required: bool = True) -> fields.String:
    return fields.String(required=required, validate=validate.Length(min=1, max=64))


def expected_version() -> fields.Integer:
    return fields.Integer(
        strict=True,
        validate=validate.Range(min=1),
        metadata={"description": "refuse with a conflict unless this is still the version"},
    )


class Listed(Schema):
    """What every list takes: ``cursor`` is the ``next`` of the page before."""

    limit = fields.Integer(load_default=20, validate=validate.Range(min=1, max=100))
    cursor = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
