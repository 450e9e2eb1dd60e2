"""Shapes from YAML: what a file may say, and what is wrong with one that says something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from marshmallow import Schema, ValidationError, fields, post_load, validate

from services.notify.channels.answers import MEANINGS, spoken
from services.notify.channels.asking import Ask
from services.notify.channels.shape import Query, Reports, Shape, Token, Verdict

FOLDER = Path(__file__).parents[1] / "policies" / "providers"


def shipped_shape(name: str) -> Shape:
    """The shape in ``policies/providers/<name>.yaml``; raises ``ValueError`` where there is none."""
    path = FOLDER / f"{name}.yaml"
    if path.parent != FOLDER or not path.is_file():
        raise ValueError(
            f"no shape is called {name!r}; there are {sorted(p.stem for p in FOLDER.glob('*.yaml'))}"
        )
    return read_shape(yaml.safe_load(path.read_text(encoding="utf-8")))


def read_shape(raw: Any) -> Shape:
    """The shape that ``raw`` (parsed YAML) describes; raises ``ValueError`` naming what is wrong."""
    try:
        shape: Shape = _ShapeSchema().load(raw)
    except ValidationError as refused:
        raise ValueError(f"the provider's shape is not valid: {refused.messages}") from None
    return shape


class _List(fields.List[Any]):
    """Texts, as the model keeps them."""

    def __init__(self) -> None:
        super().__init__(fields.Raw())

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> Any:
        return tuple(spoken(each) for each in super()._deserialize(value, *args, **more))


class _AskSchema(Schema):
    method = fields.String(required=True, validate=validate.OneOf(("GET", "POST", "PUT")))
    url = fields.String(required=True)
    headers = fields.Dict(keys=fields.String(), values=fields.String())
    body = fields.Raw()
    encoding = fields.String(validate=validate.OneOf(("json", "form")))

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Ask:
        if given.get("encoding") == "form" and not isinstance(given.get("body"), dict):
            raise ValidationError("a form has named fields", "body")
        return Ask(**given)


class _VerdictSchema(Schema):
    path = fields.String()
    success = _List()
    codes = fields.Dict(keys=fields.Raw(), values=fields.String(validate=validate.OneOf(MEANINGS)))
    otherwise = fields.String(validate=validate.OneOf(MEANINGS))
    id = fields.String()
    refused_addresses = fields.String()

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Verdict:
        codes = {spoken(code): meaning for code, meaning in given.get("codes", {}).items()}
        return Verdict(**{**given, "codes": codes})


class _QuerySchema(Schema):
    ask = fields.Nested(_AskSchema, required=True)
    items = fields.String()
    reference = fields.String()
    id = fields.String()
    status = fields.String()
    delivered = _List()
    failed = _List()
    delivered_lists = _List()
    failed_lists = _List()

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Query:
        return Query(**given)


class _TokenSchema(Schema):
    ask = fields.Nested(_AskSchema, required=True)
    verdict = fields.Nested(_VerdictSchema, required=True)
    path = fields.String()
    seconds = fields.Float(validate=validate.Range(min=1))

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Token:
        return Token(**given)


class _ReportsSchema(Schema):
    reference = fields.String()
    status = fields.String()
    delivered = _List()
    failed = _List()
    address = fields.String()

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Reports:
        return Reports(**given)


class _ShapeSchema(Schema):
    id = fields.String(required=True)
    send = fields.Nested(_AskSchema, required=True)
    verdict = fields.Nested(_VerdictSchema, required=True)
    most_per_call = fields.Integer(strict=True, validate=validate.Range(min=1, max=1000))
    separator = fields.String()
    query = fields.Nested(_QuerySchema)
    token = fields.Nested(_TokenSchema)
    reports = fields.Nested(_ReportsSchema)
    polls = fields.Boolean()

    @post_load
    def _make(self, given: dict[str, Any], **_: Any) -> Shape:
        return Shape(**given)
