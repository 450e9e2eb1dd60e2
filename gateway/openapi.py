"""The HTTP interface as an OpenAPI 3.1 document, made from the routes that run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from apispec import APISpec
from marshmallow import Schema, fields

from gateway import problems
from gateway.request import MOST_BODY_BYTES
from gateway.routing import Access, Route
from gateway.shapes import a_plugin, opened, plain_json, tidied

VERSION = "1.0.0"
INTRODUCTION = """The way in for people and programs. JSON in UTF-8; dates are campus dates (2026-09-01).

Sessions: `Authorization: Bearer <token>`. Errors are `application/problem+json` (RFC 9457); `code` is stable,
the texts follow `Accept-Language` (zh, en). Lists answer `items` and `next`; ask again with `cursor=<next>`.
An answer with a `version` has it as its `ETag`: send it back in `If-Match` to change only what you saw.
Commands take an `Idempotency-Key`: repeated with the same key they are done once and answered the same; where
none was sent, the answer (a 503 included) names the one that was used.
Fields that nobody knows are refused in a request. Answers may gain fields: ignore what you do not know.
"""
_SCHEMAS = "#/components/schemas/"
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "maxLength": 128},
    "description": "repeat a command safely with the same key",
}
_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "the ETag that was read; 412 if it is another by now",
}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The document; raises ``ValueError`` where two schemas share a name."""
    spec = APISpec(
        title="Jishi 党建记实平台",
        version=VERSION,
        openapi_version="3.1.0",
        info={"description": INTRODUCTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        plugins=[a_plugin(_Names())],
    )
    spec.components.security_scheme("session", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.response(
        "Problem",
        {
            "description": "Why it was not done",
            "content": {problems.CONTENT_TYPE: {"schema": problems.Problem}},
        },
    )
    everything = list(routes)
    for tag in dict.fromkeys(route.tag for route in everything):
        spec.tag({"name": tag})
    for route in everything:
        spec.path(route.path, operations={route.method.lower(): _operation(route)})
    described: dict[str, Any] = tidied(spec.to_dict())
    _open_answers(described)
    return {"openapi": described.pop("openapi"), "info": described.pop("info"), **described}


def _open_answers(described: dict[str, Any]) -> None:
    """Leave closed only what nothing but requests hold; an answer's objects may gain properties."""
    schemas = described["components"]["schemas"]
    answers = [described["components"]["responses"]]
    answers += [each["responses"] for path in described["paths"].values() for each in path.values()]
    waiting, read = list(_schemas_of(answers)), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in read:
            read.add(name)
            waiting += _schemas_of(schemas[name])
    for name in read:
        schemas[name] = opened(schemas[name])


def _schemas_of(value: Any) -> Iterator[str]:
    """The names of the schemas that ``value`` refers to."""
    if isinstance(value, list):
        for each in value:
            yield from _schemas_of(each)
    elif isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(_SCHEMAS):
            yield reference.removeprefix(_SCHEMAS)
        for below in value.values():
            yield from _schemas_of(below)


class _Names:
    """Schemas by the names of their classes; a part of one by the name of the operation that takes it."""

    def __init__(self) -> None:
        self._taken: dict[str, type[Schema]] = {}

    def __call__(self, schema: type[Schema] | Schema) -> str:
        cls = schema if isinstance(schema, type) else type(schema)
        name = cls.__name__
        if self._taken.setdefault(name, cls) is not cls:
            raise ValueError(
                f"two schemas are named {name}: {self._taken[name].__module__}, {cls.__module__}"
            )
        return name


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": _parameters(route),
        "responses": {
            str(route.status): _answer(route),
            **{str(status): _answer(route, said) for status, said in route.otherwise.items()},
            "default": "Problem",
        },
    }
    description = " ".join(filter(None, [_first_line(route.form), _permission(route)]))
    if description:
        operation["description"] = description
    if route.access is Access.SESSION:
        operation["security"] = [{"session": []}]
    elif route.permission.startswith("by name"):
        operation["security"] = [{"session": []}, {}]
    else:
        operation["security"] = []
    body = _body(route)
    if body is not None:
        operation["requestBody"] = body
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    declared = route.declared
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": plain_json(declared.get(name))}
        for name in route.places
    ]
    for name, header in route.headers.items():
        field = declared[name]
        parameters.append(
            {"name": header, "in": "header", "required": field.required, "schema": plain_json(field)}
        )
    if route.reads:
        for name in route.client_fields:
            field = declared[name]
            parameters.append(
                {"name": name, "in": "query", "required": field.required, "schema": plain_json(field)}
            )
    else:
        parameters.append(_KEY)
    if route.expects:
        parameters.append(_MATCH)
    if route.upload:
        parameters.append({"name": "filename", "in": "query", "schema": {"type": "string"}})
    return parameters


def _body(route: Route) -> dict[str, Any] | None:
    if route.upload:
        binary = {"type": "string", "format": "binary"}
        form = {"type": "object", "properties": {"file": binary}, "required": ["file"]}
        return {
            "description": f"at most {route.upload // 1024 // 1024} MiB; a raw body needs ?filename=",
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form},
                "application/octet-stream": {"schema": binary},
            },
        }
    if route.reads or not route.client_fields:
        return None
    sent = _sent(route)
    required = any(field.required for field in sent._declared_fields.values())
    return {
        "description": f"at most {MOST_BODY_BYTES // 1024} KiB",
        "required": required,
        "content": {"application/json": {"schema": sent}},
    }


def _sent(route: Route) -> type[Schema]:
    """What of the form comes in the body: the form itself, or a part of it under a name of its own."""
    declared = route.form._declared_fields
    if len(route.client_fields) == len(declared):
        return route.form
    part: dict[str, fields.Field[Any]] = {
        name: field for name, field in declared.items() if (field.data_key or name) in route.client_fields
    }
    made: type[Schema] = type(
        f"{route.form.__name__}Body", (Schema,), {"__doc__": route.form.__doc__, **part}
    )
    return made


def _answer(route: Route, said: str = "") -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if any("version" in schema._declared_fields for schema in route.shapes):
        headers["ETag"] = {"schema": {"type": "string"}}
    if route.location is not None or route.status == 202 or (route.upload and route.status == 201):
        headers["Location"] = {"schema": {"type": "string"}}
    answer: dict[str, Any] = {
        "description": said or " Or: ".join(filter(None, map(_first_line, route.shapes))) or route.summary,
        "content": {route.media_type: {"schema": _shape(route)}},
    }
    if headers:
        answer["headers"] = headers
    return answer


def _shape(route: Route) -> Any:
    match route.shapes:
        case ():
            return {"type": "object" if route.media_type == "application/json" else "string"}
        case (only,):
            return only
        case several:
            return {"oneOf": list(several)}


def _first_line(schema: type[Schema] | None) -> str:
    if schema is None or "__doc__" not in schema.__dict__ or not schema.__doc__:
        return ""
    return " ".join(schema.__doc__.replace("``", "`").split())


def _permission(route: Route) -> str:
    if route.access is Access.PUBLIC and not route.permission:
        return "Open to everybody."
    return f"Permission: {route.permission}." if route.permission else ""
