"""Fields that the requests of the feedback service share."""

from __future__ import annotations

import re

from marshmallow import Schema, ValidationError, fields, validate

MOST_TEXT = 2_000
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# A tag of HTML; not ``a < b``, nor 《…》 or <中文>.
_MARKUP = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>|<!(?:--|doctype)", re.IGNORECASE)


def readable(text: str) -> None:
    """Refuse what is no plain text: blanks alone, HTML, control characters, halves of a character."""
    if not text.strip():
        raise ValidationError("text.blank")
    if _UNFIT.search(text):
        raise ValidationError("text.unfit_characters")
    if _MARKUP.search(text):
        raise ValidationError("text.markup")


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
