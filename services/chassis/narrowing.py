"""Two filters of the store as one: conditions on the same field become a single one where they can.

The embedded store takes an index for the fields of a filter, and none for what stands in an ``$and``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

from services.chassis.store import plain

Filter = Mapping[str, Any]
_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
_OPEN = ("$gt", "$lt")
_NOTHING = object()


def both(one: Filter, other: Filter, *, single: Collection[str] = ()) -> dict[str, Any] | None:
    """What matches both filters, whichever fields they share; None where nothing can.

    Of ``single`` fields each document has one value; of any other it may have a list of them, of which each
    condition may be met by another one.
    """
    together, apart = dict(one), dict[str, Any]()
    for name, condition in other.items():
        narrowed = _narrowed(one[name], condition, name in single) if name in one else condition
        if narrowed is _NOTHING:
            return None
        if narrowed is None:
            apart[name] = condition
        else:
            together[name] = narrowed
    return {"$and": [together, apart]} if apart else together


def _narrowed(one: Any, other: Any, single: bool) -> Any:
    """The condition that says both; ``_NOTHING`` where they exclude each other, None where none says both."""
    one, other = plain(one), plain(other)
    if _is_range(one) and _is_range(other):
        return _one_range(one, other)
    if type(one) is type(other) and one == other:
        return one
    if _is_range(one):
        one, other = other, one
    if _is_choice(one):
        if not _is_choice(other) and not _is_range(other):
            return _narrowed(other, one, single)
        return _among(one["$in"], other) if single else None
    return _valued(one, other, single)


def _valued(value: Any, condition: Any, single: bool) -> Any:
    """``value`` where it meets the condition."""
    if isinstance(value, (Mapping, list)) or value is None:
        return None
    meets = _meets(value, condition)
    if meets is None:
        return None
    if meets:
        return value
    return _NOTHING if single else None


def _among(values: list[Any], condition: Any) -> Any:
    """Those of ``values`` that meet the condition."""
    met = [(each, _meets(each, condition)) for each in values]
    if any(meets is None for _, meets in met):
        return None
    left = [each for each, meets in met if meets]
    return {"$in": left} if left else _NOTHING


def _meets(value: Any, condition: Any) -> bool | None:
    """Whether it does; None where that is not for us to say."""
    if _is_range(condition):
        if any(type(bound) is not type(value) for bound in condition.values()):
            return None
        return all(_HOLDS[name](value, bound) for name, bound in condition.items())
    if _is_choice(condition):
        return value in condition["$in"]
    return None if isinstance(condition, (Mapping, list)) or condition is None else bool(value == condition)


def _one_range(one: Filter, other: Filter) -> dict[str, Any] | None:
    """The range within both, with one bound on either side; None where the bounds are of different kinds."""
    said: dict[str, Any] = {}
    for side in (("$gt", "$gte"), ("$lt", "$lte")):
        bounds = [(name, each[name]) for each in (one, other) for name in side if name in each]
        if len({type(bound) for _, bound in bounds}) > 1:
            return None
        for name, bound in bounds:
            tighter = not said.keys() & set(side) or _is_tighter(name, bound, said, side)
            if tighter:
                said = {known: value for known, value in said.items() if known not in side} | {name: bound}
    return said


def _is_tighter(name: str, bound: Any, said: Filter, side: tuple[str, str]) -> bool:
    [(_, kept)] = [(known, said[known]) for known in side if known in said]
    return bool(_HOLDS[side[0]](bound, kept)) or (bound == kept and name in _OPEN)


def _is_range(condition: Any) -> bool:
    return isinstance(condition, Mapping) and bool(condition) and condition.keys() <= _HOLDS.keys()


def _is_choice(condition: Any) -> bool:
    return isinstance(condition, Mapping) and condition.keys() == {"$in"}
