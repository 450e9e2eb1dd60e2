"""Answers held against the published document: what a client was promised is what it gets."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


class Published:
    """Holds every answer against the published document."""

    def __init__(self, document: dict[str, Any]) -> None:
        document = _closed(document)
        self._paths = [
            (re.compile(re.sub(r"\{[a-z_]+\}", "[^/]+", path)), operations)
            for path, operations in sorted(document["paths"].items(), key=lambda each: each[0].count("{"))
        ]
        resource = Resource(contents=document, specification=DRAFT202012)
        self._registry = Registry().with_resource("urn:document", resource)
        self._problem = document["components"]["responses"]["Problem"]
        self.checked = 0
        self.broken: list[str] = []

    def watching(self, request: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
        """``request`` of a session, every answer to which is checked and its breaches kept."""

        def watched(session: requests.Session, method: str, url: str, **given: Any) -> requests.Response:
            response = request(session, method, url, **given)
            if "/api/" in url and not given.get("stream"):
                self.broken += self.breaches(method, urlsplit(url).path, response)
            return response

        return watched

    def breaches(self, method: str, path: str, response: requests.Response) -> list[str]:
        """In words, where ``response`` is not what the document says of the operation."""
        operations = next((each for pattern, each in self._paths if pattern.fullmatch(path)), {})
        answers = operations.get(method.lower(), {"responses": {}})["responses"]
        answer = answers.get(str(response.status_code), self._problem)
        kind = response.headers["Content-Type"]
        if kind not in answer["content"]:
            return [f"{method} {path}: {response.status_code} with {kind}"]
        validator = Draft202012Validator(
            _absolute(answer["content"][kind]["schema"]), registry=self._registry
        )
        self.checked += 1
        undeclared = {"Location", "ETag"} & response.headers.keys() - answer.get("headers", {}).keys()
        return [
            *(f"{method} {path}: {name} is not declared" for name in undeclared),
            *(
                f"{method} {path} {error.json_path}: {error.message[:200]}"
                for error in validator.iter_errors(response.json())
            ),
        ]


def _closed(schema: Any) -> Any:
    """Clients ignore what they do not know; we notice what leaves without having been declared."""
    if isinstance(schema, dict):
        closed = {key: _closed(value) for key, value in schema.items()}
        # A field may be named "properties" or "type" itself: an object's schema has both as schemas do.
        is_object = schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
        return {"additionalProperties": False, **closed} if is_object else closed
    return [_closed(each) for each in schema] if isinstance(schema, list) else schema


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: "urn:document" + value if key == "$ref" else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(each) for each in schema] if isinstance(schema, list) else schema
