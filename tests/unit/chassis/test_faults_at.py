"""What is wrong in a request is told where whoever sent it finds it."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from services.chassis.faults_at import placed


class Line(Schema):
    value = fields.Integer()
    grades = fields.Dict(
        keys=fields.String(validate=validate.Length(max=4)),
        values=fields.Integer(validate=validate.Range(max=100)),
    )


class Form(Line):
    first = fields.Nested(Line)
    lines = fields.List(fields.Nested(Line))
    more = fields.Nested(Line, many=True)
    told = fields.Dict(keys=fields.String(), values=fields.Nested(Line), data_key="said")


BIG = "Must be less than or equal to 100."


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"grades": {"duty": 101, "work": 1}}, {"grades": {"duty": [BIG]}}),
        ({"grades": {"longer": 101}}, {"grades": {"longer": ["Longer than maximum length 4."]}}),
        ({"grades": 3}, {"grades": ["Not a valid mapping type."]}),
        ({"first": {"grades": {"duty": 101}}}, {"first": {"grades": {"duty": [BIG]}}}),
        ({"lines": [{}, {"grades": {"duty": 101}}]}, {"lines": {1: {"grades": {"duty": [BIG]}}}}),
        ({"more": [{"grades": {"duty": 101}}]}, {"more": {0: {"grades": {"duty": [BIG]}}}}),
        ({"said": {"a": {"grades": {"duty": 101}}}}, {"said": {"a": {"grades": {"duty": [BIG]}}}}),
        # A field that is called so stays where it is.
        ({"first": {"value": "x"}}, {"first": {"value": ["Not a valid integer."]}}),
        ({"said": {"a": {"value": "x"}}}, {"said": {"a": {"value": ["Not a valid integer."]}}}),
        (
            {"first": 3, "other": 1},
            {"first": {"_schema": ["Invalid input type."]}, "other": ["Unknown field."]},
        ),
    ],
)
def test_a_fault_of_an_entry_stands_at_the_entry(given: dict[str, Any], at: dict[str, Any]) -> None:
    schema = Form()
    with pytest.raises(ValidationError) as wrong:
        schema.load(given)
    assert placed(schema, wrong.value.messages_dict) == at
