"""A problem document tells a person what to mend, in their language."""

from __future__ import annotations

import pytest
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from gateway.problems import TEXTS, in_language
from gateway.refusals import Refused
from gateway.routes import ROUTES
from services.chassis.errors import REFUSALS
from services.contracts.records_rpc.parts import Text

WRONG = {
    "text": 1,
    "integer": "x",
    "boolean": "maybe",
    "date": "soon",
    "choice": "c",
    "short": "",
    "long": "xxx",
    "ranged": 11,
    "least": 0,
    "list": 1,
    "nested": 1,
    "pattern": "!",
    "null": None,
    "number": "x",
    "unknown": 1,
}


class Everything(Schema):
    required = fields.String(required=True)
    text = fields.String()
    integer = fields.Integer()
    boolean = fields.Boolean()
    date = fields.Date()
    choice = fields.String(validate=validate.OneOf(("a", "b")))
    short = fields.String(validate=validate.Length(min=1))
    long = fields.String(validate=validate.Length(max=2))
    ranged = fields.Integer(validate=validate.Range(min=1, max=10))
    least = fields.Integer(validate=validate.Range(min=1))
    list = fields.List(fields.String())
    nested = fields.Nested(Schema.from_dict({"a": fields.String()}))
    pattern = fields.String(validate=validate.Regexp("[a-z]"))
    null = fields.String()
    number = fields.Decimal()


def test_every_sentence_of_the_schema_library_is_said_in_words_of_ours() -> None:
    with pytest.raises(ValidationError) as refused:
        Everything(unknown=RAISE).load(WRONG)
    messages = refused.value.messages_dict
    assert set(messages) == {*WRONG, "required"}
    for name, said in messages.items():
        flat = said["_schema"] if isinstance(said, dict) else said
        for message in flat:
            chinese = in_language(message, "zh")
            assert any("\u4e00" <= each <= "\u9fff" for each in chinese), (name, message, chinese)
            assert "{" not in chinese
            english = in_language(message, "en")
            assert english.isascii(), (name, message, english)
            assert "{" not in english
            assert not english.startswith("Not a valid"), "it does not say what is accepted"


def test_a_sentence_that_nobody_knows_is_said_as_it_is() -> None:
    assert in_language("Wholly new.", "zh") == "Wholly new."


def _messages(field: fields.Field) -> set[str]:
    """What the contract's own checks of ``field``, and of what is within, say of a wrong value."""
    inner = field.inner if isinstance(field, fields.List) else None
    own = {
        each.error for each in field.validators if isinstance(each, validate.Regexp) and "{" not in each.error
    }
    own.discard(validate.Regexp.default_message)
    if isinstance(field, Text):
        own.add(field.error_messages["control"])
    return own | (_messages(inner) if inner is not None else set())


def test_every_check_of_the_contracts_speaks_both_languages() -> None:
    forms = {form for route in ROUTES for form in (route.form, *(call.request for call in route.calls))}
    said = {each for form in forms for field in form._declared_fields.values() for each in _messages(field)}
    assert {"number.invalid", "code.invalid", "phone.invalid"} <= said
    for message in said:
        assert any("\u4e00" <= each <= "\u9fff" for each in in_language(message, "zh")), message
        assert " " in in_language(message, "en"), message


def _kinds(cls: type) -> set[type]:
    return {cls, *(each for below in cls.__subclasses__() for each in _kinds(below))}


def test_every_status_has_its_title() -> None:
    statuses = {each.status for each in _kinds(Refused)} | {401, 403, 404, 409, 410, 422, 500, 503}
    assert len(REFUSALS) == 7
    for status in statuses:
        assert f"status.{status}" in TEXTS
