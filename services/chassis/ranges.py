"""Ranges of days and months with both ends, as the store finds them: by bounds that lie just outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from services.chassis.store import plain

_DAY_OR_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")
_OUTSIDE = {"$gte": ("$gt", -1), "$lte": ("$lt", 1)}


def strict(filter: Mapping[str, Any]) -> dict[str, Any]:  # noqa: A002 - pymongo's name
    """The same filter with ``$gte`` and ``$lte`` of a day or month as ``$gt`` and ``$lt``.

    Where an index goes on after the field of a range, the embedded store loses what is equal to the bound
    at which its walk ends: the first day of a month in a list with the newest first. All values of such a
    field are of one form, so between a bound and its neighbour there is nothing.
    """
    return {name: _strict(name, value) for name, value in filter.items()}


def _strict(name: str, value: Any) -> Any:
    if name == "$and":
        return [strict(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    return dict(_bound(operator, operand) for operator, operand in value.items())


def _bound(operator: str, operand: Any) -> tuple[str, Any]:
    operand = plain(operand)
    if operator not in _OUTSIDE or not isinstance(operand, str) or not _DAY_OR_MONTH.fullmatch(operand):
        return operator, operand
    outside, step = _OUTSIDE[operator]
    # The neighbour need be no day itself: ``2026-12-32`` is after the 31st, ``2026-12-3/`` before the 30th.
    return outside, f"{operand[:-1]}{chr(ord(operand[-1]) + step)}"
