"""From an HTTP request to the request of a call: gather, convert, check. The service checks again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from gateway.refusals import Malformed
from gateway.request import Request
from gateway.routing import Route
from services.chassis.errors import Invalid

_WHOLE = re.compile(r"-?\d{1,15}")
_ETAG = re.compile(r'(?:W/)?"(\d{1,15})"')
_SPOKEN = {"true": True, "false": False}


def gathered(route: Route, request: Request) -> dict[str, Any]:
    """What the client asks, as JSON values that fit the route's form.

    Raises ``Invalid`` with the messages by field, or ``Malformed`` where it cannot be read at all. A field
    that the path or a header gives is not taken from anywhere else.
    """
    wrong: dict[str, Any] = {}
    sent = from_query(route, request, wrong) if route.reads else request.json()
    wrong |= {name: ["field.unknown"] for name in sent if name not in route.client_fields}
    asked = {name: value for name, value in sent.items() if name not in wrong}
    declared = route.declared
    asked.update({name: _typed(declared.get(name), [value]) for name, value in request.path_values.items()})
    for name, header in route.headers.items():
        asked[name] = request.header(header)
    if route.expects is not None:
        version = expected_version(request)
        if version is not None:
            asked[route.expects] = version
    check(route.form, asked, wrong)
    return asked


def check(form: type[Schema], asked: Mapping[str, Any], wrong: Mapping[str, Any] | None = None) -> None:
    """Raise ``Invalid`` with the messages by field unless ``asked`` fits ``form`` and nothing was ``wrong``.

    What was found wrong before is told together with the rest, so that a form is mended in one go.
    """
    messages = {**(wrong or {})}
    try:
        _checker(form).load(asked)
    except ValidationError as refused:
        messages = {**refused.messages_dict, **messages}
    if messages:
        raise Invalid("request.invalid", fields=messages)


def from_query(route: Route, request: Request, wrong: dict[str, Any]) -> dict[str, Any]:
    """The query's values in the types of the form's fields. What has no such form stays text, and is refused
    by the schema; what is given more often than it may be is added to ``wrong``."""
    declared = route.declared
    given = {
        name: values
        for name, values in request.query.items()
        if values != [""]  # ?cursor= is how a form leaves a field out
    }
    for name, values in given.items():
        if len(values) > 1 and not isinstance(declared.get(name), fields.List):
            wrong[name] = ["field.repeated"]
    return {name: _typed(declared.get(name), values) for name, values in given.items()}


def expected_version(request: Request) -> int | None:
    """The version that ``If-Match`` names; ``None`` where there is none or any will do."""
    tag = request.header("If-Match")
    if tag is None or tag.strip() == "*":
        return None
    found = _ETAG.fullmatch(tag.strip())
    if found is None:
        raise Malformed("if_match.invalid")
    return int(found.group(1))


def _typed(field: Any, values: list[str]) -> Any:
    if isinstance(field, fields.List):
        return [each for value in values for each in value.split(",")]
    value = values[0]
    if isinstance(field, fields.Integer) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(field, fields.Boolean):
        return _SPOKEN.get(value, value)
    return value


@cache  # one entry per schema of the fixed route table
def _checker(form: type[Schema]) -> Schema:
    """The schema, made once: making one costs more than checking with it."""
    return form(unknown=RAISE)
