"""One request to a provider as data, with places to fill. No network here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

_PLACE = re.compile(r"\{([a-z][a-z_]*)\}")
_UNFIT_FOR_HEADERS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Call:
    """One HTTP request. ``repr`` shows no number and no secret: address, headers and body stay out of it."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Ask:
    """A request with places to fill: ``{address}`` and the like in every text of it."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    encoding: str = "json"

    def filled(self, values: Mapping[str, Any]) -> Call:
        """The request; raises ``KeyError`` with the name of a place that nothing fills."""
        url = _fill(
            self.url, values, lambda name, text: text if name in ("base", "folder") else quote(text, "")
        )
        headers = {
            name: _UNFIT_FOR_HEADERS.sub("", _fill(text, values)).encode().decode("latin-1")
            for name, text in self.headers.items()
        }
        if self.body is None:
            return Call(self.method, url, headers)
        body = _fill_all(self.body, values)
        if self.encoding == "form":
            pairs = {name: text if isinstance(text, str) else json.dumps(text) for name, text in body.items()}
            kind, content = "application/x-www-form-urlencoded", urlencode(pairs).encode()
        else:
            kind, content = "application/json", json.dumps(body, ensure_ascii=False).encode()
        return Call(self.method, url, {"Content-Type": kind, **headers}, content)


def _fill(
    text: str, values: Mapping[str, Any], put: Callable[[str, str], str] = lambda name, text: text
) -> str:
    return _PLACE.sub(lambda place: put(place[1], str(values[place[1]])), text)


def _fill_all(body: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(body, dict):
        return {name: _fill_all(each, values) for name, each in body.items()}
    if isinstance(body, list):
        return [_fill_all(each, values) for each in body]
    if not isinstance(body, str):
        return body
    whole = _PLACE.fullmatch(body)  # a place that is all of a text keeps the type of what fills it
    return values[whole[1]] if whole else _fill(body, values)
