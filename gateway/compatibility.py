"""Whether a published event still is what its readers were promised: within a version only additions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SAID_ONLY = frozenset({"description", "title", "examples", "default"})


def broken(published: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """What ``current`` breaks of the ``published`` JSON Schema of an event's data, in words.

    Allowed are new optional properties, more values of an enumeration, and other descriptions. What else
    changes is a new type beside the old one.
    """
    return list(_object("data", published, current))


def _object(path: str, published: Mapping[str, Any], current: Mapping[str, Any]) -> Iterator[str]:
    before, now = published.get("properties", {}), current.get("properties", {})
    must_before, must_now = set(published.get("required", ())), set(current.get("required", ()))
    for name in sorted(set(before) - set(now)):
        yield f"{path}.{name} was published and is gone"
    for name in sorted(must_before - must_now):
        if name in now:
            yield f"{path}.{name} was always there and is optional now"
    for name in sorted(must_now - must_before):
        yield f"{path}.{name} is required now: senders of before do not give it"
    for name in sorted(set(before) & set(now)):
        yield from _value(f"{path}.{name}", before[name], now[name])


def _value(path: str, published: Mapping[str, Any], current: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted((set(published) | set(current)) - _SAID_ONLY):
        before, now = published.get(key), current.get(key)
        if before == now:
            continue
        if key == "enum" and before is not None and now is not None:
            if gone := sorted(str(each) for each in before if each not in now):
                yield f"{path} can no longer be {', '.join(gone)}"
        elif key == "items" and before is not None and now is not None:
            yield from _value(f"{path}[]", before, now)
        elif key in ("properties", "required"):
            continue
        else:
            yield f"{path} has another {key}: {before!r} became {now!r}"
    if "properties" in published or "properties" in current:
        yield from _object(path, published, current)
