"""Every error as one kind of document: RFC 9457 problem details, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields

from gateway.refusals import Refused
from gateway.request import Request
from gateway.response import Response
from services.chassis.catalogue import Catalogue
from services.chassis.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Refusal,
    Unauthenticated,
    Unavailable,
)
from services.chassis.wire import encode

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2
STATUS: Mapping[type[Refusal], int] = {
    Invalid: 422,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Gone: 410,
    Conflict: 409,
    Unavailable: 503,
}
TEXTS = Catalogue.load([Path(__file__).parent / "texts"])
_DEEPEST_FIELD = 8
_MOST_FIELDS = 100


class Problem(Schema):
    """Why a request was not done. ``code`` is stable; ``title`` and ``detail`` are for people."""

    type = fields.String(required=True, metadata={"description": "urn:jishi:problem:<code>"})
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True)
    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        data_key="fields",
        metadata={"description": "messages by the path of a field, such as attendance.3.state"},
    )
    params = fields.Dict(
        keys=fields.String(),
        metadata={
            "description": "what ``detail`` says, as values: by a rule ``rule``, ``pack`` and ``article``;"
            " ``accepted`` and its like (``least``, ``most``, ``earliest``, ``latest``) for what is taken;"
            " of ``permission.denied`` the posts in ``accepted``, and ``where`` they are held"
        },
    )
    request = fields.String(metadata={"description": "tell this id to an operator; absent where nobody may"})


def of(refusal: Refusal, request: Request) -> Response:
    """The answer to a request that was refused."""
    status, headers = _status(refusal, request)
    text = refusal.text or TEXTS.render(refusal.code, refusal.params)
    return _document(
        request,
        status=status,
        code=refusal.code,
        detail=text.get(request.language, refusal.code),
        params=refusal.params,
        messages=dict(_flattened(refusal, request.language)),
        headers=headers,
        closes=isinstance(refusal, Refused) and refusal.closes,
    )


def internal(request: Request) -> Response:
    """The answer to a request on which the platform failed: nothing of the failure is told."""
    detail = TEXTS.render("internal")[request.language]
    return _document(request, status=500, code="internal", detail=detail, messages={}, headers={})


def _status(refusal: Refusal, request: Request) -> tuple[int, dict[str, str]]:
    if isinstance(refusal, Refused):
        return refusal.status, refusal.headers
    if refusal.code == "version.stale" and request.header("If-Match") is not None:
        return 412, {}
    status = STATUS.get(type(refusal), 500)
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    elif status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return status, headers


def _document(
    request: Request,
    *,
    status: int,
    code: str,
    detail: str,
    messages: Mapping[str, list[str]],
    headers: Mapping[str, str],
    params: Mapping[str, Any] | None = None,
    closes: bool = False,
) -> Response:
    language = request.language
    document: dict[str, Any] = {
        "type": f"urn:jishi:problem:{code}",
        "status": status,
        "code": code,
        "title": TEXTS.render(f"status.{status}")[language],
        "detail": detail,
    }
    if messages:
        document["fields"] = messages
    if params:
        document["params"] = params
    if request.correlationid:
        document["request"] = request.correlationid
    return Response(
        status,
        encode(document),
        content_type=CONTENT_TYPE,
        headers=[*headers.items(), ("Content-Language", language)],
        closes=closes,
    )


def _flattened(refusal: Refusal, language: str) -> Iterator[tuple[str, list[str]]]:
    flat = _walk("", refusal.fields, 0)
    for number, (path, messages) in enumerate(flat):
        if number == _MOST_FIELDS:
            return
        yield path, [_said(path, each, refusal, language) for each in messages]


def _said(path: str, message: str, refusal: Refusal, language: str) -> str:
    """A message in the words of the service that refused: its catalogue has texts that ours lacks."""
    texts = refusal.field_texts.get(path) or refusal.field_texts.get(message)
    return texts.get(language, message) if texts else in_language(message, language)


def _walk(prefix: str, value: Any, depth: int) -> Iterator[tuple[str, list[str]]]:
    if isinstance(value, Mapping) and depth < _DEEPEST_FIELD:
        for name, below in value.items():
            # marshmallow puts what concerns a whole object under _schema.
            part = prefix if name == "_schema" else f"{prefix}.{name}" if prefix else str(name)
            yield from _walk(part, below, depth + 1)
    else:
        messages = value if isinstance(value, list) else [value]
        yield prefix, [str(each) for each in messages]


def in_language(message: str, language: str) -> str:
    """A field's message for people: by its code, or in place of one of the schema library's own sentences."""
    if message in TEXTS:
        return TEXTS.render(message)[language]
    for pattern, code in _SENTENCES:
        if found := pattern.fullmatch(message):
            return TEXTS.render(code, found.groupdict())[language]
    return message


_SENTENCES = tuple(
    (re.compile(pattern, re.DOTALL), f"field.{code}")
    for pattern, code in (
        (r"Missing data for required field\.", "required"),
        (r"Unknown field\.", "unknown"),
        (r"Field may not be null\.", "null"),
        (r"Not a valid (string|text)\.", "text"),
        (r"Not a valid integer\.", "integer"),
        (r"Not a valid (number|decimal)\.", "number"),
        (r"Not a valid boolean\.", "boolean"),
        (r"Not a valid date\.", "date"),
        (r"Not a valid (aware )?datetime\.", "instant"),
        (r"Not a valid list\.", "list"),
        (r"(Invalid input type|Invalid type|Not a valid mapping type)\.", "object"),
        (r"Must be one of: (?P<choices>.*)\.", "choice"),
        (r"String does not match expected pattern\.", "pattern"),
        (r"Length must be between (?P<least>\d+) and (?P<most>\d+)\.", "length"),
        (r"Shorter than minimum length (?P<least>\d+)\.", "shorter"),
        (r"Longer than maximum length (?P<most>\d+)\.", "longer"),
        (r"Must be greater than or equal to (?P<least>[^ ]+)\.", "least"),
        (r"Must be less than or equal to (?P<most>[^ ]+)\.", "most"),
        (
            r"Must be greater than or equal to (?P<least>[^ ]+) and less than or equal to (?P<most>[^ ]+)\.",
            "between",
        ),
        (r"Control characters are not allowed\.", "control"),
    )
)
